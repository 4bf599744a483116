package sqlhost

import (
	"context"
	"errors"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// A Read is a table of the plugin and its columns that a statement reads.
type Read struct {
	Table   string
	Columns []string // sorted
}

// Reads returns the tables without a schema that a statement would read, sorted by name, with their columns. It does
// not call the plugin.
func (h *Host) Reads(ctx context.Context, sql string) ([]Read, error) {
	statements, err := Statements(sql)
	if err != nil {
		return nil, err
	}
	if len(statements) != 1 {
		return nil, errors.New("give one statement")
	}
	rows, err := h.Query(ctx, "explain "+statements[0].Text)
	if err != nil {
		return nil, err
	}
	read := h.running.read
	if err := rows.Close(); err != nil {
		return nil, err
	}
	var all []Read
	for table, columns := range read {
		r := Read{Table: table}
		for column := range columns {
			if column != "" { // no column: only the number of rows is used
				r.Columns = append(r.Columns, column)
			}
		}
		slices.Sort(r.Columns)
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Read) int { return strings.Compare(a.Table, b.Table) })
	return all, nil
}

// note records a column that a statement reads. SQLite calls the authorizer for each column, and without a column and a
// schema if only the number of rows is used.
func (s *statement) note(h *Host, action sqlite.AuthorizerActionCode, table, column, schema string) {
	s.noteColumn(action, table, column, schema)
	if schema == "" {
		schema = "main"
	}
	if action != sqlite.AuthRead || !h.owns(schema, table) {
		return
	}
	if s.read == nil {
		s.read = map[string]map[string]bool{}
	}
	if s.read[table] == nil {
		s.read[table] = map[string]bool{}
	}
	s.read[table][column] = true
}
