package organization

import (
	"strconv"
	"time"
)

// A DeployKey is an SSH key that may read a repository, or all repositories of a project, without being anybody's.
type DeployKey struct {
	ID                  int
	Key, Label, Comment string
	CreatedOn           time.Time
	LastUsed            *time.Time // nil: never
	Owner               *User      // who added it; nil: the service doesn't tell
}

// DeployKeys are the deploy keys of a repository.
func (o *Organization) DeployKeys(r *Repository) []*DeployKey {
	return once(o, "deploy keys", r.UUID, func(g Generator) []*DeployKey { return g.DeployKeys(r) })
}

// ProjectDeployKeys are the deploy keys of a project.
func (o *Organization) ProjectDeployKeys(p *Project) []*DeployKey {
	return once(o, "project deploy keys", p.UUID, func(g Generator) []*DeployKey { return g.ProjectDeployKeys(p) })
}

// Identifier is what an address names it by.
func (k *DeployKey) Identifier() string { return strconv.Itoa(k.ID) }
