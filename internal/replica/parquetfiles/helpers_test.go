package parquetfiles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
	"github.com/parquet-go/parquet-go"
)

// branches is a table with columns of all types, in an order that is not that of their names.
var branches = replica.Table{
	Name: "bitbucket_branch", Description: "Branches.",
	Columns: []replica.Column{
		{Name: "repository", Type: replica.Text, Description: "Its repository."},
		{Name: "name", Type: replica.Text},
		{Name: "commits", Type: replica.Integer},
		{Name: "is_main", Type: replica.Boolean},
		{Name: "at", Type: replica.Timestamp},
		{Name: "links", Type: replica.JSON},
	},
	Key: []string{"repository", "name"},
}

// keys is a table with a history, in which the last use makes no version.
var keys = replica.Table{
	Name: "bitbucket_key",
	Columns: []replica.Column{
		{Name: "id", Type: replica.Integer}, {Name: "label", Type: replica.Text}, {Name: "used", Type: replica.Integer},
	},
	Key: []string{"id"}, HasHistory: true, Ignored: []string{"used"},
}

// nthRun returns the n-th run, of the n-th day.
func nthRun(n int) replica.Run {
	at := time.Date(2026, 11, n, 8, 15, 30, 0, time.UTC)
	return replica.Run{ID: at.Format("20060102T150405Z"), StartedAt: at, Version: "9.9.9"}
}

func batchOf(t replica.Table, rows ...[]any) replica.Batch {
	return replica.Batch{Table: t, Rows: func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}}
}

// open returns the destination at a location, without a run that has it.
func open(t testing.TB, location string) *destination {
	t.Helper()
	d, err := Open(context.Background(), location)
	if err != nil {
		t.Fatal(err)
	}
	return d.(*destination)
}

// begin returns the destination at a location, for a run.
func begin(t testing.TB, location string) *destination {
	t.Helper()
	d := open(t, location)
	if _, err := d.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func stage(t testing.TB, d *destination, table replica.Table, rows ...[]any) {
	t.Helper()
	if err := d.Stage(context.Background(), batchOf(table, rows...), replicatest.Progress(`"staged"`)); err != nil {
		t.Fatal(err)
	}
}

func publish(t testing.TB, d *destination, n int, changes ...replica.Change) map[string]replica.Counts {
	t.Helper()
	counts, err := d.Publish(context.Background(), nthRun(n), changes, json.RawMessage(fmt.Sprint(n)))
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// lines returns rows in an order of their own.
func lines(rows [][]any) []string {
	var s []string
	for _, row := range rows {
		text := ""
		for _, v := range row {
			if at, isTime := v.(time.Time); isTime {
				v = at.UTC().Format(time.RFC3339Nano)
			}
			text += fmt.Sprint(v) + "|"
		}
		s = append(s, text)
	}
	slices.Sort(s)
	return s
}

// byManifest returns the rows of a table that the manifest names, as text; those that ended if asked.
func byManifest(t testing.TB, s *store, name string, ended bool) []string {
	t.Helper()
	m, err := s.manifest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	known := m.table(name)
	if known == nil {
		return nil
	}
	files := known.Files
	if ended {
		files = known.Ended
	}
	var rows [][]any
	for _, f := range files {
		read := 0
		yieldRows(context.Background(), s, f, known.Columns, func(row []any, err error) bool {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, slices.Clone(row))
			read++
			return true
		})
		if int64(read) != f.Rows {
			t.Errorf("the manifest says that %s has %d rows, and it has %d", f.Path, f.Rows, read)
		}
	}
	return lines(rows)
}

// byGlob returns the values of the first columns of the rows that an engine finds which reads all files of the table's folder.
func byGlob(t testing.TB, dir, name string, columns int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, name, "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var found [][]any
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows := parquet.NewReader(f)
		buffer := make([]parquet.Row, 100)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				var values []any
				for _, v := range row[:columns] {
					values = append(values, v.String())
				}
				found = append(found, values)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return lines(found)
}

// files returns what is in a folder.
func filesIn(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func expect(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s are\n%s\nand not\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
