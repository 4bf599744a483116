// Package organization models the workspaces of package fakebitbucket and the permissions in them. It also makes
// changes to both. Tests compare answers with it. It does not know about requests and the form of answers.
package organization

import (
	"sync"
	"time"
)

// An Organization holds all that a Server knows about workspaces and permissions. Tests compare answers with it. It
// never changes: a change makes a new one, so it can be read while the server runs.
type Organization struct {
	Workspaces       []*Workspace
	Projects         []*Project
	Repositories     []*Repository
	Users            []*User
	Groups           []*Group
	Memberships      []*Membership
	RepositoryGrants []*RepositoryGrant
	ProjectGrants    []*ProjectGrant
	// HiddenGrants give access from a source that the API does not show, such as an app installation or a role in the
	// organization's administration. They take effect, but no endpoint lists them.
	HiddenGrants []*RepositoryGrant

	// Connected is the user of the demo: by default an owner of the first workspace and a plain member of the second.
	Connected *User

	// ClosedGroups holds the status with which the groups of a workspace are refused.
	ClosedGroups map[*Workspace]int

	seed      uint64
	generator func(o *Organization, seed uint64, name string) Generator
	made      *sync.Map // the values that once made, by kind and owner; shared by all states of one organization
	index     func() *index
}

// New returns an empty organization. A generator makes the things that belong to its parts later. A seed and a name
// decide the generator's random source. Call Ready when the organization is filled.
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
	// CentrallyAdministered workspaces no longer show when members were added or last seen.
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
	Parent               *Repository // for a fork
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
	// OverridesMergeStrategy and OverridesBranchingModel are set if the repository has its own settings instead of
	// the project's.
	OverridesMergeStrategy, OverridesBranchingModel bool
	// EnforcedSignedCommits is nil if the service does not return it.
	EnforcedSignedCommits *bool
	// Missing lists the members that the service leaves out of this repository's JSON.
	Missing []string
}

// FullName returns the slugs of the workspace and the repository, separated by a slash.
func (r *Repository) FullName() string { return r.Workspace.Slug + "/" + r.Slug }

// MergeStrategies returns the ways to merge a pull request. A repository with its own setting allows those without a
// merge commit.
func (r *Repository) MergeStrategies() []string {
	if r.OverridesMergeStrategy {
		return []string{"squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward"}
	}
	return []string{"merge_commit", "squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward", "rebase_merge"}
}

// A User is an account: a person ("user"), the account of a workspace or an old team ("team"), or an application
// ("app_user").
type User struct {
	Type                           string
	UUID                           string
	AccountID                      string // "" if the user has no account ID
	DisplayName, Nickname, Account string // Account is the username, which only /user and teams show
	Email                          string
	Kind                           string // for an application: app or repository_access_token; else ""
	CreatedOn                      time.Time
	// NullAccountID makes account_id null instead of leaving it out.
	NullAccountID bool
}

// A Group is a group of users in a workspace.
type Group struct {
	Workspace  *Workspace
	Name, Slug string
	Permission string // the default for new repositories; "" is null
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
