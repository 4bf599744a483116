package fakebitbucket

import "slices"

// ProjectDefaultReviewers makes the default reviewers of a project. A third of the projects has none.
func (g *generator) ProjectDefaultReviewers(p *Project) []*User {
	people := slices.DeleteFunc(g.usersOf(p.Workspace), func(u *User) bool { return u.Type != "user" })
	if len(people) == 0 || g.IntN(3) == 0 {
		return nil
	}
	return reviewersAmong(people, p.UUID)
}
