// Package replica copies tables of the plugin to a destination: all of it at first, and then what changed.
//
// A run reads batches of rows and stages them at the destination, where nobody sees them. When all batches are staged,
// it publishes them, together. A run that was stopped leaves what it staged, and the next one goes on from there.
package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// A Type is the type of a column's values.
type Type string

// The types of columns, with the Go types of their values. A missing value of any type is nil.
const (
	Text      Type = "text"      // string
	Boolean   Type = "boolean"   // bool
	Integer   Type = "integer"   // int64
	Timestamp Type = "timestamp" // time.Time, in UTC, with microseconds
	JSON      Type = "json"      // string, a JSON text
)

// A Column is a column of a copied table.
type Column struct {
	Name        string
	Type        Type
	Description string `json:",omitempty"`
}

// A Table is a table as it is copied.
type Table struct {
	Name        string
	Description string
	Columns     []Column
	Key         []string // the columns that identify a row; they are never null
	// HasHistory says that rows which ended, or have changed, are kept with their times.
	HasHistory bool
	// Ignored are columns whose change does not make a new version of a row in the history, such as the time at which a
	// key was last used.
	Ignored []string
}

// The columns that a table with a history has in addition, after its own.
const (
	ValidFrom = "valid_from" // start of the run that first saw the row like this
	ValidTo   = "valid_to"   // start of the run that no longer saw it like this; null in the table of current rows
	SeenBy    = "run_id"     // the run that first saw the row like this
)

// OmissionTable has what the runs left out: the columns of bitbucket_omission, and the run.
const OmissionTable = "bitbucket_omission"

// A Batch is rows of one table that are staged together.
type Batch struct {
	Table Table
	Rows  iter.Seq2[[]any, error] // the values of the table's columns, in their order; the slice is reused
}

// A Change says how the staged rows of a table become its current rows. The staged rows are current in any case. Of
// several staged rows with one key, the last one counts. An earlier row stays current unless
//   - a staged row has its key,
//   - IsWhole is set, or
//   - it is in one of the scopes in Replaced.
type Change struct {
	Table    Table
	IsWhole  bool
	Replaced []Scope
}

// A Scope is a set of rows: those with one of the combinations of values in the columns.
type Scope struct {
	Columns []string
	Values  [][]any
}

// A Run is one run that was published, or will be.
type Run struct {
	ID         string    `json:"id"` // its start, as in 20261130T081530Z, so that ids sort by time
	StartedAt  time.Time `json:"started_at"`
	EndedAt    time.Time `json:"ended_at"`
	IsFull     bool      `json:"is_full"`
	Connection string    `json:"connection"`
	Account    string    `json:"account"` // uuid of the connected account
	Version    string    `json:"version"` // of the plugin
	Requests   int64     `json:"requests"`
}

// Counts are the numbers of rows that publishing has written for a table.
type Counts struct {
	Rows    int64 `json:"rows"`    // current rows after the run
	Added   int64 `json:"added"`   // rows with a new key
	Changed int64 `json:"changed"` // rows with a known key and other values; those that only differ in ignored or new columns may count
	Removed int64 `json:"removed"` // rows that are no longer current
}

// A Record is what a destination keeps about the runs. The states are JSON that only the runs understand.
type Record struct {
	// Last is the last run that was published; nil if there is none.
	Last  *Run            `json:"last,omitempty"`
	State json.RawMessage `json:"state,omitempty"` // as the last run published it
	// Progress is the state of a run that has staged batches and was not published; nil if there is none.
	Progress json.RawMessage `json:"progress,omitempty"`
}

// A Destination keeps the copies of tables and the record of the runs. It is used by one goroutine.
//
// Whatever happens to the process, the machine or the network, readers see the rows of the last run that was published,
// all of them and nothing else, and a later run can go on.
type Destination interface {
	// String returns where it is, for messages. It has no password.
	fmt.Stringer
	// Open takes the destination for a run, and returns its record. If another run has it, the error is a *BusyError.
	Open(ctx context.Context) (Record, error)
	// Current returns the current rows of a table, as the last published run left them: these columns, in this order. A
	// table or a column that was never copied has no rows, or no values.
	Current(ctx context.Context, table Table, columns []string) iter.Seq2[[]any, error]
	// Stage keeps a batch and the progress together: if it returns no error, both survive. Otherwise neither is kept. The
	// progress depends on the rows: it is called for once, when all of them were read.
	Stage(ctx context.Context, b Batch, progress func() (json.RawMessage, error)) error
	// Discard drops everything that is staged, and the progress.
	Discard(ctx context.Context) error
	// Publish makes the changes visible, all of them at once or none, with the run and the state, and forgets the progress.
	Publish(ctx context.Context, run Run, changes []Change, state json.RawMessage) (map[string]Counts, error)
	// Close gives the destination back. It may be called more than once.
	Close() error
}

// A BusyError reports that another run has the destination.
type BusyError struct {
	Destination string
	Holder      string    // who has it, as in "process 4711 on build-3"
	Since       time.Time // zero if unknown
}

// Error says who has the destination.
func (e *BusyError) Error() string {
	since := ""
	if !e.Since.IsZero() {
		since = " since " + e.Since.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("another run writes to %s%s: %s. Wait until it has ended, or stop it", e.Destination, since, e.Holder)
}
