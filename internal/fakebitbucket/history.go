package fakebitbucket

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Commit is a commit as Git has it. A fork shares the commits that it began with.
type Commit struct {
	Hash              string    // 40 hexadecimal digits
	Parents           []*Commit // none of the first, two of a merge
	Author, Committer Signature
	Date              time.Time // not always later than the parents': who rebases keeps the date
	Message           string
	Files             map[string]*File // all files, by path
}

// A Signature is who made a commit or a tag, as Git has it, with the account that the e-mail address belongs to.
type Signature struct {
	Raw  string // "name <e-mail>", or a name alone
	User *User  // nil if the address is nobody's
}

// A Branch is a branch and the commit at its head.
type Branch struct {
	Name                 string
	Target               *Commit
	DefaultMergeStrategy string
}

// A Tag is a tag. A lightweight one is a name and nothing else.
type Tag struct {
	Name    string
	Target  *Commit
	Message string
	Date    *time.Time
	Tagger  *Signature
}

// A history is the commits of a repository and the names that they have.
type history struct {
	branches []*Branch // by name
	tags     []*Tag    // by name
	commits  []*Commit // that a branch or a tag leads to, as log orders them
	known    map[string]*Commit
}

// newHistory puts branches and tags in order, and remembers the other commits that are known, too: what no branch leads to
// any more can still be asked for.
func newHistory(branches []*Branch, tags []*Tag, known ...*Commit) *history {
	h := &history{branches: branches, tags: tags, known: map[string]*Commit{}}
	slices.SortFunc(h.branches, func(a, b *Branch) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(h.tags, func(a, b *Tag) int { return cmp.Compare(a.Name, b.Name) })
	var heads []*Commit
	for _, b := range branches {
		heads = append(heads, b.Target)
	}
	for _, t := range tags {
		heads = append(heads, t.Target)
	}
	h.commits = logOf(heads, nil)
	for _, c := range slices.Concat(known, h.commits) {
		h.known[c.Hash] = c
	}
	return h
}

// history is made when somebody asks for it. A repository to which nothing was pushed has none.
func (o *Organization) history(r *Repository) *history {
	if r.MainBranch == "" {
		return newHistory(nil, nil)
	}
	return once(o, "history", r.UUID, func(g *generator) *history {
		h := g.history(r)
		if r.Parent == nil || r.Parent.MainBranch == "" { // another has its parent's files
			h.strew(g)
		}
		return h
	})
}

// Commits are all commits of a repository that a branch or a tag leads to, newest first.
func (o *Organization) Commits(r *Repository) []*Commit { return o.history(r).commits }

// Branches are the branches of a repository, by name.
func (o *Organization) Branches(r *Repository) []*Branch { return o.history(r).branches }

// Tags are the tags of a repository, by name.
func (o *Organization) Tags(r *Repository) []*Tag { return o.history(r).tags }

// Branch finds a branch by name. It is nil if there is none.
func (o *Organization) Branch(r *Repository, name string) *Branch {
	for _, b := range o.Branches(r) {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// Head is the newest commit of the main branch, or nil in an empty repository.
func (o *Organization) Head(r *Repository) *Commit {
	if b := o.Branch(r, r.MainBranch); b != nil {
		return b.Target
	}
	return nil
}

// Commit finds a commit by its hash, or the first seven digits of it or more. It is nil if there is none.
func (o *Organization) Commit(r *Repository, hash string) *Commit {
	h := o.history(r)
	if len(hash) == 40 || len(hash) < 7 {
		return h.known[hash]
	}
	for _, c := range h.commits {
		if strings.HasPrefix(c.Hash, hash) {
			return c
		}
	}
	return nil
}

// Revision finds a commit by the name of a branch or a tag, or by its hash. It is nil if there is none.
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

// Log are the commits from which some lead back, without those to which others lead, newest first.
func (o *Organization) Log(include, exclude []*Commit) []*Commit { return logOf(include, exclude) }

// logOf lists commits as git log --date-order does: children before their parents, and of those that could come next the
// one with the latest date.
func logOf(include, exclude []*Commit) []*Commit {
	without := ancestry(exclude)
	within := ancestry(include)
	children := map[*Commit]int{} // that are still to come
	for c := range within {
		for _, p := range c.Parents {
			children[p]++
		}
	}
	var next, log []*Commit
	for c := range within {
		if children[c] == 0 {
			next = append(next, c)
		}
	}
	for len(next) > 0 {
		newest := 0
		for i, c := range next {
			if order := c.Date.Compare(next[newest].Date); order > 0 || order == 0 && c.Hash < next[newest].Hash {
				newest = i
			}
		}
		c := next[newest]
		next = slices.Delete(next, newest, newest+1)
		if !without[c] {
			log = append(log, c)
		}
		for _, p := range c.Parents {
			if children[p]--; children[p] == 0 {
				next = append(next, p)
			}
		}
	}
	return log
}

// ancestry is the commits and all that came before them.
func ancestry(of []*Commit) map[*Commit]bool {
	seen := map[*Commit]bool{}
	for queue := slices.Clone(of); len(queue) > 0; {
		c := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !seen[c] {
			seen[c] = true
			queue = append(queue, c.Parents...)
		}
	}
	return seen
}

// MergeBase is the newest commit from which both came, or nil.
func (o *Organization) MergeBase(a, b *Commit) *Commit {
	after := ancestry([]*Commit{b})
	for _, c := range logOf([]*Commit{a}, nil) {
		if after[c] {
			return c
		}
	}
	return nil
}

// Touches tells whether a commit changed a file, or one below a directory. A merge did if it differs from all its parents.
func (c *Commit) Touches(path string) bool {
	if len(c.Parents) == 0 {
		return differs(nil, c.Files, path)
	}
	for _, p := range c.Parents {
		if !differs(p.Files, c.Files, path) {
			return false
		}
	}
	return true
}

func differs(a, b map[string]*File, path string) bool {
	below := strings.TrimSuffix(path, "/") + "/"
	for _, pair := range [][2]map[string]*File{{a, b}, {b, a}} {
		for name, f := range pair[0] {
			if (name == path || strings.HasPrefix(name, below)) && pair[1][name] != f {
				return true
			}
		}
	}
	return false
}

// naturalKey is what text is sorted by where numbers in it count by their value: v9 before v10.
func naturalKey(s string) string {
	return numbers.ReplaceAllStringFunc(s, func(n string) string {
		return strings.Repeat("0", max(0, 20-len(n))) + n
	})
}

var numbers = regexp.MustCompile(`[0-9]+`)

// Push puts commits on top of a branch, the oldest first, and returns them. If there is no such branch it begins at the
// head of the main one. What a commit lacks is made up.
func (s *Server) Push(fullName, branch string, commits ...Commit) []*Commit {
	o := s.Organization()
	r := must(o.Repository(fullName), "repository", fullName)
	h := o.history(r)
	b := o.Branch(r, branch)
	if b == nil {
		b = &Branch{Target: must(o.Head(r), "commit in", fullName), DefaultMergeStrategy: "merge_commit"}
	}
	w := writer{generator: &generator{Rand: seeded(o.seed, "push "+branch+" "+b.Target.Hash), now: s.now(), org: o}}
	var pushed []*Commit
	head := b.Target
	for _, c := range commits {
		made := w.commit(cmp.Or(c.Date, s.now()), cmp.Or(c.Message, "Pushed\n"), head)
		made.Hash = cmp.Or(c.Hash, made.Hash)
		made.Author, made.Committer = cmp.Or(c.Author, made.Author), cmp.Or(c.Committer, made.Committer)
		if c.Files != nil {
			made.Files = c.Files
		}
		head = made
		pushed = append(pushed, made)
	}
	h.replaceBranch(o, r, branch, &Branch{branch, head, b.DefaultMergeStrategy})
	return pushed
}

// DeleteBranch deletes a branch. Its commits can still be asked for by their hashes.
func (s *Server) DeleteBranch(fullName, branch string) {
	o := s.Organization()
	r := must(o.Repository(fullName), "repository", fullName)
	must(o.Branch(r, branch), "branch", branch)
	o.history(r).replaceBranch(o, r, branch, nil)
}

// replaceBranch makes the next history, with a branch in place of the one of that name, or without one.
func (h *history) replaceBranch(o *Organization, r *Repository, name string, changed *Branch) {
	branches := slices.DeleteFunc(slices.Clone(h.branches), func(b *Branch) bool { return b.Name == name })
	if changed != nil {
		branches = append(branches, changed)
	}
	var known []*Commit
	for _, c := range h.known {
		known = append(known, c)
	}
	replace(o, "history", r.UUID, newHistory(branches, slices.Clone(h.tags), known...))
}
