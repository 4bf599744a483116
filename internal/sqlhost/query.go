package sqlhost

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// maxAttached is the number of databases that SQLite attaches at once in this build.
const maxAttached = 10

// Query runs one statement. It waits for the first row, and so returns most errors; [Rows.Err] returns later ones. When
// ctx ends, the statement, its scans and a wait for a row end too. If SQLite computes for a long time after the first
// row without reading a table of the plugin, it first continues to the next row.
func (h *Host) Query(ctx context.Context, sql string) (*Rows, error) {
	statements, err := Statements(sql)
	if err != nil {
		return nil, err
	}
	if len(statements) != 1 {
		return nil, fmt.Errorf("a query must be one statement, not %d", len(statements))
	}
	select {
	case <-h.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	rows, err := h.query(ctx, statements[0].Text)
	if err != nil {
		h.turn <- struct{}{}
		return nil, moved(err, statements[0].Begin)
	}
	return rows, nil
}

func (h *Host) query(ctx context.Context, sql string) (*Rows, error) {
	if h.closed {
		return nil, errors.New("the database is closed")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tokens, err := lex(sql)
	if err != nil {
		return nil, err
	}
	if sql, tokens, err = translate(sql, tokens); err != nil {
		return nil, err
	}
	rows, err := h.answer(ctx, sql, tokens)
	if err != nil {
		return nil, h.locate(ctx, sql, tokens, err)
	}
	return rows, nil
}

// answer runs a statement in SQLite's dialect.
func (h *Host) answer(ctx context.Context, sql string, tokens []token) (*Rows, error) {
	if err := h.createNamed(tokens); err != nil {
		return nil, err
	}
	if err := h.attach(tokens); err != nil {
		return nil, err
	}
	if tokens[0].is("create") {
		h.folds = h.folds || collates(tokens)
		h.lists = h.lists || enumerates(tokens)
	}
	sql, err := h.spell(ctx, sql, tokens)
	if err != nil {
		return nil, err
	}
	if typed, err := h.createTyped(ctx, sql); typed != nil || err != nil {
		return typed, err
	}
	return h.run(ctx, sql, tokens)
}

// run runs a statement without changes.
func (h *Host) run(ctx context.Context, sql string, tokens []token) (*Rows, error) {
	ctx, cancel := context.WithCancel(ctx)
	h.running = &statement{ctx: ctx, began: time.Now(), folds: h.folds || collates(tokens), lists: h.lists || enumerates(tokens), constants: constantsOf(tokens)}
	found, err := h.conn.(driver.QueryerContext).QueryContext(ctx, sql, nil)
	if err == nil && h.running.err != nil {
		err = errors.Join(h.running.err, found.Close())
	}
	if err != nil {
		err = h.running.failure(err)
		cancel()
		h.running = nil
		return nil, err
	}
	return newRows(h, found, cancel), nil
}

// failure returns the error of a statement. If a scan or a comparison failed, it returns that error, which SQLite
// doesn't pass on.
func (s *statement) failure(err error) error {
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case s.err != nil:
		return s.err
	default:
		return cleanError(err)
	}
}

// attach attaches the connections that a statement names as SQLite schemas, up to SQLite's limit. Other connections
// stay attached while there is room, because a view may name them.
func (h *Host) attach(tokens []token) error {
	named := qualifiers(tokens)
	named = slices.DeleteFunc(named, func(name string) bool { return h.schemas[name] == nil })
	if len(named) > maxAttached {
		return fmt.Errorf("a statement can name at most %d connections; this one names %d: %s",
			maxAttached, len(named), strings.Join(named, ", "))
	}
	for _, name := range named {
		if i := slices.Index(h.attached, name); i >= 0 {
			h.attached = slices.Delete(h.attached, i, i+1)
		} else if err := h.attachNew(name, named); err != nil {
			return err
		}
		h.attached = append(h.attached, name)
	}
	return nil
}

func (h *Host) attachNew(name string, keep []string) error {
	if len(h.attached) == maxAttached {
		i := slices.IndexFunc(h.attached, func(old string) bool { return !slices.Contains(keep, old) })
		if err := h.exec("detach " + Quote(h.attached[i])); err != nil {
			return err
		}
		h.attached = slices.Delete(h.attached, i, i+1)
	}
	if err := h.exec("attach ':memory:' as " + Quote(name)); err != nil {
		return err
	}
	for _, t := range h.schemas[name] {
		if !h.created[strings.ToLower(t.Name)] {
			continue
		}
		if err := h.create(name, t); err != nil {
			return err
		}
	}
	return nil
}

// Rows are the rows of a result. They must be closed before the next statement can run.
type Rows struct {
	host    *Host
	cancel  context.CancelFunc
	rows    driver.Rows
	columns []Column
	found   []driver.Value // of the driver
	values  []any          // the same values, converted
	err     error
	closed  bool
}

func newRows(h *Host, found driver.Rows, cancel context.CancelFunc) *Rows {
	r := &Rows{host: h, cancel: cancel, rows: found}
	typed, _ := found.(driver.RowsColumnTypeDatabaseTypeName)
	for i, name := range found.Columns() {
		c := Column{Name: name}
		if typed != nil {
			c.Type = declaredType(typed.ColumnTypeDatabaseTypeName(i))
		}
		r.columns = append(r.columns, c)
	}
	r.found = make([]driver.Value, len(r.columns))
	r.values = make([]any, len(r.columns))
	return r
}

// Columns returns the names of the result's columns, and the types of those that are columns of tables. A statement
// that is not a query, for example create temp table, has no columns.
func (r *Rows) Columns() []Column { return r.columns }

// Next reads the next row. It returns false after the last row, and after an error: see [Rows.Err].
func (r *Rows) Next() bool {
	if r.closed || r.err != nil {
		return false
	}
	running := r.host.running
	if r.err = running.ctx.Err(); r.err != nil {
		return false
	}
	switch err := r.rows.Next(r.found); {
	case running.err != nil:
		r.err = running.failure(err)
	case err == nil:
		for i, v := range r.found {
			r.values[i] = r.text(i, v)
		}
		return true
	case !errors.Is(err, io.EOF):
		r.err = running.failure(err)
	}
	return false
}

// text reverses the driver's conversion of text to time in columns that the user has declared as DATE or TIMESTAMP in a
// table of their own.
func (r *Rows) text(i int, v driver.Value) any {
	t, ok := v.(time.Time)
	switch {
	case !ok:
		return v
	case r.columns[i].Type == "DATE":
		return t.Format(time.DateOnly)
	default:
		return formatTimestamp(t)
	}
}

// Values returns the values of the row: nil, int64, float64, string or []byte. The next call of Next
// overwrites the slice.
func (r *Rows) Values() []any { return r.values }

// Err returns the error that ended the rows, or nil.
func (r *Rows) Err() error { return r.err }

// Close ends the statement and its scans. It may be called more than once.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	defer func() { r.host.turn <- struct{}{} }()
	return r.end()
}

// end closes the rows, but does not give back the turn of the host.
func (r *Rows) end() error {
	r.closed = true
	err := r.rows.Close()
	r.cancel()
	r.host.running = nil
	if r.err != nil {
		return nil // SQLite repeats it when the statement is closed
	}
	return cleanError(err)
}
