package bitbucket

import (
	"context"
	"fmt"
	"slices"
)

// A table is declared as data: its columns, the conditions that Bitbucket supports, and how its rows are read.
type table struct {
	name        string
	description string
	scopes      []string // OAuth scopes that it needs; columns may need more
	columns     []column
	keyColumns  []keyColumn
	// ids are the columns that identify a row among those with the same value in another column, for example among
	// those of the same repository; among all rows if the other column is "".
	ids        map[string]string
	copying    Copying              // the zero value if copies leave out the table
	alone      []string             // columns that only an object that was requested by itself is certain to have
	substitute func(*scan) listRows // another list that may have rows of the table, with the fields that the query reads; may be nil
	rows       func(context.Context, *scan) rowSeq
}

func (t *table) column(name string) column {
	for _, c := range t.columns {
		if c.name == name {
			return c
		}
	}
	panic(fmt.Sprintf("table %s has no column %s", t.name, name)) // a mistake in a declaration, which the tests find
}

func (t *table) hasColumn(name string) bool {
	return slices.ContainsFunc(t.columns, func(c column) bool { return c.name == name })
}
