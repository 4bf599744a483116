package parquetfiles

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

var measured = flag.Bool("measure", false, "copy a million rows, and print what that takes")

// heap returns how much memory objects take, and what the collector has not looked at yet.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// commitTable is a table as wide as that of commits.
var commitTable = replica.Table{
	Name: "bitbucket_commit",
	Columns: []replica.Column{
		{Name: "repository", Type: replica.Text}, {Name: "hash", Type: replica.Text}, {Name: "message", Type: replica.Text},
		{Name: "author", Type: replica.Text}, {Name: "date", Type: replica.Timestamp}, {Name: "parents", Type: replica.JSON},
	},
	Key: []string{"repository", "hash"},
}

// commitsFrom returns a batch of commits. Their hashes and messages have little that repeats.
func commitsFrom(first, count int, peak *uint64) replica.Batch {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return replica.Batch{Table: commitTable, Rows: func(yield func([]any, error) bool) {
		row := make([]any, len(commitTable.Columns))
		for i := first; i < first+count; i++ {
			sha := fmt.Sprintf("%016x%016x", uint64(i)*0x9E3779B97F4A7C15, uint64(i)*0xC2B2AE3D27D4EB4F)
			row[0], row[1] = fmt.Sprint("acme/repository-", i/1000), sha
			row[2] = strings.Repeat("Mend what broke in "+sha[:6]+". ", 3)
			row[3], row[4], row[5] = fmt.Sprint("user ", i%300), at.Add(time.Duration(i)*time.Minute), `["`+sha[8:]+`"]`
			if i%1000 == 0 {
				*peak = max(*peak, heap())
			}
			if !yield(row, nil) {
				return
			}
		}
	}}
}

// Rows stream: a run keeps 48 bytes of each that it staged, and a row group.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	rows, limit := 100_000, uint64(192<<20)
	if *measured {
		rows, limit = 1_000_000, 320<<20
	}
	d := begin(t, "parquet:"+t.TempDir())
	defer watch()(t, limit)
	for n := 1; n <= 3; n++ {
		start := time.Now()
		var peak uint64
		// The second run appends a hundredth, and the third one copies all of it again.
		first, count := 0, rows
		if n == 2 {
			first, count = rows, rows/100
		}
		if err := d.Stage(t.Context(), commitsFrom(first, count, &peak), replicatest.Progress("1")); err != nil {
			t.Fatal(err)
		}
		staged := time.Since(start)
		counts := publish(t, d, n, replica.Change{Table: commitTable})[commitTable.Name]
		var bytes int64
		files := d.manifest.table(commitTable.Name).Files
		for _, f := range files {
			bytes += f.Bytes
		}
		t.Logf("run %d: %+v, staged in %s, published in %s, %d files, %d bytes a row, %d MB while staging", n, counts,
			staged.Round(time.Millisecond), (time.Since(start) - staged).Round(time.Millisecond), len(files), bytes/counts.Rows, peak>>20)
	}
}

// watch looks at the heap until the function that it returns is called, which checks the largest one.
func watch() func(t *testing.T, limit uint64) {
	runtime.GC()
	before := heap()
	stop, peak := make(chan bool), make(chan uint64)
	go func() {
		var most uint64
		for {
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(time.Millisecond):
				most = max(most, heap())
			}
		}
	}()
	return func(t *testing.T, limit uint64) {
		close(stop)
		most := <-peak - before
		t.Logf("the heap had %d MB at most", most>>20)
		if most > limit {
			t.Errorf("the heap had %d MB, and may have %d", most>>20, limit>>20)
		}
	}
}
