package api

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/signal"
)

// Quota is what the last response that spoke of it said about the request quota. Bitbucket does
// not always tell: each part is present only if it did.
//
// https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
type Quota struct {
	// Known is whether any response has said anything yet.
	Known bool
	// Limit is the number of requests in an hour, and Remaining what is left of it, or nil.
	Limit, Remaining *int64
	// ResetAt is when the quota returns, or zero.
	ResetAt time.Time
	// NearLimit is the service's own warning that little is left, or nil.
	NearLimit *bool
	// Resource is the name of the group of endpoints that the quota is for, or empty.
	Resource string
	// ObservedAt is when the response came.
	ObservedAt time.Time
}

// Quota returns what the last responses said about the request quota.
func (c *Client) Quota() Quota { return c.quota.last() }

const (
	quotaWaitMin = time.Second
	quotaWaitMax = 30 * time.Second
)

// quota is a gate that closes for the whole client when the service answers 429. Everybody waits
// together and once; who would have to wait longer than maxWait fails at once instead.
type quota struct {
	next    http.RoundTripper
	maxWait time.Duration
	logger  hclog.Logger

	repeats atomic.Int64

	mu       sync.Mutex
	observed Quota     // guarded by mu
	opensAt  time.Time // guarded by mu: when the gate opens, or opened, again
	told     bool      // guarded by mu: opensAt is the service's word, not our guess
	closings int       // guarded by mu: how often the gate has closed
	refusals int       // guarded by mu: how many of these closings came without a success between
	paced    time.Time // guarded by mu: when the next request may be sent while little is left

	inFlight int           // guarded by mu
	answered signal.Signal // guarded by mu: a request has come back

	answeredAt time.Time // guarded by mu: when the last response came
}

func (q *quota) RoundTrip(req *http.Request) (*http.Response, error) {
	var waited time.Duration
	for {
		closings, err := q.pass(req, &waited)
		if err != nil {
			return nil, err
		}
		resp, err := q.next.RoundTrip(req)
		q.observe(resp)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusTooManyRequests {
			q.succeeded(closings)
			return resp, nil
		}
		resp.Body.Close()
		q.close(resp, closings)
		q.repeats.Add(1)
	}
}

// pass waits until the gate is open, and when little is left of the quota for the request's turn. It returns the count of
// closings that the request has seen.
func (q *quota) pass(req *http.Request, waited *time.Duration) (int, error) {
	for hasTurn := false; ; {
		q.mu.Lock()
		if q.mayBeSpent() {
			answered := q.answered.Next()
			q.mu.Unlock()
			select {
			case <-answered:
				continue
			case <-req.Context().Done():
				return 0, req.Context().Err()
			}
		}
		closings, wait, told := q.closings, time.Until(q.opensAt), q.told
		isOpen := wait <= 0
		if isOpen {
			if hasTurn {
				wait = 0
			} else {
				wait, hasTurn = min(q.turn(time.Now()), q.maxWait-*waited), true
			}
		}
		if wait <= 0 {
			q.inFlight++
		}
		q.mu.Unlock()
		if wait <= 0 {
			return closings, nil
		}
		if !isOpen && *waited+wait > q.maxWait {
			return 0, q.exhausted(req, wait, told, *waited)
		}
		if err := sleep(req.Context(), wait); err != nil {
			return 0, err
		}
		*waited += wait
	}
}

const (
	// nearShare is the part of the quota, one in so many, that counts as little.
	nearShare = 20
	// paceMax is the longest that requests follow each other at when little is left.
	paceMax = time.Second
)

// mayBeSpent says whether the requests in flight may use up all that is left: then one of them has to come back, and tell,
// before another is sent. When the quota returns it may be by one request alone, the first of the hour before: so what was
// left counts until somebody has been answered since. The caller holds mu.
func (q *quota) mayBeSpent() bool {
	o := q.observed
	return o.Remaining != nil && q.inFlight > 0 && *o.Remaining <= int64(q.inFlight) && !q.answeredAt.After(o.ResetAt)
}

// turn is how long a request has to wait for its turn. While there is little left of the quota, that is spread over the
// time until it returns, so that it is less often used up. The caller holds mu.
func (q *quota) turn(now time.Time) time.Duration {
	o := q.observed
	if o.Limit == nil || o.Remaining == nil || *o.Remaining*nearShare > *o.Limit || !o.ResetAt.After(now) {
		return 0
	}
	at := q.paced
	if at.Before(now) {
		at = now
	}
	q.paced = at.Add(min(o.ResetAt.Sub(now)/time.Duration(*o.Remaining+1), paceMax))
	return at.Sub(now)
}

