package fakebitbucket

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const quotaWindow = time.Hour

// A quota counts requests in a rolling hour.
// https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
type quota struct {
	mu    sync.Mutex             // guards the fields below
	limit int                    // 0: unlimited
	used  map[string][]time.Time // by budget, oldest first
}

// SetQuota changes the number of API requests in a rolling hour for each OAuth consumer, or for each user without
// one. 0 is unlimited.
func (s *Server) SetQuota(limit int) {
	s.quota.mu.Lock()
	defer s.quota.mu.Unlock()
	s.quota.limit = limit
}

// take uses one request of a budget. It returns false if the budget is used up.
func (q *quota) take(budget string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.limit == 0 {
		return true
	}
	used := q.current(budget, now)
	if len(used) >= q.limit {
		return false
	}
	q.used[budget] = append(used, now)
	return true
}

// current removes the requests before the window, and returns the others.
func (q *quota) current(budget string, now time.Time) []time.Time {
	if q.used == nil {
		q.used = map[string][]time.Time{}
	}
	used := slices.DeleteFunc(q.used[budget], func(t time.Time) bool { return now.Sub(t) >= quotaWindow })
	q.used[budget] = used
	return used
}

// describe adds headers with the rest of the quota. The limit appears twice, the second time with its window. The
// reset is the number of seconds until the oldest request leaves the window.
func (q *quota) describe(h http.Header, budget string, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.limit == 0 {
		return
	}
	used := q.current(budget, now)
	reset := quotaWindow
	if len(used) > 0 {
		reset -= now.Sub(used[0])
	}
	h.Set("X-Ratelimit-Limit", fmt.Sprintf("%d, %d;w=%d", q.limit, q.limit, int(quotaWindow.Seconds())))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(q.limit-len(used)))
	h.Set("X-Ratelimit-Reset", strconv.Itoa(int((reset+time.Second-1)/time.Second)))
}
