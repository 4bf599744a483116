package parquetfiles

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// checkFiles checks that a folder has the files of the manifest, and no others.
func checkFiles(t testing.TB, dir string, m *manifest) {
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
	_, err := d.Publish(context.Background(), nthRun(4), []replica.Change{{Table: grown}}, nil)
	if err == nil || !strings.Contains(err.Error(), "column owner of bitbucket_key has the type integer now, and was copied as text. Sync to a new destination") {
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
	if err != nil || record.Progress != nil || record.Last == nil || record.Last.ID != nthRun(1).ID || string(record.State) != "1" {
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
