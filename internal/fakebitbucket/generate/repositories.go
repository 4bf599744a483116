package generate

import (
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func (g *generator) repositories(w *organization.Workspace, n, offset int) {
	var projects []*organization.Project
	for _, p := range g.org.Projects {
		if p.Workspace == w {
			projects = append(projects, p)
		}
	}
	users, groups := g.usersOf(w), g.groupsOf(w)
	made := make([]*organization.Repository, 0, n)
	for i := range n {
		r := g.repository(w, i, i+offset)
		r.Project = projects[min(g.IntN(len(projects)), g.IntN(len(projects)))]
		r.IsPrivate = r.Project.IsPrivate || i%3 != 0
		if i%10 == 9 {
			r.Parent = made[g.IntN(len(made))]
		}
		if i%3 == 1 {
			r.DefaultReviewers = reviewersAmong(users, r.UUID)
		}
		made = append(made, r)
		g.org.Repositories = append(g.org.Repositories, r)
		g.grants(r, users, groups)
	}
}

// repository returns the i-th repository of a workspace. name gives workspaces different names.
func (g *generator) repository(w *organization.Workspace, i, name int) *organization.Repository {
	created := g.ago(9 * 365)
	r := &organization.Repository{
		Workspace: w, Owner: w.Account, UUID: g.UUID(),
		Language: pick(g, languages), MainBranch: "main", HasIssues: i%6 == 0, HasWiki: i%8 == 0,
		ForkPolicy: []string{"allow_forks", "no_public_forks", "no_forks"}[g.IntN(3)],
		CreatedOn:  created, UpdatedOn: g.updated(created),
		Size: 40_000 + int64(g.ExpFloat64()*60e6),

		OverridesMergeStrategy: i%7 == 3, OverridesBranchingModel: i%5 == 2,
	}
	if w == g.org.Workspaces[0] && i%8 == 3 && i/8 < len(awkwardNames) {
		a := awkwardNames[i/8]
		r.Name, r.Slug, r.Description = a.name, a.slug, a.description
	} else {
		g.nameRepository(r, name)
	}
	switch i % 15 {
	case 4:
		r.MainBranch, r.Size, r.Language = "", 33348, "" // an empty repository
	case 8:
		r.Missing = []string{"description", "parent"}
	case 11:
		r.Missing = []string{"website"}
		r.Owner = pick(g, g.usersOf(w))
	case 13:
		r.MainBranch = "release/2.x"
	case 14:
		r.MainBranch = "master"
	}
	if i%9 == 3 || i%9 == 4 {
		signed := i%9 == 3
		r.EnforcedSignedCommits = &signed
	}
	switch i % 4 {
	case 0:
		website := ""
		r.Website = &website
	case 1:
		website := "https://" + r.Slug + ".example.com/?a=1&b=2"
		r.Website = &website
	}
	if i%50 == 6 {
		r.Size = 5<<30 + int64(g.IntN(20<<30)) // does not fit 32 bits
	}
	return r
}

// updated returns when a repository last changed. A third changed in the last weeks, and some have not changed for
// years.
func (g *generator) updated(created time.Time) time.Time {
	if g.IntN(3) > 0 {
		return g.after(created)
	}
	if recent := g.ago(21); recent.After(created) {
		return recent
	}
	return g.after(created)
}

// grants gives a few users and groups explicit permissions on a repository, but never the connected user.
func (g *generator) grants(r *organization.Repository, users []*organization.User, groups []*organization.Group) {
	seen := map[any]bool{g.org.Connected: true}
	give := func(u *organization.User, group *organization.Group, permission string) {
		if u != nil && seen[u] || group != nil && seen[group] {
			return
		}
		seen[u], seen[group] = true, true
		g.org.RepositoryGrants = append(g.org.RepositoryGrants,
			&organization.RepositoryGrant{Repository: r, User: u, Group: group, Permission: permission})
	}
	for range g.IntN(4) {
		give(pick(g, users), nil, organization.RepositoryPermissions[1+g.IntN(3)])
	}
	if len(groups) > 0 {
		for range g.IntN(3) {
			give(nil, pick(g, groups), organization.RepositoryPermissions[1+g.IntN(3)])
		}
	}
}

// connectedGrants gives the connected user direct permissions of each level on every other repository of a workspace.
func (g *generator) connectedGrants(w *organization.Workspace) {
	i := 0
	for _, r := range g.org.Repositories {
		if r.Workspace != w {
			continue
		}
		if i%2 == 0 {
			g.org.RepositoryGrants = append(g.org.RepositoryGrants, &organization.RepositoryGrant{
				Repository: r, User: g.org.Connected, Permission: organization.RepositoryPermissions[1+i/2%3],
			})
		}
		i++
	}
}
