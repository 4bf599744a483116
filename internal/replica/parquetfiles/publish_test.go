package parquetfiles

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// key is a row of the table of keys, as it must be.
type key struct {
	id    int64
	label string
	used  int64
	since int
}

// A model is what the table of keys must have.
type model struct {
	current map[int64]key
	ended   []string
}

// apply does what a change asks for, and returns the counts.
func (m *model) apply(n int, c replica.Change, staged []key) replica.Counts {
	var counts replica.Counts
	last := map[int64]key{}
	for _, k := range staged {
		last[k.id] = k
	}
	for id, old := range maps.Clone(m.current) {
		k, isStaged := last[id]
		isLost := c.IsWhole || (c.Lives != nil && !in(c.Lives, id))
		for _, s := range c.Replaced {
			isLost = isLost || in(&s, old.label)
		}
		switch {
		case isStaged && k.label == old.label:
			k.since = old.since
			if k.used != old.used {
				counts.Changed++
			}
			last[id] = k
		case isStaged:
			counts.Changed++
			k.since = n
			last[id] = k
			m.end(old, n)
		case isLost:
			counts.Removed++
			m.end(old, n)
			delete(m.current, id)
		}
	}
	for id, k := range last {
		if _, isKnown := m.current[id]; !isKnown {
			counts.Added++
			k.since = n
		}
		m.current[id] = k
	}
	counts.Rows = int64(len(m.current))
	return counts
}

func (m *model) end(k key, n int) {
	m.ended = append(m.ended, k.text(run(n).StartedAt.Format(time.RFC3339Nano)))
}

func (k key) text(to string) string {
	return fmt.Sprintf("%d|%s|%d|%s|%s|%s|", k.id, k.label, k.used, run(k.since).StartedAt.Format(time.RFC3339Nano), to, run(k.since).ID)
}

func (m *model) lines() []string {
	var s []string
	for _, k := range m.current {
		s = append(s, k.text("<nil>"))
	}
	slices.Sort(s)
	return s
}

func in(s *replica.Scope, value any) bool {
	return slices.ContainsFunc(s.Values, func(v []any) bool { return v[0] == value })
}

// Whatever changes, the current rows and those that ended are those of a model, and no file is left that nothing names.
func TestRandomChanges(t *testing.T) {
	set(t, &fewFiles, 3)
	set(t, &groupRows, 7)
	set(t, &fileBytes, 1500)
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, seed))
			dir := t.TempDir()
			m := model{current: map[int64]key{}}
			for n := 1; n <= 12; n++ {
				d := begin(t, "parquet:"+dir)
				staged, change := randomChange(random, d, t)
				want := m.apply(n, change, staged)
				if got := publish(t, d, n, change)[keys.Name]; got != want {
					t.Fatalf("run %d counted %+v, and not %+v", n, got, want)
				}
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
				expect(t, "the current rows", byManifest(t, d.store, keys.Name, false), m.lines())
				slices.Sort(m.ended)
				expect(t, "the rows that ended", byManifest(t, d.store, keys.Name, true), m.ended)
				checkFiles(t, dir, d.manifest)
				if t.Failed() {
					t.Fatalf("after run %d", n)
				}
			}
		})
	}
}

// randomChange stages some rows, and returns them and a change.
func randomChange(random *rand.Rand, d *destination, t *testing.T) ([]key, replica.Change) {
	var all []key
	for range random.IntN(3) {
		var rows [][]any
		for range random.IntN(20) {
			k := key{int64(random.IntN(60)), fmt.Sprint("label ", random.IntN(3)), int64(random.IntN(2)), 0}
			all = append(all, k)
			rows = append(rows, []any{k.id, k.label, k.used})
		}
		stage(t, d, keys, rows...)
	}
	c := replica.Change{Table: keys}
	switch random.IntN(5) {
	case 0:
		c.IsWhole = true
	case 1:
		c.Replaced = []replica.Scope{{Columns: []string{"label"}, Values: [][]any{{"label 0"}}}, {Columns: []string{"label"}, Values: [][]any{{"label 7"}}}}
	case 2:
		c.Lives = &replica.Scope{Columns: []string{"id"}}
		for id := range int64(50) {
			c.Lives.Values = append(c.Lives.Values, []any{id})
		}
	}
	return all, c
}

// checkFiles checks that a folder has the files of the manifest, and no others.
func checkFiles(t *testing.T, dir string, m *manifest) {
	t.Helper()
	want := append(slices.Sorted(maps.Keys(m.files())), manifestFile, locks+"guard")
	slices.Sort(want)
	expect(t, "the files", filesIn(t, dir), want)
}

func set[T any](t testing.TB, variable *T, value T) {
	old := *variable
	*variable = value
	t.Cleanup(func() { *variable = old })
}

// A file of which no row goes stays as it is.
func TestAppendKeepsFiles(t *testing.T) {
	dir := t.TempDir()
	row := func(name string) []any { return []any{"a", name, int64(1), nil, nil, nil} }
	d := begin(t, "parquet:"+dir)
	stage(t, d, branches, row("one"), row("two"))
	publish(t, d, 1, replica.Change{Table: branches})
	before := d.manifest.table(branches.Name).Files
	stage(t, d, branches, row("two"), row("three"))
	counts := publish(t, d, 2, replica.Change{Table: branches})[branches.Name]
	after := d.manifest.table(branches.Name).Files
	if len(after) != 2 || after[0] != before[0] || after[1].Rows != 1 {
		t.Errorf("the files were %+v, and are %+v", before, after)
	}
	if want := (replica.Counts{Rows: 3, Added: 1}); counts != want {
		t.Errorf("the counts are %+v, and not %+v", counts, want)
	}
}

