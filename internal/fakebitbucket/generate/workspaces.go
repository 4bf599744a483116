package generate

import (
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func (g *generator) workspace(name, slug string) *organization.Workspace {
	created := g.now.Add(-time.Duration(11*365+g.IntN(300)) * 24 * time.Hour)
	w := &organization.Workspace{
		UUID: g.UUID(), Slug: slug, Name: name, IsPrivate: true, ForkingMode: "internal_only",
		CreatedOn: created, UpdatedOn: g.ago(300),
	}
	w.Account = &organization.User{Type: "team", UUID: w.UUID, DisplayName: name, Account: slug, CreatedOn: created}
	g.org.Workspaces = append(g.org.Workspaces, w)
	return w
}

func (g *generator) members(w *organization.Workspace, users []*organization.User) {
	for i, u := range users {
		m := &organization.Membership{Workspace: w, User: u, Permission: "member"}
		switch {
		case i%13 == 1:
			m.Permission = "owner"
		case i%11 == 4:
			m.Permission = "create-project"
		case i%17 == 6:
			m.Permission = "collaborator"
		}
		if !w.CentrallyAdministered {
			added, seen := g.after(w.CreatedOn).Truncate(time.Millisecond), g.ago(500)
			if i%9 != 3 {
				m.AddedOn = &added
			}
			if i%3 != 2 {
				m.LastAccessed = &seen
			}
		}
		g.org.Memberships = append(g.org.Memberships, m)
	}
}

func (g *generator) setRole(w *organization.Workspace, u *organization.User, permission string) {
	for _, m := range g.org.Memberships {
		if m.Workspace == w && m.User == u {
			m.Permission = permission
		}
	}
}

func (g *generator) ownedBy(w *organization.Workspace, u *organization.User) {
	g.setRole(w, u, "owner")
}

func (g *generator) plainMember(w *organization.Workspace, u *organization.User) {
	g.setRole(w, u, "member")
}

// usersOf returns the members of a workspace.
func (g *generator) usersOf(w *organization.Workspace) []*organization.User {
	var users []*organization.User
	for _, m := range g.org.Memberships {
		if m.Workspace == w {
			users = append(users, m.User)
		}
	}
	return users
}

// publicWorkspace makes a workspace that anybody can look up. The connected user does not belong to it. It is the
// personal workspace of another user.
func (g *generator) publicWorkspace() {
	owner := &organization.User{
		Type: "user", UUID: g.UUID(), AccountID: "712020:" + strings.Trim(g.UUID(), "{}"),
		DisplayName: "Silver Ermine", Nickname: "Silver Ermine", Account: "silver-ermine",
		Email: "silver-ermine@example.com", CreatedOn: g.ago(6 * 365),
	}
	g.org.Users = append(g.org.Users, owner)
	w := g.workspace("Silver Ermine", "silver-ermine")
	w.IsPrivate, w.ForkingMode, w.Account, w.UUID = false, "allow_forks", owner, owner.UUID
	g.org.Memberships = append(g.org.Memberships, &organization.Membership{Workspace: w, User: owner, Permission: "owner"})
	g.projects(w, 1)
	for _, p := range g.org.Projects {
		if p.Workspace == w {
			p.IsPrivate = false
		}
	}
	g.repositories(w, 5, 400)
	for _, r := range g.org.Repositories {
		if r.Workspace == w {
			r.IsPrivate = r.Slug == g.org.Repositories[len(g.org.Repositories)-1].Slug // the last one is hidden
			r.Owner = owner
		}
	}
	isPublic := func(r *organization.Repository) bool { return !r.IsPrivate }
	if forked := slices.IndexFunc(g.org.Repositories, isPublic); g.org.Repositories[forked].Workspace != w {
		g.org.Repositories[len(g.org.Repositories)-2].Parent = g.org.Repositories[forked] // in another workspace
	}
}
