package replicatest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A Model is what readers of a destination should see.
type Model struct {
	Last   *Run
	tables map[string]*modelTable
}

// A modelTable is the rows of one table, with all versions.
type modelTable struct {
	columns map[string]bool // those that were ever copied
	current map[string]*version
	ended   []*version
}

// A version is a row in the time that it was like this.
type version struct {
	values   map[string]any
	from, to time.Time
	run      string
}

// Apply publishes a run. It returns the counts, and for each table how many rows only changed where that makes no new
// version: a destination may count those as changed.
func (m *Model) Apply(r *Run) (counts map[string]replica.Counts, silent map[string]int64) {
	if m.tables == nil {
		m.tables = map[string]*modelTable{}
	}
	counts, silent = map[string]replica.Counts{}, map[string]int64{}
	for _, change := range r.Changes {
		name := change.Table.Name
		t := m.tables[name]
		if t == nil {
			t = &modelTable{columns: map[string]bool{}, current: map[string]*version{}}
			m.tables[name] = t
		}
		counts[name], silent[name] = t.apply(r, change)
	}
	m.Last = r
	return counts, silent
}

func (t *modelTable) apply(r *Run, change replica.Change) (n replica.Counts, silent int64) {
	staged := map[string]map[string]any{}
	for _, b := range r.Batches {
		if b.Table.Name != change.Table.Name {
			continue
		}
		for _, row := range b.Rows {
			values := map[string]any{}
			for i, c := range b.Table.Columns {
				values[c.Name] = plain(c.Type, row[i])
			}
			staged[rowKey(change.Table, values)] = values
		}
	}
	for k, old := range t.current {
		if staged[k] == nil && ends(change, old.values) {
			t.end(k, r)
			n.Removed++
		}
	}
	for k, values := range staged {
		old := t.current[k]
		if old == nil {
			n.Added++
		} else if versioned, other := t.differs(change.Table, old.values, values); versioned {
			n.Changed++
			t.end(k, r)
		} else {
			if other {
				silent++
			}
			old.values = values
			continue
		}
		t.current[k] = &version{values: values, from: r.Run.StartedAt, run: r.Run.ID}
	}
	for _, c := range change.Table.Columns {
		t.columns[c.Name] = true
	}
	n.Rows = int64(len(t.current))
	return n, silent
}

// ends says whether a row that was not staged is no longer current.
func ends(change replica.Change, values map[string]any) bool {
	within := func(s replica.Scope) bool {
		return slices.ContainsFunc(s.Values, func(of []any) bool {
			for i, name := range s.Columns {
				if values[name] != of[i] {
					return false
				}
			}
			return true
		})
	}
	return change.IsWhole || slices.ContainsFunc(change.Replaced, within)
}

// differs says whether a row changed so that it has a new version, and whether it changed at all.
func (t *modelTable) differs(of replica.Table, old, now map[string]any) (versioned, other bool) {
	for _, c := range of.Columns {
		if old[c.Name] != now[c.Name] {
			other = true
			versioned = versioned || t.columns[c.Name] && !slices.Contains(of.Ignored, c.Name)
		}
	}
	return versioned, other
}

func (t *modelTable) end(k string, r *Run) {
	old := t.current[k]
	old.to = r.Run.StartedAt
	t.ended = append(t.ended, old)
	delete(t.current, k)
}

// Rows returns the current rows of a table, or all versions, each as one text, sorted.
func (m *Model) Rows(of replica.Table, history bool) []string {
	t := m.tables[of.Name]
	if t == nil {
		return nil
	}
	var all []string
	add := func(v *version) {
		var row []any
		for _, c := range of.Columns {
			row = append(row, v.values[c.Name])
		}
		if of.HasHistory {
			var to any
			if !v.to.IsZero() {
				to = plain(replica.Timestamp, v.to)
			}
			row = append(row, plain(replica.Timestamp, v.from), to, v.run)
		}
		all = append(all, line(row))
	}
	for _, v := range t.current {
		add(v)
	}
	if history {
		for _, v := range t.ended {
			add(v)
		}
	}
	slices.Sort(all)
	return all
}

// line returns values as one text.
func line(values []any) string {
	text, _ := json.Marshal(values) // texts, numbers and booleans
	return string(text)
}

func rowKey(of replica.Table, values map[string]any) string {
	var parts []any
	for _, name := range of.Key {
		parts = append(parts, values[name])
	}
	return line(parts)
}

// plain returns a value so that equal ones are the same.
func plain(of replica.Type, v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000000Z")
	case string:
		if of == replica.JSON {
			var document any
			if err := json.Unmarshal([]byte(v), &document); err != nil {
				return "no JSON: " + v
			}
			text, _ := json.Marshal(document) // what was decoded
			return string(text)
		}
	}
	return v
}
