//go:build !windows

package parquetfiles

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// limitFiles makes the kernel refuse to write more than so many bytes to a file, as a disk does that is full.
func limitFiles(bytes string) {
	if n, err := strconv.ParseUint(bytes, 10, 64); err == nil {
		limit := syscall.Rlimit{Cur: n, Max: n}
		_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	}
}

// What the kernel refuses to write leaves the rows of the last run, and says what to do.
func TestNoSpace(t *testing.T) {
	for _, limit := range []string{"100", "1000"} {
		dir := t.TempDir()
		location := "parquet:" + dir
		firstRun(t, location)
		output, isDone := rerun(t, location, "REPLICA_LIMIT="+limit)
		if isDone || !strings.Contains(output, "file too large") || !strings.Contains(output, "Free some space on the disk, and run sync again") {
			t.Errorf("%v: %s", isDone, output)
		}
		if checkEither(t, location) {
			t.Error("the run was published")
		}
		checkGlob(t, dir, true, false)
		if output, isDone := rerun(t, location); !isDone {
			t.Error(output)
		}
		checkEither(t, location)
		checkGlob(t, dir, true, true)
	}
}
