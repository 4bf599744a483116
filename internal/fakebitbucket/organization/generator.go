package organization

import (
	"sync"
	"time"
)

// A Generator makes what belongs to something in the organization. Each has a chance of its own, which decides all that it
// makes.
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
	BranchingModel() *BranchingModel // of a project or a repository

	Watchers(r *Repository) []*User
	Downloads(r *Repository) []*Download // nil: they are switched off
	DeployKeys(r *Repository) []*DeployKey
	Webhooks(r *Repository) []*Webhook
	BranchRestrictions(r *Repository) []*BranchRestriction
	Pipelines(r *Repository) *Pipelines
	PullRequests(r *Repository) []*PullRequest
	History(r *Repository) *History // of one to which something was pushed

	SourceFiles(r *Repository, c *Commit) []*SourceFile
	Statuses(r *Repository, c *Commit) []*CommitStatus
	CommitComments(r *Repository, c *Commit) []*CommitComment
	Approvals(r *Repository, c *Commit) []Approval
	Reports(c *Commit) []*Report
}

// once is what belongs to something in the organization and is generated only when somebody asks for it, so that large
// organizations stay quick to make: the branches of a repository, say. The kind and the owner's UUID decide it, with the
// organization's seed.
func once[T any](o *Organization, kind, uuid string, generate func(Generator) T) T {
	name := kind + " " + uuid
	made, _ := o.made.LoadOrStore(name, sync.OnceValue(func() T { return generate(o.generator(o, o.seed, name)) }))
	return made.(func() T)()
}

// replace changes what once makes, from now on.
func replace[T any](o *Organization, kind, uuid string, changed T) {
	o.made.Store(kind+" "+uuid, func() T { return changed })
}
