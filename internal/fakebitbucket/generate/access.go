package generate

import (
	"net/http"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A grantShare is one of several permissions that one user has, directly or through a group, on a repository or its
// project.
type grantShare struct {
	through    string // "", "group" or "another group"
	on         string // repository or project
	permission string
}

// An arrangement is the permissions of one user: a member of a group, a member without a group, or an owner.
type arrangement struct {
	who    string
	shares []grantShare
}

// arrangements lists all combinations of permissions.
var arrangements = []arrangement{
	{"member", []grantShare{{"", "repository", "write"}, {"group", "repository", "write"}}},
	{"loner", []grantShare{{"", "repository", "read"}}},
	{"member", []grantShare{{"", "repository", "admin"}, {"group", "repository", "read"}}},
	{"loner", []grantShare{{"", "project", "write"}}},
	{"member", []grantShare{{"", "repository", "read"}, {"group", "repository", "write"}}},
	{"owner", []grantShare{{"", "repository", "read"}}},
	{"member", []grantShare{{"group", "repository", "read"}, {"another group", "repository", "write"}}},
	{"loner", []grantShare{{"", "repository", "none"}}},
	{"member", []grantShare{{"", "repository", "none"}, {"group", "repository", "read"}}},
	{"loner", []grantShare{{"", "project", "create-repo"}}},
	{"member", []grantShare{{"", "project", "read"}, {"group", "repository", "write"}}},
	{"loner", []grantShare{{"", "repository", "admin"}, {"", "project", "read"}}},
	{"member", []grantShare{{"", "repository", "read"}, {"group", "project", "read"}}},
	{"owner", []grantShare{{"", "project", "admin"}, {"", "repository", "write"}}},
	{"member", []grantShare{{"", "repository", "read"}, {"", "project", "write"}, {"group", "repository", "write"}, {"another group", "repository", "read"}}},
	{"loner", []grantShare{{"", "project", "none"}}},
	{"loner", []grantShare{{"", "project", "read"}}},
	{"member", []grantShare{{"", "project", "create-repo"}, {"group", "project", "write"}}},
}

// Outsiders is the number of people who have access without belonging to a workspace.
const Outsiders = 3

// access adds all combinations of permissions, access for people outside the workspace, and access that the API does
// not show. It has its own random source, so everything else is the same with or without it.
func (g *generator) access(o Options, workspaces ...*organization.Workspace) {
	a := &accessGenerator{
		generator: &generator{Rand: Seeded(uint64(o.Seed), "access"), now: g.now, org: g.org},
		hasGrant:  map[[2]any]bool{},
	}
	for _, x := range g.org.RepositoryGrants {
		a.hasGrant[[2]any{x.Repository, holder(x.User, x.Group)}] = true
	}
	for _, x := range g.org.ProjectGrants {
		a.hasGrant[[2]any{x.Project, holder(x.User, x.Group)}] = true
	}
	var people []*organization.User
	for i := range Outsiders {
		people = append(people, a.person(len(g.org.Users)+i))
	}
	for _, w := range workspaces {
		a.nest(w)
		a.letIn(w, append(a.usersOutside(w), people...))
		if o.EveryoneReads {
			a.everyoneReads(w)
		}
	}
	g.org.Users = append(g.org.Users, people...)
	if o.PlainMember {
		home := workspaces[0]
		a.connectedGrants(home)
		if projects := a.projectsOf(home); len(projects) > 0 {
			a.give(nil, projects[len(projects)/2], g.org.Connected, nil, "admin")
		}
	}
	g.org.Ready() // the hidden grants depend on the others
	for _, w := range workspaces {
		a.hide(w, people)
	}
	if o.GroupsClosed {
		for _, w := range g.org.Workspaces {
			g.org.ClosedGroups[w] = http.StatusForbidden
		}
	}
}

// An accessGenerator gives each holder one permission on each thing.
type accessGenerator struct {
	*generator
	hasGrant map[[2]any]bool // by repository or project, and holder
}

func holder(u *organization.User, group *organization.Group) any {
	if group != nil {
		return group
	}
	return u
}

// give gives a permission on a repository or a project, unless the user or group already has one there.
func (g *accessGenerator) give(
	r *organization.Repository, p *organization.Project, u *organization.User, group *organization.Group, permission string,
) {
	var on any = p
	if r != nil {
		on = r
	}
	key := [2]any{on, holder(u, group)}
	if g.hasGrant[key] {
		return
	}
	g.hasGrant[key] = true
	if r != nil {
		g.org.RepositoryGrants = append(g.org.RepositoryGrants,
			&organization.RepositoryGrant{Repository: r, User: u, Group: group, Permission: permission})
	} else {
		g.org.ProjectGrants = append(g.org.ProjectGrants,
			&organization.ProjectGrant{Project: p, User: u, Group: group, Permission: permission})
	}
}

// nest gives users permissions through several paths at once, on every other repository.
func (g *accessGenerator) nest(w *organization.Workspace) {
	groups := g.groupsOf(w)
	if len(groups) > 2 { // one group has no members
		last := groups[len(groups)-1]
		last.Members, groups = nil, groups[:len(groups)-1]
		for i, r := range g.repositoriesOf(w) {
			if i%12 == 0 {
				g.give(r, nil, nil, last, "write")
			}
		}
	}
	if len(groups) == 0 {
		return
	}
	owners, loners := g.ownersAndLoners(w)
	for i, r := range g.repositoriesOf(w) {
		k := i % (2 * len(arrangements))
		if k >= len(arrangements) {
			continue
		}
		first := g.IntN(len(groups))
		in := map[string]*organization.Group{"group": groups[first], "another group": groups[(first+1)%len(groups)]}
		who := map[string][]*organization.User{"owner": owners, "loner": loners, "member": in["group"].Members}[arrangements[k].who]
		if free := g.free(r, who, arrangements[k].shares); len(free) > 0 {
			g.arrange(r, pick(g.generator, free), in, arrangements[k].shares)
		}
	}
}

// ownersAndLoners returns the owners of a workspace, and the members without a group. If every member has a group, it
// returns all members who are not owners. The connected user is never among them.
func (g *accessGenerator) ownersAndLoners(w *organization.Workspace) (owners, loners []*organization.User) {
	grouped := map[*organization.User]bool{}
	for _, group := range g.groupsOf(w) {
		for _, u := range group.Members {
			grouped[u] = true
		}
	}
	var others []*organization.User
	for _, m := range g.org.Memberships {
		switch {
		case m.Workspace != w || m.User == g.org.Connected:
		case m.Permission == "owner":
			owners = append(owners, m.User)
		case grouped[m.User]:
			others = append(others, m.User)
		default:
			loners = append(loners, m.User)
		}
	}
	if len(loners) == 0 {
		loners = others
	}
	return owners, loners
}

// free returns the users who do not have a direct permission yet where the shares would give one.
func (g *accessGenerator) free(r *organization.Repository, who []*organization.User, shares []grantShare) []*organization.User {
	return slices.DeleteFunc(slices.Clone(who), func(u *organization.User) bool {
		return slices.ContainsFunc(shares, func(s grantShare) bool {
			on := any(r)
			if s.on == "project" {
				on = r.Project
			}
			return u == g.org.Connected || s.through == "" && g.hasGrant[[2]any{on, u}]
		})
	})
}

// arrange gives a user several permissions at once, on a repository and its project, directly and through groups.
func (g *accessGenerator) arrange(
	r *organization.Repository, u *organization.User, in map[string]*organization.Group, shares []grantShare,
) {
	for _, s := range shares {
		to, group := u, in[s.through]
		if group != nil {
			to = nil
			if !slices.Contains(group.Members, u) {
				group.Members = append(group.Members, u)
			}
		}
		if s.on == "project" {
			g.give(nil, r.Project, to, group, s.permission)
		} else {
			g.give(r, nil, to, group, s.permission)
		}
	}
}

// letIn gives people outside a workspace access to some of its repositories.
func (g *accessGenerator) letIn(w *organization.Workspace, people []*organization.User) {
	repositories, projects, groups := g.repositoriesOf(w), g.projectsOf(w), g.groupsOf(w)
	if len(repositories) == 0 {
		return
	}
	for i, u := range people[max(0, len(people)-2*Outsiders):] {
		r := repositories[(3*i+1)%len(repositories)]
		switch {
		case i%3 == 0:
			g.give(r, nil, u, nil, []string{"write", "admin"}[i/3%2])
		case i%3 == 1:
			g.give(nil, projects[i%len(projects)], u, nil, []string{"read", "create-repo"}[i/3%2])
		case len(groups) > 0:
			groups[0].Members = append(groups[0].Members, u)
			g.give(r, nil, nil, groups[0], "write")
		}
	}
}

// everyoneReads makes a group of all members that may read every repository.
func (g *accessGenerator) everyoneReads(w *organization.Workspace) {
	everyone := &organization.Group{Workspace: w, Name: "Everyone", Slug: "everyone", AutoAdd: true, Members: g.usersOf(w)}
	g.org.Groups = append(g.org.Groups, everyone)
	for _, r := range g.repositoriesOf(w) {
		g.give(r, nil, nil, everyone, "read")
	}
}

// hide gives a few users access that the API does not show. It is higher than the access that the API shows, or not
// higher.
func (g *accessGenerator) hide(w *organization.Workspace, people []*organization.User) {
	members := g.usersOf(w)
	for i, r := range g.repositoriesOf(w) {
		if i%9 != 4 && i%9 != 7 {
			continue
		}
		permission := organization.RepositoryPermissions[1+i/9%3]
		effective := map[*organization.User]string{}
		for _, e := range g.org.EffectivePermissionsOn(r) {
			effective[e.User] = e.Permission
		}
		var candidates, partial []*organization.User // users who have access, but a lower level
		for _, u := range append(members[:len(members):len(members)], people...) {
			shown := effective[u]
			raises := !organization.AtLeast(shown, permission)
			if u == g.org.Connected || raises != (i%9 == 4) {
				continue
			}
			candidates = append(candidates, u)
			if raises && shown != "" {
				partial = append(partial, u)
			}
		}
		if len(partial) > 0 { // never if the permission is read
			candidates = partial
		}
		if len(candidates) > 0 {
			g.org.HiddenGrants = append(g.org.HiddenGrants,
				&organization.RepositoryGrant{Repository: r, User: pick(g.generator, candidates), Permission: permission})
		}
	}
}

// usersOutside returns the users who are not members of a workspace.
func (g *accessGenerator) usersOutside(w *organization.Workspace) []*organization.User {
	inside := map[*organization.User]bool{}
	for _, u := range g.usersOf(w) {
		inside[u] = true
	}
	var outside []*organization.User
	for _, u := range g.org.Users {
		if !inside[u] {
			outside = append(outside, u)
		}
	}
	return outside
}

func (g *accessGenerator) repositoriesOf(w *organization.Workspace) []*organization.Repository {
	var repositories []*organization.Repository
	for _, r := range g.org.Repositories {
		if r.Workspace == w {
			repositories = append(repositories, r)
		}
	}
	return repositories
}

func (g *accessGenerator) projectsOf(w *organization.Workspace) []*organization.Project {
	var projects []*organization.Project
	for _, p := range g.org.Projects {
		if p.Workspace == w {
			projects = append(projects, p)
		}
	}
	return projects
}
