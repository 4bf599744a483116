package generate

import (
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// ProjectDefaultReviewers makes the default reviewers of a project. A third of the projects has none.
func (g *generator) ProjectDefaultReviewers(p *organization.Project) []*organization.User {
	people := slices.DeleteFunc(g.usersOf(p.Workspace), func(u *organization.User) bool { return u.Type != "user" })
	if len(people) == 0 || g.IntN(3) == 0 {
		return nil
	}
	return reviewersAmong(people, p.UUID)
}
