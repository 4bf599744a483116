package organization

import (
	"cmp"
	"maps"
	"slices"
)

// A File is one version of a file. Every line ever written has its own number, so that the lines that two versions
// share can be counted.
type File struct {
	Origin int   // the same for all versions, whatever their names
	Lines  []int // the numbers
}

// A Change is what happened to one file between two commits.
type Change struct {
	Status         string // added, removed, modified or renamed
	Old, New       string // its paths; "" for a missing side
	Added, Removed int    // lines
}

// Path returns the path under which the change is listed.
func (c Change) Path() string { return cmp.Or(c.New, c.Old) }

// Diff returns the changes from one commit to another, by path. If from is nil, it returns all files of the other as
// added.
func Diff(from, to *Commit, renames bool) []Change {
	var old map[string]*File
	if from != nil {
		old = from.Files
	}
	moved := map[int]string{} // the old path of each file that is gone
	if renames {
		for path, f := range old {
			if to.Files[path] == nil {
				moved[f.Origin] = path
			}
		}
	}
	var changes []Change
	for _, path := range slices.Sorted(maps.Keys(to.Files)) {
		f := to.Files[path]
		before, was := old[path], path
		if source, ok := moved[f.Origin]; ok && before == nil {
			before, was = old[source], source
			delete(moved, f.Origin)
		}
		switch {
		case before == nil:
			changes = append(changes, Change{Status: "added", New: path, Added: len(f.Lines)})
		case was != path:
			changes = append(changes, between("renamed", was, path, before, f))
		case before != f:
			changes = append(changes, between("modified", path, path, before, f))
		}
	}
	renamed := map[string]bool{}
	for _, c := range changes {
		renamed[c.Old] = c.Status == "renamed"
	}
	for path, f := range old {
		if to.Files[path] == nil && !renamed[path] {
			changes = append(changes, Change{Status: "removed", Old: path, Removed: len(f.Lines)})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path(), b.Path()) })
	return changes
}

func between(status, was, is string, old, changed *File) Change {
	return Change{status, was, is, len(without(changed.Lines, old.Lines)), len(without(old.Lines, changed.Lines))}
}

// without returns the lines that are not among others.
func without(lines, others []int) []int {
	among := map[int]bool{}
	for _, l := range others {
		among[l] = true
	}
	return slices.DeleteFunc(slices.Clone(lines), func(l int) bool { return among[l] })
}

// Changes returns the changes of a commit since its first parent. The service does the same for merges.
func (c *Commit) Changes() []Change {
	if len(c.Parents) == 0 {
		return Diff(nil, c, true)
	}
	return Diff(c.Parents[0], c, true)
}

// Merged returns the files of a commit with the changes of another since the base of both. Where both added lines at
// one place, all are kept: there are no conflicts here.
func Merged(base, ours, theirs *Commit) map[string]*File {
	files := maps.Clone(ours.Files)
	for path, f := range theirs.Files {
		before, mine := base.Files[path], ours.Files[path]
		switch {
		case f == before: // unchanged there
		case mine == nil && before == nil, mine == before:
			files[path] = f
		case mine != nil && mine != f:
			kept := mine.Lines
			added := without(f.Lines, mine.Lines)
			if before != nil {
				kept = without(kept, without(before.Lines, f.Lines))
				added = without(added, before.Lines)
			}
			files[path] = &File{mine.Origin, slices.Concat(kept, added)}
		}
	}
	for path, f := range base.Files {
		if theirs.Files[path] == nil && ours.Files[path] == f {
			delete(files, path)
		}
	}
	return files
}
