package organization

import (
	"strconv"
	"time"
)

// A DeployKey is an SSH key that may read a repository, or all repositories of a project. It does not belong to a
// user.
type DeployKey struct {
	ID                  int
	Key, Label, Comment string
	CreatedOn           time.Time
	LastUsed            *time.Time // nil: never
	Owner               *User      // who added it; nil if the service does not return it
}

// DeployKeys returns the deploy keys of a repository.
func (o *Organization) DeployKeys(r *Repository) []*DeployKey {
	return once(o, "deploy keys", r.UUID, func(g Generator) []*DeployKey { return g.DeployKeys(r) })
}

// ProjectDeployKeys returns the deploy keys of a project.
func (o *Organization) ProjectDeployKeys(p *Project) []*DeployKey {
	return once(o, "project deploy keys", p.UUID, func(g Generator) []*DeployKey { return g.ProjectDeployKeys(p) })
}

// Identifier returns the id that addresses use.
func (k *DeployKey) Identifier() string { return strconv.Itoa(k.ID) }
