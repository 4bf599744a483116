package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// memory returns the process's own memory, and the most since forgetPeak, in MiB. The pages of the program's file do not count:
// how many of them are there depends on what the system has read ahead.
func (s *steampipe) memory() (now, most int) {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Skip(err)
	}
	field := func(name string) int {
		n, err := strconv.Atoi(string(regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)[1]))
		if err != nil {
			s.t.Fatal(err)
		}
		return n >> 10
	}
	return field("RssAnon"), field("VmHWM") - field("RssFile")
}

// forgetPeak resets the peak to the current memory.
func (s *steampipe) forgetPeak() {
	s.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0); err != nil {
		s.t.Skip(err)
	}
}

// A footprint is a process's own memory, in MiB.
type footprint struct {
	rest, queried int // before and after the small queries
	scanning      int // the most during a large scan
	rows          int // of it
}

// footprint measures the process during a number of small queries and a large one.
func (s *steampipe) footprint(queries int) (f footprint) {
	s.t.Helper()
	f.rest, _ = s.memory()
	for i := range queries {
		if _, err := s.count(fmt.Sprint("small-", i), "bitbucket_project", "key", "name"); err != nil {
			s.t.Fatal(err)
		}
	}
	f.queried, _ = s.memory()
	s.forgetPeak()
	var err error
	if f.rows, err = s.count("large", "bitbucket_repository_permission", "repository_full_name", "user_uuid", "permission"); err != nil {
		s.t.Fatal(err)
	}
	_, f.scanning = s.memory()
	return f
}

// The process that Steampipe starts uses no more memory after many queries than after some, and little more in a large scan. The
// limits are twice the usual values.
func TestFootprint(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	queries, options := 100, fakebitbucket.Options{Repositories: 100, Users: 200, OneWorkspace: true, EveryoneReads: true}
	if *measured {
		queries, options.Repositories, options.Users = 500, 500, 286
	}
	fake := fakebitbucket.Start(t, options)
	f := start(t, connection(t, fake)).footprint(queries)
	if f.rest > 25 || f.queried > 40 || f.scanning-f.rest > 40 {
		t.Errorf("%d MiB at rest, %d after %d small queries, %d in a scan of %d rows, want at most 25, 40, and 40 above rest", f.rest, f.queried, queries, f.scanning, f.rows)
	}
	if *measured {
		fmt.Printf("\n| at rest | after %d small queries | in a scan of %d permissions |\n|---|---|---|\n| %d MiB | %d MiB | %d MiB |\n", queries, f.rows, f.rest, f.queried, f.scanning)
	}
}
