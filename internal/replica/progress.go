package replica

import (
	"maps"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A runState is what a run needs to know of the last one.
type runState struct {
	Tables       map[string]tableState `json:"tables"`
	Repositories map[string]repository `json:"repositories"` // by uuid
}

// A tableState is how far the copy of a table is.
type tableState struct {
	Mark   string    `json:"mark"`    // see [Spec.mark]
	ReadAt time.Time `json:"read_at"` // start of the run that last read it
	FullAt time.Time `json:"full_at"` // start of the run that last read all of it
	Sum    uint64    `json:"sum"`     // over the rows of a table on which others depend
}

// A repository is what tells whether something in a repository may have changed.
type repository struct {
	FullName  string    `json:"full_name"`
	Name      string    `json:"name"`
	UpdatedOn time.Time `json:"updated_on"`
	Parent    string    `json:"parent,omitempty"`     // uuid of the repository that it was forked from
	IsPartial bool      `json:"is_partial,omitempty"` // something in it could not be read
	Access    uint64    `json:"access"`               // a sum over the permissions of all users; 0 if they were not read
}

// A runProgress is how far a run is that was not published yet.
type runProgress struct {
	Run       Run                  `json:"run"`
	Mark      string               `json:"mark"`                // of what is copied
	Full      []string             `json:"full"`                // tables that are read completely
	Batches   []string             `json:"batches"`             // names of the staged batches
	Scanned   int64                `json:"scanned"`             // rows
	Sums      map[string]uint64    `json:"sums,omitempty"`      // over the rows of tables on which others depend
	Main      map[string]string    `json:"main,omitempty"`      // head of the main branch, by the repository's uuid
	Moved     []head               `json:"moved,omitempty"`     // heads of branches and tags that have moved
	Parents   []parent             `json:"parents,omitempty"`   // parents that have changed
	Skipped   []skip               `json:"skipped,omitempty"`   // what could not be read
	Omissions []bitbucket.Omission `json:"omissions,omitempty"` // what was left out
	// Repositories are those that there were when the run began, by uuid.
	Repositories map[string]repository `json:"repositories"`
}

// A head is the newest commit of a branch or a tag that has moved.
type head struct {
	Repository string `json:"repository"` // uuid
	Hash       string `json:"hash"`
	Before     string `json:"before,omitempty"` // its hash before; empty if it is new
}

// A parent is a row whose children may have changed.
type parent struct {
	Table      string `json:"table"`
	Repository string `json:"repository"` // uuid
	ID         string `json:"id"`         // value of the column that its children name
	// IsKnown says that the parent is read again in any case, so that it does not show a change in the repository.
	IsKnown bool `json:"is_known,omitempty"`
}

// A skip is a part of a table that could not be read: its earlier rows are kept.
type skip struct {
	Table      string `json:"table"`
	Repository string `json:"repository,omitempty"` // uuid; empty if it is about more than one repository
	Workspace  string `json:"workspace,omitempty"`  // slug; empty if it is about all workspaces
}

// clone returns a copy whose lists can be appended to.
func (p runProgress) clone() runProgress {
	p.Batches, p.Moved, p.Parents = slices.Clip(p.Batches), slices.Clip(p.Moved), slices.Clip(p.Parents)
	p.Main, p.Sums = maps.Clone(p.Main), maps.Clone(p.Sums)
	p.Skipped, p.Omissions = slices.Clip(p.Skipped), slices.Clip(p.Omissions)
	return p
}
