package bitbucket

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A scanKind is a kind of scan whose cost is measured.
type scanKind struct {
	name    string
	options fakebitbucket.Options
	few     tableQuery
	all     string // all columns that the same requests return
	pageLen int    // the maximum page length of its endpoint
	// overhead is the number of requests that are not for rows.
	overhead int
	// ownerColumn is the column that identifies the list of a row, one for each of the owners. It is "" if each row is one
	// request, or if all are in one list.
	ownerColumn string
	owners      int

	trips, first int // round trips in turn, and until the first row
}

const roundTrip = 100 * time.Millisecond

// scanKinds returns the scans that all others consist of. Beside the large workspace there is an empty one.
func scanKinds() []scanKind {
	byName := fakebitbucket.Options{OneWorkspace: true}
	return []scanKind{
		{
			name: "5,000 repositories", options: fakebitbucket.Options{Repositories: 5000, OneWorkspace: true},
			few: tableQuery{table: "bitbucket_repository", columns: fewColumns}, all: listColumns(), pageLen: 100, overhead: 1, ownerColumn: "workspace_slug", owners: 2,
			trips: 9, first: 2,
		},
		{
			name: "10 of them", options: fakebitbucket.Options{Repositories: 5000, OneWorkspace: true},
			few: tableQuery{table: "bitbucket_repository", columns: fewColumns, limit: 10}, all: listColumns(), pageLen: 100, overhead: 1, ownerColumn: "workspace_slug", owners: 1,
			trips: 2, first: 2,
		},
		{
			name: "one by its name", options: byName,
			few: tableQuery{table: "bitbucket_repository", columns: fewColumns, where: []*proto.Qual{where("full_name", "=", fakebitbucket.New(byName).Organization().Repositories[0].FullName())}}, all: listColumns(), pageLen: 1,
			trips: 1, first: 1,
		},
		{
			name: "the settings of 500 repositories", options: fakebitbucket.Options{Repositories: 500, OneWorkspace: true},
			few: tableQuery{table: "bitbucket_repository_override", columns: "repository_full_name override_settings"}, pageLen: 1, overhead: 1 + 5 + 1,
			trips: 67, first: 4, // pages are read ahead, and the omissions are counted at the end
		},
		{
			name: "pull requests of 100 repositories", options: fakebitbucket.Options{Repositories: 100, OneWorkspace: true},
			few: tableQuery{table: "bitbucket_pull_request", columns: "repository_full_name id state"}, all: allColumns("bitbucket_pull_request"), pageLen: 50,
			overhead: 1 + 1 + 1, ownerColumn: "repository_full_name", owners: 100, trips: 16, first: 3,
		},
		{
			name: "100,000 effective permissions", options: fakebitbucket.Options{Repositories: 500, Users: 200, OneWorkspace: true, EveryoneReads: true},
			few: tableQuery{table: "bitbucket_repository_permission", columns: "repository_full_name user_uuid permission"}, all: allColumns("bitbucket_repository_permission"),
			pageLen: 100, overhead: 1, ownerColumn: "workspace_slug", owners: 2, trips: 129, first: 2, // the last to count the omissions
		},
	}
}

// fewest returns the smallest number of requests that can return these rows.
func (k scanKind) fewest(rows []map[string]any) int {
	lists := map[any]int{}
	for _, r := range rows {
		lists[r[k.ownerColumn]]++
	}
	if k.ownerColumn == "" {
		lists = map[any]int{nil: len(rows)}
	}
	n := k.overhead + max(0, k.owners-len(lists)) // a list without rows also takes a request
	for _, items := range lists {
		n += (items + k.pageLen - 1) / k.pageLen
	}
	return n
}

// A scanCost is the cost of a scan in requests, and in round trips of simulated time, in which a request only waits for others: for
// those that it depends on, or for one of the eight that may be sent at once.
type scanCost struct{ rows, requests, fewest, trips, first int }

