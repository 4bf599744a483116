package replicatest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A Generator makes random runs, each after the other. There are few keys, so that rows meet each other.
type Generator struct {
	r      *rand.Rand
	runs   int
	tables []replica.Table
	last   map[string][]any // rows by table and key
}

// NewGenerator returns a generator; with the same seed, it makes the same runs.
func NewGenerator(seed uint64) *Generator {
	column := func(name string, of replica.Type) replica.Column {
		return replica.Column{Name: name, Type: of, Description: "Value " + name + "."}
	}
	columns := []replica.Column{
		column("repository_uuid", replica.Text), column("number", replica.Integer), column("name", replica.Text),
		column("is_open", replica.Boolean), column("updated_on", replica.Timestamp), column("links", replica.JSON),
	}
	history := append(slices.Clone(columns), column("last_used_on", replica.Timestamp))
	key := []string{"repository_uuid", "number"}
	return &Generator{r: rand.New(rand.NewPCG(seed, 0)), last: map[string][]any{}, tables: []replica.Table{
		{Name: "bitbucket_commit", Description: "Commits.", Columns: columns, Key: key},
		{Name: "bitbucket_member", Description: "Members.", Columns: columns[:2], Key: key},
		{Name: "bitbucket_deploy_key", Description: "Keys.", Columns: history, Key: key, HasHistory: true,
			Ignored: []string{"last_used_on"}},
		{Name: "bitbucket_webhook", Description: "Hooks.", Columns: history, Key: []string{"number"}, HasHistory: true},
	}}
}

// Tables returns the tables as the last run has them.
func (g *Generator) Tables() []replica.Table { return g.tables }

// Next returns the next run.
func (g *Generator) Next() *Run {
	g.runs++
	started := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC).Add(time.Duration(g.runs) * time.Hour)
	run := &Run{
		Run: replica.Run{
			ID: started.Format("20060102T150405Z"), StartedAt: started, EndedAt: started.Add(time.Minute), IsFull: g.chance(3),
			Connection: "bitbucket", Account: "{a}", Version: "1.0.0", Requests: int64(g.runs),
		},
		State: json.RawMessage(fmt.Sprintf(`{"runs":%d}`, g.runs)),
	}
	for i := range g.tables {
		t := &g.tables[i]
		if g.chance(8) {
			name := fmt.Sprintf("extra_%d", len(t.Columns))
			t.Columns = append(slices.Clone(t.Columns), replica.Column{Name: name, Type: replica.Text, Description: "Added."})
		}
		if g.chance(6) {
			continue // the run does not copy the table
		}
		for range g.r.IntN(4) {
			b := Batch{Table: *t}
			for range g.r.IntN(8) {
				b.Rows = append(b.Rows, g.row(*t))
			}
			run.Batches = append(run.Batches, b)
		}
		run.Changes = append(run.Changes, g.change(*t))
	}
	g.r.Shuffle(len(run.Batches), func(i, j int) { run.Batches[i], run.Batches[j] = run.Batches[j], run.Batches[i] })
	return run
}

func (g *Generator) chance(one int) bool { return g.r.IntN(one) == 0 }

func (g *Generator) change(t replica.Table) replica.Change {
	change := replica.Change{Table: t, IsWhole: g.chance(4)}
	for range max(0, g.r.IntN(4)-1) {
		change.Replaced = append(change.Replaced, g.scope(2))
	}
	return change
}

func (g *Generator) scope(size int) replica.Scope {
	columns := [][]string{{"repository_uuid"}, {"repository_uuid", "number"}, {"number", "repository_uuid"}}
	s := replica.Scope{Columns: columns[g.r.IntN(len(columns))]}
	for range g.r.IntN(size + 1) {
		var values []any
		for _, name := range s.Columns {
			values = append(values, map[string]any{"repository_uuid": g.repository(), "number": g.number()}[name])
		}
		s.Values = append(s.Values, values)
	}
	return s
}

func (g *Generator) repository() string { return []string{"{r1}", "{r2}", "{r3}"}[g.r.IntN(3)] }
func (g *Generator) number() int64      { return int64(g.r.IntN(5)) }

// row returns a row, which is often like the last one with its key, or other in one column.
func (g *Generator) row(t replica.Table) []any {
	row := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		switch {
		case c.Name == "repository_uuid" && (slices.Contains(t.Key, c.Name) || !g.chance(4)):
			row[i] = g.repository()
		case c.Name == "number":
			row[i] = g.number()
		case !g.chance(4):
			row[i] = g.value(c.Type)
		}
	}
	values := map[string]any{}
	for i, c := range t.Columns {
		values[c.Name] = row[i]
	}
	k := t.Name + rowKey(t, values)
	if last := g.last[k]; last != nil && !g.chance(3) {
		other := g.r.IntN(len(row) + 2) // sometimes none
		for i, c := range t.Columns {
			if i != other && i < len(last) && !slices.Contains(t.Key, c.Name) {
				row[i] = last[i]
			}
		}
	}
	g.last[k] = row
	return row
}

// value returns one of few values, so that rows are often like before.
func (g *Generator) value(of replica.Type) any {
	i := g.r.IntN(2)
	switch of {
	case replica.Boolean:
		return i == 0
	case replica.Integer:
		return []int64{-1 << 63, 1<<63 - 1}[i]
	case replica.Timestamp:
		return []time.Time{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 28, 23, 59, 59, 999999000, time.UTC)}[i]
	case replica.JSON:
		return []string{`{"a":[1,"\n",null]}`, `"text"`}[i]
	default:
		return []string{"", "tab\t, \\N, \\. and \U0001f600"}[i]
	}
}
