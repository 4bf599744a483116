package postgres_test

import (
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// BenchmarkMillion does three runs with a million rows: the first one, the same rows again, and one in which each tenth
// row has changed. The heap stays as small as with few rows.
func BenchmarkMillion(b *testing.B) {
	const rows = 1_000_000
	table := replica.Table{
		Name: "bitbucket_commit", Key: []string{"repository_uuid", "hash"}, HasHistory: true,
		Columns: []replica.Column{
			{Name: "repository_uuid", Type: replica.Text}, {Name: "hash", Type: replica.Text}, {Name: "message", Type: replica.Text},
			{Name: "authored_on", Type: replica.Timestamp}, {Name: "is_merge", Type: replica.Boolean}, {Name: "parents", Type: replica.JSON},
		},
	}
	server := postgrestest.StartServer(b)
	for b.Loop() {
		for number, changed := range []int{0, 0, 10} {
			d := open(b, server.Location())
			if _, err := d.Open(b.Context()); err != nil {
				b.Fatal(err)
			}
			started, peak := time.Now(), uint64(0)
			const batches = 100
			for i := range batches {
				batch := replica.Batch{Table: table, Rows: commits(i*rows/batches, rows/batches, changed, &peak)}
				if err := d.Stage(b.Context(), batch, replicatest.Progress(fmt.Sprint(i))); err != nil {
					b.Fatal(err)
				}
			}
			staged := time.Now()
			at := time.Date(2026, 11, 30, number, 0, 0, 0, time.UTC)
			counts, err := d.Publish(b.Context(), replica.Run{ID: fmt.Sprint(number), StartedAt: at, EndedAt: at}, []replica.Change{{Table: table, IsWhole: true}}, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.Logf("run %d: staged %.0f rows a second, published %.0f, heap of at most %d MB: %+v", number,
				rows/staged.Sub(started).Seconds(), rows/time.Since(staged).Seconds(), peak>>20, counts[table.Name])
			if err := d.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// commits returns rows, and notes the largest heap.
func commits(from, n, changed int, peak *uint64) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		row := make([]any, 6)
		for i := from; i < from+n; i++ {
			row[0], row[1], row[2] = fmt.Sprintf("{repository-%04d}", i/1000), fmt.Sprintf("%040x", i), fmt.Sprint("Message ", i)
			row[3], row[4], row[5] = time.Unix(int64(i), 0).UTC(), i%7 == 0, fmt.Sprintf(`[{"hash": "%040x"}]`, i-1)
			if changed > 0 && i%changed == 0 {
				row[2] = "Changed"
			}
			if !yield(row, nil) {
				return
			}
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		*peak = max(*peak, m.HeapInuse)
	}
}