// cost returns the cost of a scan, in simulated time.
func (k scanKind) cost(t *testing.T) (c scanCost) {
	t.Helper()
	options := k.options
	options.Latency = roundTrip
	fake := fakebitbucket.New(options)
	s := simulateToken(t, fake)
	q := k.few
	if k.ownerColumn != "" && !strings.Contains(q.columns, k.ownerColumn) {
		q.columns += " " + k.ownerColumn
	}
	s.online(t, func(t *testing.T, _ *network) {
		fake.ResetJournal()
		begin := time.Now()
		stream := &rowStream{ctx: t.Context(), seen: func(n int) {
			if n == 1 {
				c.first = int(time.Since(begin) / roundTrip)
			}
		}}
		if err := s.Execute(s.request([]string{"bitbucket"}, q), stream); err != nil {
			t.Fatal(err)
		}
		c.trips = int(time.Since(begin) / roundTrip)
		c.rows, c.requests, c.fewest = len(stream.rows), len(fake.Journal()), k.fewest(stream.rows)
	})
	return c
}

// TestCostOfScans counts the requests and round trips of each kind of scan. It makes at most five percent more requests than
// the fewest possible, takes no more round trips than listed, and returns the first row as soon as its page has arrived.
func TestCostOfScans(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, k := range scanKinds() {
		t.Run(k.name, func(t *testing.T) {
			c := k.cost(t)
			if c.rows == 0 || 100*c.requests > 105*c.fewest {
				t.Errorf("%d requests for %d rows, but %d are enough", c.requests, c.rows, c.fewest)
			}
			if c.trips > k.trips {
				t.Errorf("%d round trips in turn, want %d", c.trips, k.trips)
			}
			if c.first > k.first {
				t.Errorf("the first row came after %d round trips, want %d", c.first, k.first)
			}
		})
	}
}

// TestBytesOfAFewColumns checks that three columns take at most a tenth of the bytes of all columns. Compressed, the worst take
// a sixth: those whose values have nothing in common.
func TestBytesOfAFewColumns(t *testing.T) {
	h, r := recorded(t, fakebitbucket.Options{Repositories: 500, OneWorkspace: true})
	h.count(listColumns(), nil)
	all, allPlain := r.bytes.Load(), r.plain.Load()
	for _, test := range []struct {
		columns string
		most    int64 // percent, compressed
	}{{"full_name is_private project_key", 10}, {fewColumns, 20}} {
		r.forget()
		h.count(test.columns, nil)
		few, fewPlain := r.bytes.Load(), r.plain.Load()
		if 100*fewPlain > 10*allPlain || 100*few > test.most*all {
			t.Errorf("%s took %d of %d bytes, compressed %d of %d", test.columns, fewPlain, allPlain, few, all)
		}
	}
}

// TestNoRequestAfterTheLastRow checks that a query sends no request once it has the rows of its LIMIT, or is cancelled.
func TestNoRequestAfterTheLastRow(t *testing.T) {
	fake := fakebitbucket.New(fakebitbucket.Options{Repositories: 1000, OneWorkspace: true, Latency: roundTrip})
	s := simulateToken(t, fake)
	for name, limit := range map[string]int64{"LIMIT": 150, "cancelled": 0} {
		s.online(t, func(t *testing.T, _ *network) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			sent := 0
			stream := &rowStream{ctx: ctx, seen: func(n int) {
				if n == 150 {
					synctest.Wait() // all requests for pages ahead are in flight
					sent = len(fake.Journal())
					if limit == 0 {
						cancel()
					}
				}
			}}
			fake.ResetJournal()
			err := s.Execute(s.request([]string{"bitbucket"}, tableQuery{table: "bitbucket_repository", columns: "full_name", limit: limit}), stream)
			if (err != nil) != (limit == 0) {
				t.Errorf("%s: error %v", name, err)
			}
			time.Sleep(10 * roundTrip) // simulated
			if after := len(fake.Journal()); sent == 0 || after > sent {
				t.Errorf("%s: %d requests after the last row, %d before", name, after-sent, sent)
			}
		})
	}
}

// A measurement is the cost of a scan with the time that it takes.
type measurement struct {
	scanCost
	few, all           [2]int64 // bytes as sent, and uncompressed
	wall, first        time.Duration
	fewRate, allRate   float64    // rows per second
	fewShare, allShare [2]float64 // of the rates of the constant plugin: in all, and without the network
	peak               int64
}

