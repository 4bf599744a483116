// Package organization is what package fakebitbucket knows about workspaces, and who may do what in them: the truth that tests
// compare answers with, and the changes that happen to it. It knows nothing of requests, answers and their form.
package organization

import (
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

	// ClosedGroups has the status with which a workspace's groups are refused.
	ClosedGroups map[*Workspace]int

	seed      uint64
	generator func(o *Organization, seed uint64, name string) Generator
	made      *sync.Map // what once has made, by kind and owner; shared by all that came of one organization
	index     func() *index
}

// New returns an organization without anything in it. What belongs to its parts is made later, by a generator whose chance
// a seed and a name decide. Ready is to be called when it is filled.
func New(seed uint64, generator func(o *Organization, seed uint64, name string) Generator) *Organization {
	return &Organization{ClosedGroups: map[*Workspace]int{}, seed: seed, generator: generator, made: new(sync.Map)}
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
	// EnforcedSignedCommits is nil where the service does not tell.
	EnforcedSignedCommits *bool
	// Missing are members that the service leaves out of this repository's JSON.
	Missing []string
}

// FullName is the slug of the workspace and the slug of the repository, with a slash between.
func (r *Repository) FullName() string { return r.Workspace.Slug + "/" + r.Slug }

// MergeStrategies are the ways in which a pull request can be merged. A repository with a setting of its own allows those that
// make no merge commit.
func (r *Repository) MergeStrategies() []string {
	if r.OverridesMergeStrategy {
		return []string{"squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward"}
	}
	return []string{"merge_commit", "squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward", "rebase_merge"}
}

// A User is an account: a person ("user"), a workspace's own account or one from before workspaces
// ("team"), or an application ("app_user").
type User struct {
	Type                           string
	UUID                           string
	AccountID                      string // "" where there is none
	DisplayName, Nickname, Account string // Account is the username, which only /user and teams show
	Email                          string
	Kind                           string // of an application: app, or repository_access_token; else ""
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
