package organization

import (
	"sync"
	"time"
)

// A Generator makes the things that belong to a part of the organization. Each has its own random source, which
// decides everything that it makes.
type Generator interface {
	UUID() string
	Hash() string
	// Commit makes a commit on top of another.
	Commit(at time.Time, message string, parent *Commit) *Commit

	EmailAddresses(u *User) []EmailAddress
	AccountSSHKeys(u *User) []*AccountSSHKey
	AccountGPGKeys(u *User) []*AccountGPGKey

	SystemKeys(w *Workspace) []string
	OIDCKeyIDs() []string
	WorkspaceWebhooks(w *Workspace) []*Webhook
	WorkspacePipelines() *WorkspacePipelines
	Snippets(w *Workspace) []*Snippet

	ProjectDeployKeys(p *Project) []*DeployKey
	ProjectDefaultReviewers(p *Project) []*User
	ProjectRestrictions() []*BranchRestriction
	BranchingModel() *BranchingModel // for a project or a repository

	Watchers(r *Repository) []*User
	Downloads(r *Repository) []*Download // nil: they are switched off
	DeployKeys(r *Repository) []*DeployKey
	Webhooks(r *Repository) []*Webhook
	BranchRestrictions(r *Repository) []*BranchRestriction
	Pipelines(r *Repository) *Pipelines
	PullRequests(r *Repository) []*PullRequest
	History(r *Repository) *History // for a repository that is not empty

	SourceFiles(r *Repository, c *Commit) []*SourceFile
	Statuses(r *Repository, c *Commit) []*CommitStatus
	CommitComments(r *Repository, c *Commit) []*CommitComment
	Approvals(r *Repository, c *Commit) []Approval
	Reports(c *Commit) []*Report
}

// once returns something that belongs to a part of the organization, such as the branches of a repository. It is
// generated on first use, so that large organizations are quick to make. The kind, the owner's UUID and the
// organization's seed decide it.
func once[T any](o *Organization, kind, uuid string, generate func(Generator) T) T {
	name := kind + " " + uuid
	made, _ := o.made.LoadOrStore(name, sync.OnceValue(func() T { return generate(o.generator(o, o.seed, name)) }))
	return made.(func() T)()
}

// replace changes the value that once returns, from now on.
func replace[T any](o *Organization, kind, uuid string, changed T) {
	o.made.Store(kind+" "+uuid, func() T { return changed })
}
