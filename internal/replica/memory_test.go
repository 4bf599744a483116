package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"testing"
)

// A memory is a destination in memory.
type memory struct {
	record Record
	staged map[string][]map[string]any
	tables map[string]map[string]map[string]any // rows by key, by table
	fails  func(point string) error             // may fail at a point; may be nil
	open   bool
}

func newMemory() *memory {
	return &memory{staged: map[string][]map[string]any{}, tables: map[string]map[string]map[string]any{}}
}

func (m *memory) fail(point string) error {
	if m.fails != nil {
		return m.fails(point)
	}
	return nil
}

func (m *memory) String() string { return "memory" }

func (m *memory) Open(context.Context) (Record, error) {
	m.open = true
	return m.record, m.fail("open")
}

func (m *memory) Close() error {
	m.open = false
	return nil
}

func (m *memory) Current(_ context.Context, t Table, columns []string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, values := range m.tables[t.Name] {
			var row []any
			for _, name := range columns {
				row = append(row, values[name])
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (m *memory) Stage(_ context.Context, b Batch, progress func() (json.RawMessage, error)) error {
	var rows []map[string]any
	for row, err := range b.Rows {
		if err != nil {
			return err
		}
		values := map[string]any{}
		for i, c := range b.Table.Columns {
			values[c.Name] = row[i]
		}
		rows = append(rows, values)
	}
	text, err := progress()
	if err != nil {
		return err
	}
	if err := m.fail("stage " + b.Table.Name); err != nil {
		return err
	}
	m.staged[b.Table.Name] = append(m.staged[b.Table.Name], rows...)
	m.record.Progress = text
	return nil
}

func (m *memory) Discard(context.Context) error {
	clear(m.staged)
	m.record.Progress = nil
	return nil
}

func (m *memory) Publish(_ context.Context, run Run, changes []Change, state json.RawMessage) (map[string]Counts, error) {
	if err := m.fail("publish"); err != nil {
		return nil, err
	}
	counts := map[string]Counts{}
	for _, c := range changes {
		current := map[string]map[string]any{}
		for key, values := range m.tables[c.Table.Name] {
			if !c.IsWhole && !slices.ContainsFunc(c.Replaced, func(s Scope) bool { return s.holds(values) }) {
				current[key] = values
			}
		}
		n := Counts{Removed: int64(len(m.tables[c.Table.Name]) - len(current))}
		for _, values := range m.staged[c.Table.Name] {
			current[keyOf(c.Table, values)] = values
		}
		n.Rows = int64(len(current))
		m.tables[c.Table.Name], counts[c.Table.Name] = current, n
	}
	clear(m.staged)
	m.record = Record{Last: &run, State: state}
	return counts, nil
}

// holds reports whether a row is in the scope.
func (s Scope) holds(values map[string]any) bool {
	return slices.ContainsFunc(s.Values, func(one []any) bool {
		for i, name := range s.Columns {
			if values[name] != one[i] {
				return false
			}
		}
		return true
	})
}

func keyOf(t Table, values map[string]any) string {
	var key []any
	for _, name := range t.Key {
		key = append(key, values[name])
	}
	return fmt.Sprintf("%#v", key)
}

// rows returns the rows of a table as texts by key, in which the columns have names.
func (m *memory) rows(t testing.TB, s *Spec) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for key, values := range m.tables[s.Name] {
		text, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		rows[key] = string(text)
	}
	return rows
}
