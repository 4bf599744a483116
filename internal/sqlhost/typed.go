package sqlhost

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// createTyped runs CREATE TABLE … AS, and keeps the types and the collations of the plugin's columns, which SQLite
// would lose. It returns nil for any other statement, and for a query without typed columns.
func (h *Host) createTyped(ctx context.Context, sql string) (*Rows, error) {
	tokens, err := lex(sql)
	if err != nil {
		return nil, err
	}
	create, table, query := createAs(sql, tokens)
	if query == "" {
		return nil, nil
	}
	columns, err := h.resultColumns(ctx, query)
	if err != nil || !slices.ContainsFunc(columns, func(c resultColumn) bool { return c.definition != "" }) {
		return nil, nil // the statement itself will return the error
	}
	var definitions []string
	for _, c := range columns {
		definitions = append(definitions, Quote(c.name)+" "+c.definition)
	}
	if err := h.exec(create + " (" + strings.Join(definitions, ", ") + ")"); err != nil {
		return nil, err
	}
	rows, err := h.run(ctx, "insert into "+table+" "+query, tokens)
	if err != nil {
		return nil, errors.Join(err, h.exec("drop table "+table))
	}
	return rows, nil
}

// createAs splits CREATE TABLE name AS query into the part before AS, the name, and the query. It returns an empty
// query for any other statement.
func createAs(sql string, tokens []token) (create, table, query string) {
	i := 1
	schema := ""
	if i < len(tokens) && (tokens[i].is("temp") || tokens[i].is("temporary")) {
		schema = "temp."
		i++
	}
	if len(tokens) < i+4 || !tokens[0].is("create") || !tokens[i].is("table") || tokens[i+1].is("if") {
		return "", "", ""
	}
	begin := i + 1
	for i = begin; i+2 < len(tokens) && tokens[i+1].is("."); i += 2 {
		schema = ""
	}
	if i+2 >= len(tokens) || !tokens[i+1].is("as") {
		return "", "", ""
	}
	return sql[:tokens[i].end], schema + sql[tokens[begin].begin:tokens[i].end], sql[tokens[i+2].begin:]
}

// A resultColumn is a column of a query with its declaration.
type resultColumn struct{ name, definition string }

// shape is the name of the view that is created to find the columns of a query.
const shape = "temp.sqlhost_shape"

// resultColumns returns the columns of a query without running it. The definition is empty for a column without a
// declared type.
func (h *Host) resultColumns(ctx context.Context, query string) (columns []resultColumn, err error) {
	if err := h.exec("create view " + shape + " as " + query); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.exec("drop view "+shape)) }()
	schema, view, _ := strings.Cut(shape, ".")
	rows, err := h.conn.(driver.QueryerContext).QueryContext(ctx, fmt.Sprintf("select name, type from pragma_table_info('%s', '%s')", view, schema), nil)
	if err != nil {
		return nil, cleanError(err)
	}
	defer rows.Close()
	found := make([]driver.Value, 2)
	for {
		switch err := rows.Next(found); {
		case errors.Is(err, io.EOF):
			return columns, nil
		case err != nil:
			return nil, cleanError(err)
		}
		name, _ := found[0].(string)
		declared, _ := found[1].(string)
		columns = append(columns, resultColumn{name, columnKind{declaredType(declared), declared}.definition("")})
	}
}
