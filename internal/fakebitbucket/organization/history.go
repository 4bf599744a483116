package organization

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Branch is a branch and the commit at its head.
type Branch struct {
	Name                 string
	Target               *Commit
	DefaultMergeStrategy string
}

// A Tag is a tag. A lightweight tag is only a name.
type Tag struct {
	Name    string
	Target  *Commit
	Message string
	Date    *time.Time
	Tagger  *Signature
}

// A History holds the commits of a repository, with its branches and tags.
type History struct {
	Branches []*Branch // by name
	Tags     []*Tag    // by name
	Commits  []*Commit // reachable from a branch or a tag, in the order of Log
	byHash   map[string]*Commit
}

// NewHistory sorts branches and tags. It also keeps other commits, which can still be looked up when no
// branch leads to them.
func NewHistory(branches []*Branch, tags []*Tag, others ...*Commit) *History {
	h := &History{Branches: branches, Tags: tags, byHash: map[string]*Commit{}}
	slices.SortFunc(h.Branches, func(a, b *Branch) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(h.Tags, func(a, b *Tag) int { return cmp.Compare(a.Name, b.Name) })
	var heads []*Commit
	for _, b := range branches {
		heads = append(heads, b.Target)
	}
	for _, t := range tags {
		heads = append(heads, t.Target)
	}
	h.Commits = Log(heads, nil)
	for _, c := range slices.Concat(others, h.Commits) {
		h.byHash[c.Hash] = c
	}
	return h
}

// history returns the history of a repository and makes it on first use. An empty repository has an empty history.
func (o *Organization) history(r *Repository) *History {
	if r.MainBranch == "" {
		return NewHistory(nil, nil)
	}
	return once(o, "history", r.UUID, func(g Generator) *History { return g.History(r) })
}

// Commits returns all commits of a repository that a branch or a tag leads to, the newest first.
func (o *Organization) Commits(r *Repository) []*Commit { return o.history(r).Commits }

// Branches returns the branches of a repository, by name.
func (o *Organization) Branches(r *Repository) []*Branch { return o.history(r).Branches }

// Tags returns the tags of a repository, by name.
func (o *Organization) Tags(r *Repository) []*Tag { return o.history(r).Tags }

// Branch returns the branch with a name, or nil if it does not exist.
func (o *Organization) Branch(r *Repository, name string) *Branch {
	for _, b := range o.Branches(r) {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// Head returns the newest commit of the main branch, or nil in an empty repository.
func (o *Organization) Head(r *Repository) *Commit {
	if b := o.Branch(r, r.MainBranch); b != nil {
		return b.Target
	}
	return nil
}

// Commit returns the commit with a hash, which may be shortened to seven digits. It returns nil if it does not exist.
func (o *Organization) Commit(r *Repository, hash string) *Commit {
	h := o.history(r)
	if len(hash) == 40 || len(hash) < 7 {
		return h.byHash[hash]
	}
	for _, c := range h.Commits {
		if strings.HasPrefix(c.Hash, hash) {
			return c
		}
	}
	return nil
}

// Revision returns the commit of a branch, a tag or a hash. It returns nil if it does not exist.
func (o *Organization) Revision(r *Repository, name string) *Commit {
	if b := o.Branch(r, name); b != nil {
		return b.Target
	}
	for _, t := range o.Tags(r) {
		if t.Name == name {
			return t.Target
		}
	}
	return o.Commit(r, name)
}
