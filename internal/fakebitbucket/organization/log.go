package organization

import "slices"

// Log returns the commits that can be reached from include but not from exclude, in the order of git log
// --date-order. Children come before their parents. Of the commits that could come next, the one with the latest date
// comes first.
func Log(include, exclude []*Commit) []*Commit {
	excluded := ancestry(exclude)
	included := ancestry(include)
	children := map[*Commit]int{} // children that are not listed yet
	for c := range included {
		for _, p := range c.Parents {
			children[p]++
		}
	}
	var next, log []*Commit
	for c := range included {
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
		if !excluded[c] {
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

// ancestry returns the given commits and all their ancestors.
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

// MergeBase returns the newest common ancestor of two commits, or nil.
func MergeBase(a, b *Commit) *Commit {
	after := ancestry([]*Commit{b})
	for _, c := range Log([]*Commit{a}, nil) {
		if after[c] {
			return c
		}
	}
	return nil
}
