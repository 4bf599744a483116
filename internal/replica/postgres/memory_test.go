package postgres_test

import (
	"runtime"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// Rows of 200 MB stream through a heap that is a fraction of them, in one batch, in publishing, and when they are read.
func testFlatMemory(e *env) {
	const rows, limit = 100_000, 20 << 20
	table := replica.Table{Name: "bitbucket_large", Key: []string{"id"}, Columns: []replica.Column{
		{Name: "id", Type: replica.Integer}, {Name: "content", Type: replica.Text},
	}}
	peak := uint64(0)
	measure := func() {
		var m runtime.MemStats
		runtime.GC() // how much garbage there is depends on the machine
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	source := func(yield func([]any, error) bool) {
		for i := range rows {
			if i%1000 == 0 {
				measure()
			}
			if !yield([]any{int64(i), strings.Repeat("row ", 500)}, nil) {
				return
			}
		}
	}
	d := open(e, e.location())
	if _, err := d.Open(e.Context()); err != nil {
		e.Fatal(err)
	}
	if err := d.Stage(e.Context(), replica.Batch{Table: table, Rows: source}, replicatest.Progress(`1`)); err != nil {
		e.Fatal(err)
	}
	if _, err := d.Publish(e.Context(), replica.Run{ID: "run"}, []replica.Change{{Table: table, IsWhole: true}}, nil); err != nil {
		e.Fatal(err)
	}
	measure()
	n := 0
	for _, err := range d.Current(e.Context(), table, []string{"id", "content"}) {
		if err != nil {
			e.Fatal(err)
		}
		if n++; n%1000 == 0 {
			measure()
		}
	}
	e.Logf("a heap of %d MB", peak>>20)
	if n != rows || peak > limit {
		e.Errorf("read %d rows with a heap of %d MB, want %d rows and at most %d MB", n, peak>>20, rows, limit>>20)
	}
}