func (q *quota) exhausted(req *http.Request, wait time.Duration, told bool, waited time.Duration) error {
	err := &QuotaError{Path: req.URL.Path, Waited: waited, MaxWait: q.maxWait, Limit: q.last().Limit}
	if told {
		err.ResetIn = wait
		err.ResetAt = time.Now().Add(wait)
	}
	return err
}

// close closes the gate, unless another response has done so since the refused request was sent:
// eight requests that are refused together are one refusal.
func (q *quota) close(resp *http.Response, seen int) {
	asked, told := quotaReturnsIn(resp)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closings != seen {
		return
	}
	wait := jitter(min(quotaWaitMin<<min(q.refusals, 10), quotaWaitMax))
	if told && (q.refusals == 0 || asked > wait) {
		wait = max(asked, quotaWaitMin)
	}
	q.closings++
	q.refusals++
	q.told = told
	q.opensAt = time.Now().Add(wait)
	q.logger.Info("the request quota is used up: waiting", "wait", wait.Round(time.Second), "told", told)
}

// succeeded forgets the refusals, if the gate hasn't closed since the request was sent.
func (q *quota) succeeded(seen int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closings == seen {
		q.refusals = 0
	}
}

func (q *quota) last() Quota {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.observed
}

// observe counts a request that has come back, with a response or without, and learns what the response says.
func (q *quota) observe(resp *http.Response) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inFlight--
	q.answered.Announce()
	if resp == nil {
		return
	}
	q.answeredAt = time.Now()
	observed, ok := parseQuota(resp.Header)
	if !ok {
		return
	}
	// Answers overtake each other, but until the quota returns nothing is added to what is left.
	if before := q.observed; observed.Remaining != nil && before.Remaining != nil && observed.Resource == before.Resource && time.Now().Before(before.ResetAt) {
		observed.Remaining = new(min(*observed.Remaining, *before.Remaining))
	}
	q.observed = observed
	if r := observed.Remaining; r != nil && *r == 0 && observed.ResetAt.After(q.opensAt) && resp.StatusCode != http.StatusTooManyRequests {
		// Nothing is left: the next request would be refused, so it is not sent.
		q.opensAt, q.told = observed.ResetAt, true
	}
}

// parseQuota reads the headers that Bitbucket sends about the quota.
func parseQuota(header http.Header) (Quota, bool) {
	now := time.Now()
	q := Quota{
		Limit:      leadingInt(header.Get("X-Ratelimit-Limit")),
		Remaining:  leadingInt(header.Get("X-Ratelimit-Remaining")),
		Resource:   sanitize(header.Get("X-Ratelimit-Resource"), maxWord),
		ObservedAt: now,
	}
	if wait, ok := resetIn(header); ok {
		q.ResetAt = now.Add(wait)
	}
	if near, err := strconv.ParseBool(header.Get("X-Ratelimit-Nearlimit")); err == nil {
		q.NearLimit = &near
	}
	q.Known = q.Limit != nil || q.Remaining != nil || !q.ResetAt.IsZero() || q.NearLimit != nil
	return q, q.Known
}

// leadingInt reads the first number of a header such as "1000, 1000;w=3600".
func leadingInt(header string) *int64 {
	end := strings.IndexFunc(header, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(header)
	}
	n, err := strconv.ParseInt(header[:end], 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// quotaReturnsIn is how long a 429 asks to wait, if it says.
func quotaReturnsIn(resp *http.Response) (time.Duration, bool) {
	if wait, ok := retryAfter(resp); ok {
		return wait, true
	}
	return resetIn(resp.Header)
}

// retryAfter reads a Retry-After of seconds or a date.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return wholeSeconds(seconds), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(serverTime(resp.Header))), true
	}
	return 0, false
}

// resetIn reads x-ratelimit-reset, which is the seconds that are left, or for some the time itself.
func resetIn(header http.Header) (time.Duration, bool) {
	seconds := leadingInt(header.Get("X-Ratelimit-Reset"))
	if seconds == nil {
		return 0, false
	}
	if *seconds > 1e9 {
		return max(0, time.Unix(*seconds, 0).Sub(serverTime(header))), true
	}
	return wholeSeconds(*seconds), true
}

// serverTime is the service's clock where it tells it, as this machine's may be wrong.
func serverTime(header http.Header) time.Time {
	date, _ := http.ParseTime(header.Get("Date"))
	return cmp.Or(date, time.Now())
}

// wholeSeconds is a duration, at most a day and never negative, so that no header overflows it.
func wholeSeconds(n int64) time.Duration {
	return time.Duration(min(max(n, 0), 24*60*60)) * time.Second
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
