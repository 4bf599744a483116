package replicatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A Target is a destination as a test sees it.
type Target struct {
	// New returns the destination as another process would have it: not open, with the same place behind it.
	New func(t testing.TB) replica.Destination
	// Read reads a table as a reader of the destination does: the values of these columns, in the Go types of a
	// replica.Type, of the current rows or, with history, of all versions. A table that is not there has no rows.
	Read func(t testing.TB, table string, columns []replica.Column, history bool) [][]any
}

// Laws tests that a destination does what the model does, in random runs. fresh makes an empty destination.
func Laws(t *testing.T, seeds uint64, fresh func(t *testing.T) Target) {
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l := &laws{T: t, target: fresh(t), g: NewGenerator(seed), r: rand.New(rand.NewPCG(seed, 1)), m: &Model{}}
			for range 8 {
				l.run()
			}
		})
	}
}

type laws struct {
	*testing.T
	target Target
	g      *Generator
	r      *rand.Rand
	m      *Model
}

// run does one run, after others that were stopped.
func (l *laws) run() {
	ctx := l.Context()
	run := l.g.Next()
	for l.r.IntN(2) == 0 {
		if l.r.IntN(3) == 0 {
			other := *run
			other.Run.ID += "other"
			l.stop(&other)
		} else {
			l.stop(run)
		}
	}
	if l.r.IntN(3) == 0 {
		l.fail(run)
	}
	got, err := run.Do(ctx, l.target.New(l), -1)
	if err != nil {
		l.Fatal(err)
	}
	want, silent := l.m.Apply(run)
	for name, n := range want {
		got := got[name]
		if more := got.Changed - n.Changed; more < 0 || more > silent[name] {
			l.Errorf("run %s: %d rows of %s changed, want %d, and %d others may count",
				run.Run.ID, got.Changed, name, n.Changed, silent[name])
		}
		got.Changed = n.Changed
		if got != n {
			l.Errorf("run %s: counts of %s are %+v, want %+v", run.Run.ID, name, got, n)
		}
	}
	Check(l, l.target, l.m, l.g.Tables())
	l.checkRecord(ctx, run)
	if l.Failed() {
		l.FailNow()
	}
}

// stop stops the run after some batches.
func (l *laws) stop(run *Run) {
	if _, err := run.Do(l.Context(), l.target.New(l), l.r.IntN(len(run.Batches)+1)); err != nil {
		l.Fatal(err)
	}
	Check(l, l.target, l.m, l.g.Tables())
}

// fail stages a batch whose source fails: the rows and the progress are as before.
func (l *laws) fail(run *Run) {
	if len(run.Batches) == 0 {
		return
	}
	ctx, d := l.Context(), l.target.New(l)
	before, err := d.Open(ctx)
	if err != nil {
		l.Fatal(err)
	}
	b := run.Batches[0]
	broken := errors.New("the source is broken")
	err = d.Stage(ctx, replica.Batch{Table: b.Table, Rows: Seq(b.Rows, broken)}, progress{run.Run.ID, 99}.json)
	if !errors.Is(err, broken) {
		l.Errorf("Stage returned %v, want the source's error", err)
	}
	if err := d.Close(); err != nil {
		l.Fatal(err)
	}
	d = l.target.New(l)
	after, err := d.Open(ctx)
	if err != nil {
		l.Fatal(err)
	}
	if !bytes.Equal(before.Progress, after.Progress) {
		l.Errorf("progress is %s after a batch that failed, want %s", after.Progress, before.Progress)
	}
	if err := d.Close(); err != nil {
		l.Fatal(err)
	}
}

// checkRecord checks what the next run gets: the record, and the current rows.
func (l *laws) checkRecord(ctx context.Context, run *Run) {
	d := l.target.New(l)
	record, err := d.Open(ctx)
	if err != nil {
		l.Fatal(err)
	}
	want := replica.Record{Last: &run.Run, State: run.State}
	if diff := cmp.Diff(want, record); diff != "" {
		l.Errorf("record (-want +got):\n%s", diff)
	}
	for _, of := range l.g.Tables() {
		asked := of
		asked.HasHistory = false
		asked.Columns = append(slices.Clone(of.Columns), replica.Column{Name: "never_copied", Type: replica.Text})
		slices.Reverse(asked.Columns)
		var names []string
		for _, c := range asked.Columns {
			names = append(names, c.Name)
		}
		var rows [][]any
		for row, err := range d.Current(ctx, of, names) {
			if err != nil {
				l.Fatal(err)
			}
			rows = append(rows, slices.Clone(row))
		}
		if diff := cmp.Diff(l.m.Rows(asked, false), texts(asked.Columns, rows)); diff != "" {
			l.Errorf("Current of %s (-want +got):\n%s", of.Name, diff)
		}
	}
	if err := d.Close(); err != nil {
		l.Fatal(err)
	}
}

// Check checks that readers see what the model has.
func Check(t testing.TB, target Target, m *Model, tables []replica.Table) {
	t.Helper()
	if diff := Diff(t, target, m, tables); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// Diff returns how what readers see differs from the model; "" if it does not.
func Diff(t testing.TB, target Target, m *Model, tables []replica.Table) string {
	t.Helper()
	var all string
	for _, of := range tables {
		columns := of.Columns
		if of.HasHistory {
			columns = append(slices.Clone(columns), replica.Column{Name: replica.ValidFrom, Type: replica.Timestamp},
				replica.Column{Name: replica.ValidTo, Type: replica.Timestamp}, replica.Column{Name: replica.SeenBy, Type: replica.Text})
		}
		for _, history := range []bool{false, true} {
			if history && !of.HasHistory {
				continue
			}
			got := texts(columns, target.Read(t, of.Name, columns, history))
			if diff := cmp.Diff(m.Rows(of, history), got); diff != "" {
				all += fmt.Sprintf("%s, history %t:\n%s", of.Name, history, diff)
			}
		}
	}
	return all
}

// texts returns rows as the model has them.
func texts(columns []replica.Column, rows [][]any) []string {
	var all []string
	for _, row := range rows {
		var values []any
		for i, v := range row {
			values = append(values, plain(columns[i].Type, v))
		}
		all = append(all, line(values))
	}
	slices.Sort(all)
	return all
}