// Many small files become one.
func TestCompaction(t *testing.T) {
	d := begin(t, "parquet:"+t.TempDir())
	for n := 1; n <= 28; n++ {
		stage(t, d, branches, []any{"a", fmt.Sprint(n), nil, nil, nil, nil})
		publish(t, d, n, replica.Change{Table: branches})
		known := d.manifest.table(branches.Name)
		if len(known.Files) > fewFiles+1 || known.Rows != int64(n) {
			t.Fatalf("after run %d there are %d files with %d rows", n, len(known.Files), known.Rows)
		}
	}
	if files := d.manifest.table(branches.Name).Files; files[0].Rows < int64(fewFiles) {
		t.Errorf("the first file has %d rows", files[0].Rows)
	}
}

// A new column makes no versions, an old file has no values for it, and the rows of one table have the same columns.
func TestGrowth(t *testing.T) {
	d := begin(t, "parquet:"+t.TempDir())
	stage(t, d, keys, []any{int64(1), "one", int64(5)}, []any{int64(2), "two", int64(5)}, []any{int64(3), "three", int64(5)})
	publish(t, d, 1, replica.Change{Table: keys})
	stage(t, d, keys, []any{int64(3), "drei", int64(5)})
	publish(t, d, 2, replica.Change{Table: keys})
	grown := keys
	grown.Columns = slices.Insert(slices.Clone(keys.Columns), 1, replica.Column{Name: "owner", Type: replica.Text})
	stage(t, d, grown, []any{int64(1), "ada", "one", int64(6)})
	counts := publish(t, d, 3, replica.Change{Table: grown})[keys.Name]
	if want := (replica.Counts{Rows: 3, Changed: 1}); counts != want {
		t.Errorf("the counts are %+v, and not %+v", counts, want)
	}
	expect(t, "the rows", byManifest(t, d.store, keys.Name, false), []string{
		"1|ada|one|6|2026-11-01T08:15:30Z|<nil>|20261101T081530Z|",
		"2|<nil>|two|5|2026-11-01T08:15:30Z|<nil>|20261101T081530Z|",
		"3|<nil>|drei|5|2026-11-02T08:15:30Z|<nil>|20261102T081530Z|",
	})
	expect(t, "the rows that ended", byManifest(t, d.store, keys.Name, true), []string{
		"3|<nil>|three|5|2026-11-01T08:15:30Z|2026-11-02T08:15:30Z|20261101T081530Z|",
	})
	var current [][]any
	for row, err := range d.Current(context.Background(), keys, []string{"label", "none", "id"}) {
		if err != nil {
			t.Fatal(err)
		}
		current = append(current, slices.Clone(row))
	}
	expect(t, "columns of the rows", lines(current), []string{"drei|<nil>|3|", "one|<nil>|1|", "two|<nil>|2|"})
	grown.Columns[1].Type = replica.Integer
	stage(t, d, grown, []any{int64(1), int64(7), "one", int64(6)})
	_, err := d.Publish(context.Background(), run(4), []replica.Change{{Table: grown}}, nil)
	if err == nil || !strings.Contains(err.Error(), "column owner of bitbucket_key has the type integer now, and was copied as text. Sync to a new place") {
		t.Error(err)
	}
}

// What is staged survives its run, but not its publication, and not without its progress.
func TestProgress(t *testing.T) {
	dir := t.TempDir()
	d := begin(t, "parquet:"+dir)
	stage(t, d, branches, []any{"a", "one", nil, nil, nil, nil})
	failing := replica.Batch{Table: branches, Rows: func(yield func([]any, error) bool) {
		_ = yield([]any{"a", "two", nil, nil, nil, nil}, nil) && yield(nil, context.DeadlineExceeded)
	}}
	if err := d.Stage(context.Background(), failing, replicatest.Progress(`"failed"`)); err == nil {
		t.Error("a batch that failed was staged")
	}
	if err := d.Stage(context.Background(), batchOf(branches, []any{"a", 7, nil, nil, nil, nil}), replicatest.Progress(`1`)); err == nil ||
		!strings.Contains(err.Error(), "column name has the type text, and got a value of the type int") {
		t.Error(err)
	}
	d.Close()
	record, err := d.Open(context.Background())
	if err != nil || string(record.Progress) != `"staged"` || record.Last != nil {
		t.Fatalf("the record is %+v, %v", record, err)
	}
	publish(t, d, 1, replica.Change{Table: branches})
	d.Close()
	record, err = d.Open(context.Background())
	if err != nil || record.Progress != nil || record.Last == nil || record.Last.ID != run(1).ID || string(record.State) != "1" {
		t.Fatalf("the record is %+v, %v", record, err)
	}
	stage(t, d, branches, []any{"a", "three", nil, nil, nil, nil})
	if err := d.Discard(context.Background()); err != nil {
		t.Fatal(err)
	}
	publish(t, d, 2, replica.Change{Table: branches})
	if rows := d.manifest.table(branches.Name).Rows; rows != 1 {
		t.Errorf("there are %d rows", rows)
	}
	d.Close()
	checkFiles(t, dir, d.manifest)
}