// measure measures scans of recorded answers, with the time of a round trip before each, or without.
func (k scanKind) measure(t *testing.T) (m measurement) {
	t.Helper()
	m.scanCost = k.cost(t)
	h, r := recorded(t, k.options)
	all := k.few
	all.columns = k.all
	bytes := func(q tableQuery) [2]int64 {
		h.countOf(q, nil) // recorded
		r.forget()
		h.countOf(q, nil)
		return [2]int64{r.bytes.Load(), r.plain.Load()}
	}
	rate := func(h *host, q tableQuery) float64 {
		runtime.GC()
		rows, begin := 0, time.Now()
		for time.Since(begin) < 2*time.Second {
			rows += h.countOf(q, nil)
		}
		return float64(rows) / time.Since(begin).Seconds()
	}
	m.few = bytes(k.few)
	rows := h.countOf(k.few, nil)
	alone := simulateToken(t, r.fake, `max_age = "0s"`) // without network
	alone.connect(&route{r})
	rates := func(q tableQuery) (float64, [2]float64) {
		alone.countOf(q, nil) // recorded
		constantHost := h.constant(q, rows)
		var n, most, own float64
		for range 3 { // in turn, so that other load of the machine affects all
			n, most, own = max(n, rate(h, q)), max(most, rate(constantHost, q)), max(own, rate(alone.host, q))
		}
		return n, [2]float64{n / most, own / most}
	}
	m.fewRate, m.fewShare = rates(k.few)
	if k.all != "" {
		m.all = bytes(all)
		m.allRate, m.allShare = rates(all)
	}
	m.peak = peakMemory(h, k.few, max(1, rows/20))
	r.latency = roundTrip
	h.countOf(tableQuery{table: "bitbucket_user"}, nil) // a connection that is kept alive
	begin := time.Now()
	h.countOf(k.few, func(n int) {
		if n == 1 {
			m.first = time.Since(begin)
		}
	})
	m.wall = time.Since(begin)
	return m
}

// measured lets TestPerformance run.
var measured = flag.Bool("measure", false, "print the table of docs/performance.md, which takes some minutes of a quiet machine")

// TestPerformance prints the table of docs/performance.md: `make bench`.
func TestPerformance(t *testing.T) {
	if !*measured {
		t.Skip("only with -measure, as it measures time")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // as in the plugin
	out := &strings.Builder{}
	line := func(cells ...any) {
		for _, cell := range cells {
			fmt.Fprintf(out, "| %v ", cell)
		}
		fmt.Fprintln(out, "|")
	}
	line("scan", "rows", "requests", "fewest possible", "round trips in turn", "first row after", "KiB, few columns", "KiB, all", "seconds at 100 ms", "first row, seconds", "rows/s, few columns", "rows/s, all", "MiB above idle")
	fmt.Fprintln(out, strings.Repeat("|---", 13)+"|")
	for _, k := range scanKinds() {
		m := k.measure(t)
		size := func(n [2]int64) string { return fmt.Sprintf("%d (%d)", n[0]>>10, n[1]>>10) }
		speed := func(rate float64, share [2]float64) string {
			return fmt.Sprintf("%.0f (%.0f, %.0f %%)", rate, 100*share[0], 100*share[1])
		}
		few, all, allSize := "", "", ""
		if m.rows >= 10*m.requests { // else the time is that of requests, not of rows
			few = speed(m.fewRate, m.fewShare)
		}
		if k.all != "" {
			allSize = size(m.all)
		}
		if few != "" && k.all != "" {
			all = speed(m.allRate, m.allShare)
		}
		line(k.name, m.rows, m.requests, m.fewest, m.trips, m.scanCost.first, size(m.few), allSize, fmt.Sprintf("%.2f", m.wall.Seconds()),
			fmt.Sprintf("%.2f", m.first.Seconds()), few, all, fmt.Sprintf("%.1f", float64(m.peak)/(1<<20)))
	}
	fmt.Print("\n", out)
}
