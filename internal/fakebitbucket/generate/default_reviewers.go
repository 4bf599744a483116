package generate

import (
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// ProjectDefaultReviewers returns the default reviewers of a project. A third of the projects have no default
// reviewers.
func (g *generator) ProjectDefaultReviewers(p *organization.Project) []*organization.User {
	people := slices.DeleteFunc(g.usersOf(p.Workspace), func(u *organization.User) bool { return u.Type != "user" })
	if len(people) == 0 || g.IntN(3) == 0 {
		return nil
	}
	return reviewersAmong(people, p.UUID)
}

// reviewersAmong returns up to three users, always the same ones for the same name.
func reviewersAmong(users []*organization.User, name string) []*organization.User {
	chance := Seeded(uint64(len(users)), name)
	var picked []*organization.User
	for _, i := range chance.Perm(len(users))[:min(1+chance.IntN(3), len(users))] {
		picked = append(picked, users[i])
	}
	return picked
}
