package organization

import (
	"strings"
	"sync"
)

// An index finds things in one Organization.
type index struct {
	workspaces       map[string]*Workspace  // by slug in lower case, and by UUID
	repositories     map[string]*Repository // by full name in lower case, and by UUID
	projects         map[string]*Project    // by workspace UUID, "/" and key
	users            map[string]*User       // by UUID and account ID
	repositoriesOf   map[*Workspace][]*Repository
	projectsOf       map[*Workspace][]*Project
	groupsOf         map[*Workspace][]*Group
	membersOf        map[*Workspace][]*Membership
	membershipsOf    map[*User][]*Membership
	owners           map[*Workspace][]*User
	repositoryGrants map[*Repository][]*RepositoryGrant
	hiddenGrants     map[*Repository][]*RepositoryGrant
	projectGrants    map[*Project][]*ProjectGrant
	groupMembers     map[*Group]map[*User]bool

	effective sync.Map // *Workspace → []EffectivePermission
}

// Ready returns the organization after its last change. The index is made on first use.
func (o *Organization) Ready() *Organization {
	o.index = sync.OnceValue(func() *index { return newIndex(o) })
	return o
}

func newIndex(o *Organization) *index {
	x := &index{
		workspaces:       map[string]*Workspace{},
		repositories:     make(map[string]*Repository, 2*len(o.Repositories)),
		projects:         map[string]*Project{},
		users:            map[string]*User{},
		repositoriesOf:   map[*Workspace][]*Repository{},
		projectsOf:       map[*Workspace][]*Project{},
		groupsOf:         map[*Workspace][]*Group{},
		membersOf:        map[*Workspace][]*Membership{},
		membershipsOf:    map[*User][]*Membership{},
		owners:           map[*Workspace][]*User{},
		repositoryGrants: make(map[*Repository][]*RepositoryGrant, len(o.Repositories)),
		hiddenGrants:     map[*Repository][]*RepositoryGrant{},
		projectGrants:    map[*Project][]*ProjectGrant{},
		groupMembers:     map[*Group]map[*User]bool{},
	}
	for _, w := range o.Workspaces {
		x.workspaces[strings.ToLower(w.Slug)] = w
		x.workspaces[w.UUID] = w
	}
	for _, p := range o.Projects {
		x.projects[p.Workspace.UUID+"/"+strings.ToLower(p.Key)] = p
		x.projectsOf[p.Workspace] = append(x.projectsOf[p.Workspace], p)
	}
	for _, r := range o.Repositories {
		x.repositories[strings.ToLower(r.FullName())] = r
		x.repositories[r.UUID] = r
		x.repositoriesOf[r.Workspace] = append(x.repositoriesOf[r.Workspace], r)
	}
	for _, u := range o.Users {
		x.users[u.UUID] = u
		if u.AccountID != "" {
			x.users[u.AccountID] = u
		}
	}
	for _, g := range o.Groups {
		x.groupsOf[g.Workspace] = append(x.groupsOf[g.Workspace], g)
		x.groupMembers[g] = map[*User]bool{}
		for _, u := range g.Members {
			x.groupMembers[g][u] = true
		}
	}
	for _, m := range o.Memberships {
		x.membersOf[m.Workspace] = append(x.membersOf[m.Workspace], m)
		x.membershipsOf[m.User] = append(x.membershipsOf[m.User], m)
		if m.Permission == "owner" {
			x.owners[m.Workspace] = append(x.owners[m.Workspace], m.User)
		}
	}
	for _, g := range o.RepositoryGrants {
		x.repositoryGrants[g.Repository] = append(x.repositoryGrants[g.Repository], g)
	}
	for _, g := range o.HiddenGrants {
		x.hiddenGrants[g.Repository] = append(x.hiddenGrants[g.Repository], g)
	}
	for _, g := range o.ProjectGrants {
		x.projectGrants[g.Project] = append(x.projectGrants[g.Project], g)
	}
	return x
}

// Workspace returns the workspace with a slug, in any case, or a UUID. It returns nil if it does not exist.
func (o *Organization) Workspace(id string) *Workspace {
	return o.index().workspaces[strings.ToLower(id)]
}

// Repository returns the repository with a full name, in any case, or a UUID. It returns nil if it does not exist.
func (o *Organization) Repository(id string) *Repository {
	return o.index().repositories[strings.ToLower(id)]
}

// Project returns the project of a workspace with a key, or nil if it does not exist.
func (o *Organization) Project(w *Workspace, key string) *Project {
	return o.index().projects[w.UUID+"/"+strings.ToLower(key)]
}

// User returns the user with a UUID or an account ID, or nil if it does not exist.
func (o *Organization) User(id string) *User { return o.index().users[id] }

// RepositoriesOf returns all repositories of a workspace, in the order of listings.
func (o *Organization) RepositoriesOf(w *Workspace) []*Repository {
	return o.index().repositoriesOf[w]
}

// ProjectsOf returns all projects of a workspace, in the order of listings.
func (o *Organization) ProjectsOf(w *Workspace) []*Project { return o.index().projectsOf[w] }

// GroupsOf returns all groups of a workspace, in the order of listings.
func (o *Organization) GroupsOf(w *Workspace) []*Group { return o.index().groupsOf[w] }

// MembersOf returns the memberships in a workspace, in the order of listings.
func (o *Organization) MembersOf(w *Workspace) []*Membership { return o.index().membersOf[w] }

// MembershipsOf returns the memberships of a user, in the order in which the workspaces are listed.
func (o *Organization) MembershipsOf(u *User) []*Membership { return o.index().membershipsOf[u] }

// Membership returns a user's membership in a workspace, or nil.
func (o *Organization) Membership(w *Workspace, u *User) *Membership {
	for _, m := range o.MembershipsOf(u) {
		if m.Workspace == w {
			return m
		}
	}
	return nil
}

// Administers reports whether a user is an owner of a workspace.
func (o *Organization) Administers(w *Workspace, u *User) bool {
	m := o.Membership(w, u)
	return m != nil && m.Permission == "owner"
}

// Group returns the group of a workspace with a slug, or nil if it does not exist.
func (o *Organization) Group(w *Workspace, slug string) *Group {
	for _, g := range o.GroupsOf(w) {
		if g.Slug == slug {
			return g
		}
	}
	return nil
}
