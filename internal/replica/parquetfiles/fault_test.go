package parquetfiles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// The rows before and after the run that is stopped.
var (
	rowsBefore = []string{"1|one|1|2026-11-01T08:15:30Z|<nil>|20261101T081530Z|", "2|two|1|2026-11-01T08:15:30Z|<nil>|20261101T081530Z|"}
	rowsAfter  = []string{"2|deux|1|2026-11-02T08:15:30Z|<nil>|20261102T081530Z|", "3|trois|1|2026-11-02T08:15:30Z|<nil>|20261102T081530Z|"}
	goneAfter  = []string{
		"1|one|1|2026-11-01T08:15:30Z|2026-11-02T08:15:30Z|20261101T081530Z|",
		"2|two|1|2026-11-01T08:15:30Z|2026-11-02T08:15:30Z|20261101T081530Z|",
	}
)

// firstRun publishes the rows before.
func firstRun(t *testing.T, location string) {
	d := begin(t, location)
	stage(t, d, keys, []any{int64(1), "one", int64(1)}, []any{int64(2), "two", int64(1)})
	stage(t, d, branches, []any{"a", "main", int64(1), true, nil, `{}`})
	publish(t, d, 1, replica.Change{Table: keys}, replica.Change{Table: branches})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// secondRun stages what is not staged yet, and publishes the rows after, as the n-th run. Its progress is the number of its batches.
func secondRun(d *destination, n int) error {
	record, err := d.Open(context.Background())
	if err != nil {
		return err
	}
	if record.Last.ID == nthRun(2).ID {
		return d.Close()
	}
	batches := []replica.Batch{
		batchOf(keys, []any{int64(2), "dos", int64(1)}, []any{int64(3), "trois", int64(1)}),
		batchOf(branches, []any{"a", "main", int64(2), true, nil, `{}`}),
		batchOf(keys, []any{int64(2), "deux", int64(1)}),
	}
	done := 0
	if record.Progress != nil {
		if err := json.Unmarshal(record.Progress, &done); err != nil {
			return err
		}
	}
	for ; done < len(batches); done++ {
		if err := d.Stage(context.Background(), batches[done], replicatest.Progress(strconv.Itoa(done+1))); err != nil {
			return err
		}
	}
	_, err = d.Publish(context.Background(), nthRun(n), []replica.Change{{Table: keys, IsWhole: true}, {Table: branches}}, json.RawMessage(`{}`))
	return errors.Join(err, d.Close())
}

// checkEither checks that readers see the rows before or those after, and says which.
func checkEither(t *testing.T, location string) (isAfter bool) {
	t.Helper()
	s := open(t, location).store
	m, err := s.manifest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	isAfter = m.Run.ID == nthRun(2).ID
	rows, gone, commits := rowsBefore, []string(nil), "1"
	if isAfter {
		rows, gone, commits = rowsAfter, goneAfter, "2"
	}
	expect(t, "the current rows", byManifest(t, s, keys.Name, false), rows)
	expect(t, "the rows that ended", byManifest(t, s, keys.Name, true), gone)
	expect(t, "the branches", byManifest(t, s, branches.Name, false), []string{"a|main|" + commits + "|true|<nil>|{}|"})
	return isAfter
}

// checkGlob checks that a reader of all files sees every row that it must see, and others only of the other run.
func checkGlob(t *testing.T, dir string, isExact, isAfter bool) {
	t.Helper()
	before, after := []string{"1|one|", "2|two|"}, []string{"2|deux|", "3|trois|"}
	want := before
	if isAfter {
		want = after
	}
	got := byGlob(t, dir, keys.Name, 2)
	if isExact {
		expect(t, "the rows in the folder", got, want)
		return
	}
	both := slices.Sorted(slices.Values(slices.Concat(before, after)))
	if !slices.Equal(got, before) && !slices.Equal(got, after) && !slices.Equal(got, both) {
		t.Errorf("the rows in the folder are %q", got)
	}
}

// TestMain runs the run that kills itself, if the test of it asks for that.
func TestMain(m *testing.M) {
	location := os.Getenv("REPLICA_LOCATION")
	if location == "" {
		os.Exit(m.Run())
	}
	point, _ := strconv.Atoi(os.Getenv("REPLICA_POINT"))
	d, err := Open(context.Background(), location)
	if err == nil {
		limitFiles(os.Getenv("REPLICA_LIMIT"))
		d := d.(*destination)
		d.store.fault = killAt(int64(point))
		err = secondRun(d, 2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// killAt ends the process without a warning before the n-th write, move or deletion.
func killAt(n int64) func(string, string) error {
	var count atomic.Int64
	return func(string, string) error {
		if count.Add(1) == n {
			process, _ := os.FindProcess(os.Getpid())
			_ = process.Kill()
			select {}
		}
		return nil
	}
}

// rerun runs the second run in a process of its own. It says whether it got to its end. In short runs it skips the test.
func rerun(t *testing.T, location string, environment ...string) (string, bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program)
	command.Env = append(os.Environ(), append(environment, "REPLICA_LOCATION="+location)...)
	output, err := command.CombinedOutput()
	return string(output), err == nil
}

// A run that is killed at any point leaves the rows of the last one, or its own, and the next one goes on.
func TestKilledAnywhere(t *testing.T) {
	var isPublished, isUnpublished bool
	first := t.TempDir()
	firstRun(t, "parquet:"+first)
	for point := 1; ; point++ {
		dir, location := copyOf(t, first)
		output, isDone := rerun(t, location, fmt.Sprint("REPLICA_POINT=", point))
		if output != "" {
			t.Fatalf("point %d: %s", point, output)
		}
		isAfter := checkEither(t, location)
		checkGlob(t, dir, isDone, isAfter)
		isPublished, isUnpublished = isPublished || (isAfter && !isDone), isUnpublished || !isAfter
		d := open(t, location)
		if _, err := d.Open(context.Background()); err != nil {
			t.Fatalf("after point %d: %v", point, err)
		}
		checkGlob(t, dir, true, isAfter)
		d.Close()
		if err := secondRun(d, 2); err != nil {
			t.Fatalf("after point %d: %v", point, err)
		}
		checkEither(t, location)
		checkGlob(t, dir, true, true)
		checkFiles(t, dir, d.manifest)
		if t.Failed() {
			t.Fatalf("at point %d", point)
		}
		if isDone {
			break
		}
	}
	if !isPublished || !isUnpublished {
		t.Error("no run was killed before its manifest, or none after it")
	}
}

// A place that fails at any point, and from then on, leaves the rows of the last run, or the new ones; nobody sees half of
// them, and the next run goes on.
func TestFailsAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	first := t.TempDir()
	firstRun(t, "parquet:"+first)
	for name, failure := range map[string]error{"full": &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "dead": errors.New("connection reset")} {
		t.Run(name, func(t *testing.T) {
			for point := int64(1); walkFailure(t, first, point, failure); point++ {
			}
		})
	}
}

// copyOf copies a folder, and returns the copy and its location.
func copyOf(t *testing.T, folder string) (dir, location string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	return dir, "parquet:" + dir
}

// walkFailure fails at one point after the first run. It says whether there was something to fail.
func walkFailure(t *testing.T, first string, point int64, failure error) bool {
	dir, location := copyOf(t, first)
	d := open(t, location)
	var count atomic.Int64
	d.store.fault = func(operation, name string) error {
		// A full disk can still delete and rename.
		if count.Add(1) < point || (errors.Is(failure, syscall.ENOSPC) && operation != "write") {
			return nil
		}
		return d.store.failed(operation, name, failure)
	}
	err := secondRun(d, 2)
	d.Close()
	isAfter := checkEither(t, location)
	if err != nil {
		for _, part := range []string{"cannot ", failure.Error(), "The last run that was published is still there", "run sync again"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("point %d: %q is not in: %v", point, part, err)
			}
		}
	}
	if errors.Is(failure, syscall.ENOSPC) && !isAfter && !hasJournal(dir) {
		checkGlob(t, dir, true, false)
	}
	d.store.fault = nil
	if err := secondRun(d, 2); err != nil {
		t.Fatalf("after point %d: %v", point, err)
	}
	checkEither(t, location)
	checkGlob(t, dir, true, true)
	checkFiles(t, dir, d.manifest)
	if t.Failed() {
		t.Fatalf("at point %d", point)
	}
	return count.Load() >= point
}

func hasJournal(dir string) bool {
	_, err := os.Stat(dir + "/" + journalFile)
	return err == nil
}
