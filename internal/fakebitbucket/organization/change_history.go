package organization

import (
	"cmp"
	"slices"
)

// Push adds commits to a branch, the oldest first, and returns them. A branch that does not exist begins at the head
// of the main branch. Fields that a commit lacks are made up.
func (c *Current) Push(fullName, branch string, commits ...Commit) []*Commit {
	o := c.Organization()
	r := Must(o.Repository(fullName), "repository", fullName)
	h := o.history(r)
	b := o.Branch(r, branch)
	if b == nil {
		b = &Branch{Target: Must(o.Head(r), "commit in", fullName), DefaultMergeStrategy: "merge_commit"}
	}
	g := o.generator(o, o.seed, "push "+branch+" "+b.Target.Hash)
	var pushed []*Commit
	head := b.Target
	for _, given := range commits {
		made := g.Commit(cmp.Or(given.Date, c.now()), cmp.Or(given.Message, "Pushed\n"), head)
		made.Hash = cmp.Or(given.Hash, made.Hash)
		made.Author, made.Committer = cmp.Or(given.Author, made.Author), cmp.Or(given.Committer, made.Committer)
		if given.Files != nil {
			made.Files = given.Files
		}
		head = made
		pushed = append(pushed, made)
	}
	h.replaceBranch(o, r, branch, &Branch{branch, head, b.DefaultMergeStrategy})
	c.touch(fullName)
	return pushed
}

// DeleteBranch deletes a branch. Its commits can still be looked up by hash.
func (c *Current) DeleteBranch(fullName, branch string) {
	o := c.Organization()
	r := Must(o.Repository(fullName), "repository", fullName)
	Must(o.Branch(r, branch), "branch", branch)
	o.history(r).replaceBranch(o, r, branch, nil)
	c.touch(fullName)
}

// touch records that a repository was changed.
func (c *Current) touch(fullName string) {
	c.ChangeRepository(fullName, func(r *Repository) { r.UpdatedOn = c.now() })
}

// replaceBranch makes the next history. It replaces the branch of that name, or removes it.
func (h *History) replaceBranch(o *Organization, r *Repository, name string, changed *Branch) {
	branches := slices.DeleteFunc(slices.Clone(h.Branches), func(b *Branch) bool { return b.Name == name })
	if changed != nil {
		branches = append(branches, changed)
	}
	var others []*Commit
	for _, commit := range h.byHash {
		others = append(others, commit)
	}
	replace(o, "history", r.UUID, NewHistory(branches, slices.Clone(h.Tags), others...))
}
