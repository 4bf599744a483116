package parquetfiles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
)

// A second run says who has the place, and since when.
func TestBusy(t *testing.T) {
	location := "parquet:" + t.TempDir()
	first := begin(t, location)
	_, err := open(t, location).Open(context.Background())
	checkBusy(t, err)
	// Nor does another process.
	if output, isDone := rerun(t, location); isDone || !strings.Contains(output, "another run writes to "+location) {
		t.Error(output)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	begin(t, location)
}

func checkBusy(t *testing.T, err error) {
	t.Helper()
	var busy *replica.BusyError
	host, _ := os.Hostname()
	if !errors.As(err, &busy) || busy.Holder != fmt.Sprintf("process %d on %s", os.Getpid(), host) || time.Since(busy.Since) > time.Hour {
		t.Errorf("the second run got %v", err)
	}
}

// objects returns a store that is no folder.
func objects(t *testing.T) *store {
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { bucket.Close() })
	return &store{bucket: bucket, name: "mem"}
}

// leave writes a lock as a run does that is on another machine, or is dead.
func leave(t *testing.T, s *store, number int, h holder) {
	t.Helper()
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.bucket.WriteAll(context.Background(), fmt.Sprintf("%s%d.json", locks, number), data, nil); err != nil {
		t.Fatal(err)
	}
}

// A lock is taken from the dead, and from nobody else.
func TestLockOfOthers(t *testing.T) {
	host, _ := os.Hostname()
	here := holder{"a", host, 1 << 30, time.Now()}
	there := holder{"b", "elsewhere", 7, time.Now()}
	for name, test := range map[string]struct {
		others []holder
		lease  time.Duration
		isBusy bool
	}{
		"dead process here":         {[]holder{here}, time.Minute, false},
		"dead lock of this process": {[]holder{{"c", host, os.Getpid(), time.Now()}}, time.Minute, false},
		"process elsewhere":         {[]holder{there}, time.Minute, true},
		"silent process elsewhere":  {[]holder{there}, time.Nanosecond, false},
		"one of two":                {[]holder{here, there}, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := objects(t)
			for i, h := range test.others {
				leave(t, s, i+1, h)
			}
			set(t, &lease, test.lease)
			d := &destination{store: s}
			if test.lease < time.Second {
				// The lock itself is never renewed, since that would be too late, too.
				isDead, err := (&lock{store: s, holder: here}).isDead(context.Background(), lockFiles(t, s)[0], time.Now().Add(time.Second))
				if err != nil || !isDead {
					t.Error(isDead, err)
				}
				return
			}
			_, err := d.Open(context.Background())
			var busy *replica.BusyError
			if errors.As(err, &busy) != test.isBusy || (err != nil) != test.isBusy {
				t.Fatal(err)
			}
			if want := len(test.others); test.isBusy && len(lockFiles(t, s)) > want {
				t.Error("a run that gave way left its lock")
			}
			if test.isBusy && busy.Holder != "process 7 on elsewhere" {
				t.Error(busy)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Of many runs that start together, at most one has the place.
func TestLockTogether(t *testing.T) {
	s := objects(t)
	host, _ := os.Hostname()
	leave(t, s, 1, holder{"a", host, 1 << 30, time.Now()})
	results := make(chan *destination)
	for range 20 {
		go func() {
			d := &destination{store: s}
			if _, err := d.Open(context.Background()); err != nil {
				d = nil
			}
			results <- d
		}()
	}
	var winners []*destination
	for range 20 {
		if d := <-results; d != nil {
			winners = append(winners, d)
		}
	}
	if len(winners) > 1 {
		t.Errorf("%d runs have the place", len(winners))
	}
	for _, d := range winners {
		d.Close()
	}
}

// A run whose lock was taken stops before it writes anything else.
func TestLostLock(t *testing.T) {
	set(t, &lease, 40*time.Millisecond)
	s := objects(t)
	d := &destination{store: s}
	if _, err := d.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := s.remove(context.Background(), d.lock.name); err != nil {
		t.Fatal(err)
	}
	<-d.lock.lost.Done()
	err := d.Stage(context.Background(), batchOf(branches, []any{"a", "one", nil, nil, nil, nil}), replicatest.Progress(`1`))
	if !errors.Is(err, errLost) {
		t.Error(err)
	}
	if data, err := s.read(context.Background(), progressFile); data != nil || err != nil {
		t.Errorf("it wrote %s, %v", data, err)
	}
}

// Locations are checked before anything is touched.
func TestLocations(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		"parquet:":                 "parquet: has no folder",
		"parquet:" + file:          "is a file. Name a folder",
		"ftp://bucket":             "cannot sync to \"ftp://bucket\". A destination has one of these forms: parquet:FOLDER",
		"s3:///prefix":             "has no bucket",
		"s3://id:secret@bucket":    "the address s3://id:xxxxx@bucket has credentials in it",
		"s3://bucket?colour=green": "cannot use s3://bucket: ",
		"%zz":                      "it is not an address",
	} {
		_, err := Open(context.Background(), location)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", location, err)
		}
	}
}

func lockFiles(t *testing.T, s *store) []*blob.ListObject {
	t.Helper()
	files, err := (&lock{store: s}).files(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return files
}
