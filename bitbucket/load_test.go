package bitbucket

import (
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// mishaps are the faults of two in a hundred requests under load. Most are gone at the next attempt, and some are not.
var mishaps = []string{
	"500", "502 with HTML", "503", "504", "reset in the body", "body too short", "closed unanswered", "no answer", "body that stalls",
	"401 as expired", "404 as HTML", "invalid JSON", "values missing",
}

// TestLoad runs fifty queries at once, for hours of simulated time. Two in a hundred requests fail, and the quota doesn't
// suffice. Every result must be exact, or an error that gives the reason. No query waits beyond the limits, memory does not
// grow, no request is sent beyond the quota, and there is one chain of tokens. With -soak, the test simulates four days, which
// takes ten minutes.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	duration, quota := 2*time.Hour, 4000
	if *soak {
		duration *= 50
	}
	fake := fakebitbucket.New(fakebitbucket.Options{
		Repositories: 6, Projects: 3, Users: 6, Groups: 3, PageLen: 3, Latency: 100 * time.Millisecond, AccessTokenUses: 400,
	})
	s := simulateConsumer(t, fake)
	leavesNothing(t)
	questions := s.everything(t)
	for _, b := range questions {
		b.rows = removePart(ages, b.rows)
	}
	fake.SetQuota(quota)
	fake.ResetJournal()
	l := &load{simulation: s, questions: questions, outcomes: map[string]int{}}
	l.breakSome()

	var grown []int64
	left := s.online(t, func(t *testing.T, _ *network) {
		begin := time.Now()
		var asking sync.WaitGroup
		for worker := range 50 {
			asking.Go(func() {
				random := rand.New(rand.NewPCG(uint64(worker), 0))
				for time.Since(begin) < duration && !t.Failed() {
					if l.query(t, random) {
						time.Sleep(time.Second)
					} else {
						time.Sleep(30 * time.Second) // before the next query
					}
				}
			})
		}
		for time.Since(begin) < duration {
			time.Sleep(duration / 6)
			l.count(fake)
			grown = append(grown, inUse())
		}
		asking.Wait()
	})
	if left > 0 {
		t.Errorf("%d connections are left in use", left)
	}
	l.count(fake)

	right, failed := l.outcomes["right"], 0
	for outcome, n := range l.outcomes {
		if outcome == "right" {
			continue
		}
		failed += n
		if !slices.Contains(errorReasons, outcome) {
			t.Errorf("an error without a reason: %s", outcome)
		}
	}
	if right < 100 {
		t.Errorf("%d answers and %d errors: %v", right, failed, l.outcomes)
	}
	if l.refused > l.requests/500 {
		t.Errorf("%d requests of %d were sent although the quota was used up", l.refused, l.requests)
	}
	first, last := grown[1], grown[len(grown)-1]
	if last > first+first/4+(8<<20) {
		t.Errorf("memory grew from %d MB to %d MB: %d", first>>20, last>>20, grown)
	}
	unused := 0
	for token, uses := range fake.RefreshUses() {
		if uses == 0 {
			unused++
		} else if uses > 1 {
			t.Errorf("%.20s… was used %d times", token, uses)
		}
	}
	if unused != 1 || fake.Rotations() < 3 {
		t.Errorf("%d chains of tokens, rotated %d times", unused, fake.Rotations())
	}
	t.Logf("%s: %d requests, %d of them beyond the quota; %d rotations; heap %d MB; %v", duration, l.requests, l.refused, fake.Rotations(), last>>20, l.outcomes)
}

// ages matches the values of a column that counts days. A day may pass during the hours of the test.
var ages = regexp.MustCompile(`"age_days":-?\d+,`)

// A load collects the results of the queries.
type load struct {
	*simulation
	questions []*baseline

	requests, refused int64 // counted so far

	mu       sync.Mutex
	outcomes map[string]int // guarded by mu: the number of right queries, and of each error
}

// breakSome breaks two requests in a hundred.
func (l *load) breakSome() {
	var drawn atomic.Uint64
	for i, name := range mishaps {
		fault := breaches[name].fault
		fault.Count = -1
		fault.Path = "/2.0/{rest...}"
		fault.Match = func(*http.Request) bool {
			if i > 0 {
				return drawn.Load()%uint64(50*len(mishaps)) == uint64(50*i) // chosen by the first fault
			}
			return drawn.Add(1)%uint64(50*len(mishaps)) == 0
		}
		l.fake.Inject(fault)
	}
}

// query runs a random query and checks the result. It reports whether there was no error.
func (l *load) query(t *testing.T, random *rand.Rand) bool {
	b := l.questions[random.IntN(len(l.questions))]
	q := b.tableQuery
	if random.IntN(4) == 0 {
		q.limit = int64(1 + random.IntN(10))
	}
	begin := time.Now()
	rows, err := l.try(t.Context(), q)
	if took := time.Since(begin); took > time.Hour {
		t.Errorf("%s took %s", b, took)
	}
	counts := removePart(ages, tally(q.table, rows))
	if more := surplus(counts, b.rows); len(more) > 0 {
		t.Errorf("%s: a row that occurs twice, or does not exist: %.300s (error %v)", b, more[0], err)
	}
	want := sum(b.rows)
	if q.limit > 0 {
		want = min(want, int(q.limit))
	}
	if err == nil && len(rows) != want {
		t.Errorf("%s, LIMIT %d: %d rows instead of %d, and no error", b, q.limit, len(rows), want)
	}
	outcome := "right"
	if err != nil {
		outcome = reasonOf(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes[outcome]++
	return err == nil
}

// errorReasons are the reasons for errors, in a word each.
var errorReasons = []string{
	"quota", "answered 404", "answered 401", "not JSON", "not a page", "bytes for a file that has", "something other than public keys", "no answer from Bitbucket", "answered 50",
}

// reasonOf returns the reason for an error. The SDK returns it as a text.
func reasonOf(err error) string {
	for _, reason := range errorReasons {
		if strings.Contains(err.Error(), reason) {
			return reason
		}
	}
	return err.Error()
}

// count counts the requests since the last call.
func (l *load) count(fake *fakebitbucket.Server) {
	for _, e := range fake.Journal() {
		if strings.HasPrefix(e.Path, "/2.0/") || strings.HasPrefix(e.Path, "/1.0/") {
			l.requests++
			if e.Status == http.StatusTooManyRequests {
				l.refused++
			}
		}
	}
	fake.ResetJournal()
}
