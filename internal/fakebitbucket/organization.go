package fakebitbucket

import (
	"strings"
	"sync"
	"time"
)

// An Organization is everything that a Server knows about workspaces and who may do what in them: the
// truth that tests compare answers with. It never changes; a change makes a new one, so it can be read
// while the server serves.
type Organization struct {
	Workspaces       []*Workspace
	Projects         []*Project
	Repositories     []*Repository
	Users            []*User
	Groups           []*Group
	Memberships      []*Membership
	RepositoryGrants []*RepositoryGrant
	ProjectGrants    []*ProjectGrant
	// HiddenGrants are access that comes from something that the API doesn't show, such as an app installation or a role
	// given in the organization's administration. They count, and no endpoint lists them.
	HiddenGrants []*RepositoryGrant

	// Connected is the user of the demo: an owner of the first workspace, unless the options say otherwise, and a plain
	// member of the second.
	Connected *User

	groupsClosed map[*Workspace]int // the status with which a workspace's groups are refused

	seed  uint64
	now   time.Time // when the organization was generated
	made  *sync.Map // what once has made, by kind and owner; shared by all that came of one organization
	index func() *index
}

// A Workspace holds projects and repositories. Account is the team or user that owns them.
type Workspace struct {
	UUID, Slug, Name             string
	IsPrivate, IsPrivacyEnforced bool
	ForkingMode                  string
	CreatedOn, UpdatedOn         time.Time
	Account                      *User
	// CentrallyAdministered workspaces no longer say when members were added or last seen.
	CentrallyAdministered bool
}

// A Project holds repositories.
type Project struct {
	Workspace              *Workspace
	UUID, Key, Name        string
	Description            *string // may be null
	IsPrivate              bool
	HasPubliclyVisibleRepo bool // when the organization was generated
	CreatedOn, UpdatedOn   time.Time
}

// A Repository is a Git repository.
type Repository struct {
	Workspace            *Workspace
	Project              *Project
	Owner                *User
	Parent               *Repository // of a fork
	UUID, Slug, Name     string
	Description          string
	Website              *string // may be null
	Language             string  // usually ""
	MainBranch           string  // "" in an empty repository
	ForkPolicy           string
	IsPrivate            bool
	HasIssues, HasWiki   bool
	Size                 int64 // bytes
	CreatedOn, UpdatedOn time.Time
	// DefaultReviewers are proposed on every pull request of the repository.
	DefaultReviewers []*User
	// OverridesMergeStrategy and OverridesBranchingModel tell which settings of the project the repository replaces by its
	// own.
	OverridesMergeStrategy, OverridesBranchingModel bool
	// Missing are members that the service leaves out of this repository's JSON.
	Missing []string
}

// FullName is the slug of the workspace and the slug of the repository, with a slash between.
func (r *Repository) FullName() string { return r.Workspace.Slug + "/" + r.Slug }

// A User is an account: a person ("user"), a workspace's own account or one from before workspaces
// ("team"), or an application ("app_user").
type User struct {
	Type                           string
	UUID                           string
	AccountID                      string // "" where there is none
	DisplayName, Nickname, Account string // Account is the username, which only /user and teams show
	Email                          string
	CreatedOn                      time.Time
	// NullAccountID has account_id appear as null rather than not at all.
	NullAccountID bool
}

// A Group is a group of users of a workspace.
type Group struct {
	Workspace  *Workspace
	Name, Slug string
	Permission string // the default on new repositories; "" is null
	AutoAdd    bool
	Members    []*User
}

// A Membership makes a user a member of a workspace.
type Membership struct {
	Workspace    *Workspace
	User         *User
	Permission   string // owner, create-project, member or collaborator
	AddedOn      *time.Time
	LastAccessed *time.Time
}

// A RepositoryGrant gives one user or one group an explicit permission on a repository.
type RepositoryGrant struct {
	Repository *Repository
	User       *User
	Group      *Group
	Permission string // read, write, admin or none
}

// A ProjectGrant gives one user or one group an explicit permission on a project and its repositories.
type ProjectGrant struct {
	Project    *Project
	User       *User
	Group      *Group
	Permission string // read, write, create-repo, admin or none
}

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

	effective sync.Map // *Workspace → []effectivePermission
}

// ready returns the organization after its last change, with an index made on first use.
func (o *Organization) ready() *Organization {
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

// once is what belongs to something in the organization and is generated only when somebody asks for it, so that large
// organizations stay quick to make: the branches of a repository, say. The kind and the owner's UUID decide it, with the
// organization's seed.
func once[T any](o *Organization, kind, uuid string, generate func(*generator) T) T {
	made, _ := o.made.LoadOrStore(kind+" "+uuid, sync.OnceValue(func() T {
		return generate(&generator{Rand: seeded(o.seed, kind+" "+uuid), now: o.now, org: o})
	}))
	return made.(func() T)()
}

// replace changes what once makes, from now on.
func replace[T any](o *Organization, kind, uuid string, changed T) {
	o.made.Store(kind+" "+uuid, func() T { return changed })
}

// Workspace finds a workspace by slug, in any case, or by UUID. It is nil if there is none.
func (o *Organization) Workspace(id string) *Workspace {
	return o.index().workspaces[strings.ToLower(id)]
}

// Repository finds a repository by full name, in any case, or by UUID. It is nil if there is none.
func (o *Organization) Repository(id string) *Repository {
	return o.index().repositories[strings.ToLower(id)]
}

// Project finds a project of a workspace by key. It is nil if there is none.
func (o *Organization) Project(w *Workspace, key string) *Project {
	return o.index().projects[w.UUID+"/"+strings.ToLower(key)]
}

// User finds a user by UUID or account ID. It is nil if there is none.
func (o *Organization) User(id string) *User { return o.index().users[id] }

// RepositoriesOf are all repositories of a workspace, in the order in which they are listed.
func (o *Organization) RepositoriesOf(w *Workspace) []*Repository {
	return o.index().repositoriesOf[w]
}

// ProjectsOf are all projects of a workspace, in the order in which they are listed.
func (o *Organization) ProjectsOf(w *Workspace) []*Project { return o.index().projectsOf[w] }

// GroupsOf are all groups of a workspace, in the order in which they are listed.
func (o *Organization) GroupsOf(w *Workspace) []*Group { return o.index().groupsOf[w] }

// MembersOf are the memberships in a workspace, in the order in which they are listed.
func (o *Organization) MembersOf(w *Workspace) []*Membership { return o.index().membersOf[w] }

// MembershipsOf are the memberships of a user, in the order in which their workspaces are listed.
func (o *Organization) MembershipsOf(u *User) []*Membership { return o.index().membershipsOf[u] }

// Membership is a user's membership in a workspace, or nil.
func (o *Organization) Membership(w *Workspace, u *User) *Membership {
	for _, m := range o.MembershipsOf(u) {
		if m.Workspace == w {
			return m
		}
	}
	return nil
}

// Administers tells whether a user is an owner of a workspace.
func (o *Organization) Administers(w *Workspace, u *User) bool {
	m := o.Membership(w, u)
	return m != nil && m.Permission == "owner"
}
