package sqlhost

import (
	"context"
	"errors"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// A Read is a table of the plugin that a statement reads, with the columns that it reads of it.
type Read struct {
	Table   string
	Columns []string // sorted
}

// Reads returns what a statement would read of the tables without a schema, sorted by table. Nothing is asked of the plugin
// for that.
func (h *Host) Reads(ctx context.Context, sql string) ([]Read, error) {
	statements, err := Statements(sql)
	if err != nil {
		return nil, err
	}
	if len(statements) != 1 {
		return nil, errors.New("what one statement reads can be told, and no more")
	}
	rows, err := h.Query(ctx, "explain "+statements[0])
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
			if column != "" { // of a row that only counts
				r.Columns = append(r.Columns, column)
			}
		}
		slices.Sort(r.Columns)
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Read) int { return strings.Compare(a.Table, b.Table) })
	return all, nil
}

// note notes what a statement reads. The authorizer is asked for each column; where only rows count it is asked with neither
// a column nor a schema.
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
