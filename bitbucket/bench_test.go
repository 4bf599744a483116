package bitbucket

import (
	"context"
	"runtime"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"google.golang.org/grpc"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

const (
	fewColumns = "full_name size updated_on"
	manyRows   = 5000
)

// listColumns returns all columns that come with the list of repositories.
func listColumns() string {
	return allColumns("bitbucket_repository")
}

// A rowCounter drops the rows that it counts.
type rowCounter struct {
	grpc.ServerStream
	ctx  context.Context
	rows int
	seen func(n int) // called after each row, if set
}

func (c *rowCounter) Context() context.Context { return c.ctx }

func (c *rowCounter) Send(*proto.ExecuteResponse) error {
	c.rows++
	if c.seen != nil {
		c.seen(c.rows)
	}
	return nil
}

// count scans the repositories and returns how many there are.
func (h *host) count(columns string, seen func(n int)) int {
	h.t.Helper()
	return h.countOf(tableQuery{table: "bitbucket_repository", columns: columns}, seen)
}

// countOf makes a query and returns how many rows it has.
func (h *host) countOf(q tableQuery, seen func(n int)) int {
	h.t.Helper()
	stream := &rowCounter{ctx: context.Background(), seen: seen}
	if err := h.Execute(h.request([]string{"bitbucket"}, q), stream); err != nil {
		h.t.Fatal(err)
	}
	return stream.rows
}

// inUse returns the memory in use, in bytes. It collects garbage first.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// peakMemory returns the maximum by which the memory in use grows during a query. It measures after every so many rows.
func peakMemory(h *host, q tableQuery, every int) int64 {
	h.countOf(q, nil) // opens connections and fills pools, which are not freed
	before, peak := inUse(), int64(0)
	h.countOf(q, func(n int) {
		if n%every == 0 {
			peak = max(peak, inUse()-before)
		}
	})
	return peak
}

func TestRequestsOfALargeScan(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: manyRows, OneWorkspace: true})
	h := connected(t, fake)
	if rows := h.count(fewColumns, nil); rows != manyRows {
		t.Errorf("%d rows, want %d", rows, manyRows)
	}
	want := map[string]int{"/user/workspaces": 1, "/repositories/{workspace}": manyRows/100 + 1} // and one of the empty workspace
	for endpoint, n := range requested(fake) {
		if n != want[endpoint] {
			t.Errorf("%d requests of %s, want %d", n, endpoint, want[endpoint])
		}
	}
}

// TestMemoryDoesNotGrowWithTheRows compares a short scan with a long one. Rows and pages in flight, here and in the SDK, take
// some megabytes, depending on the load of the machine. If the plugin kept the rows, they would take more than twenty.
func TestMemoryDoesNotGrowWithTheRows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	peak := func(repositories int) int64 {
		h, _ := recorded(t, fakebitbucket.Options{Repositories: repositories, Users: 200, OneWorkspace: true, EveryoneReads: true})
		return peakMemory(h, tableQuery{table: "bitbucket_repository_permission", columns: "repository_full_name user_uuid permission"}, 20*repositories)
	}
	few, many := peak(10), peak(300)
	if grown := many - few; grown > 15<<20 {
		t.Errorf("60,000 rows took %d KiB more than 2,000 rows (%d)", grown>>10, few>>10)
	}
}
