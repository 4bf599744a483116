package bitbucket

// A Copying says how a table is copied into a warehouse: what identifies a row, and which rows a run has to read again.
type Copying struct {
	// Key are the columns that identify a row among all rows of a connection. They are never null.
	Key []string
	// Reading is how a run finds the rows that may have changed since the last one.
	Reading Reading
	// Since is the column of ReadSince, a timestamp with a condition that Bitbucket can filter by.
	Since string
	// Unfinished is a column that is null as long as a row of ReadSince may change without a change of Since; empty if
	// there is none.
	Unfinished string
	// Parent is the table of ReadChildren, and Links are the columns of this table that name the parent, with the
	// columns of the parent that have their values. The first one is the repository or the workspace.
	Parent string
	Links  []Link
	// HasHistory says that the copy keeps what a row was before: for all that gives, shows or protects access.
	HasHistory bool
	// Ignored are the columns whose changes the history leaves out.
	Ignored []string
}

// A Link is a column that names a parent, and the parent's column with the same value.
type Link struct{ Own, Parent string }

// A Reading is how a run finds the rows of a table that may have changed.
type Reading string

const (
	ReadWhole    Reading = "whole"    // each run reads the table
	ReadTouched  Reading = "touched"  // those of repositories that were touched since the last run
	ReadSince    Reading = "since"    // those that changed since the last run, by a column
	ReadChildren Reading = "children" // those of parents that changed since the last run
	ReadHeads    Reading = "heads"    // commits that lead to a branch or tag that has moved
)
