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

// Quota is the state of the request quota in the last response that described it. Bitbucket does not always describe
// all parts.
//
// https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
type Quota struct {
	// Known reports whether any response has described the quota.
	Known bool
	// Limit is the number of requests in an hour, and Remaining how many are left. Each is nil if unknown.
	Limit, Remaining *int64
	// ResetAt is when the quota returns, or zero if unknown.
	ResetAt time.Time
	// NearLimit is Bitbucket's own warning that little is left, or nil.
	NearLimit *bool
	// Resource is the name of the group of endpoints that share the quota, or empty.
	Resource string
	// ObservedAt is when the response arrived.
	ObservedAt time.Time
}

// Quota returns the state of the request quota.
func (c *Client) Quota() Quota { return c.quota.last() }

// WaitsUntil returns when the requests that wait for the quota go on. ok is false if no request waits for it.
func (c *Client) WaitsUntil() (at time.Time, ok bool) { return c.quota.waitsUntil() }

const (
	quotaWaitMin = time.Second
	quotaWaitMax = 30 * time.Second
)

// A quotaTransport is a gate that closes for the whole client when Bitbucket answers 429. All requests wait together,
// once. A request that would wait longer than maxWait fails at once.
type quotaTransport struct {
	next    http.RoundTripper
	maxWait time.Duration
	logger  hclog.Logger

	repeats atomic.Int64

	mu       sync.Mutex
	observed Quota     // guarded by mu
	opensAt  time.Time // guarded by mu: when the gate opens or opened
	told     bool      // guarded by mu: Bitbucket named opensAt, it is not a guess
	closings int       // guarded by mu: number of closings
	refusals int       // guarded by mu: number of closings since the last success
	paced    time.Time // guarded by mu: when the next request may be sent if little is left

	waiting  int           // guarded by mu: number of requests that wait until opensAt
	inFlight int           // guarded by mu
	answered signal.Signal // guarded by mu: a response has arrived

	answeredAt time.Time // guarded by mu: when the last response arrived
}

func (q *quotaTransport) RoundTrip(req *http.Request) (*http.Response, error) {
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

// pass waits until the gate is open and, if little of the quota is left, for the request's turn. It returns the number
// of closings so far.
func (q *quotaTransport) pass(req *http.Request, waited *time.Duration) (int, error) {
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
		isRefused := !isOpen && *waited+wait > q.maxWait
		switch {
		case wait <= 0:
			q.inFlight++
		case !isOpen && !isRefused:
			q.waiting++
		}
		q.mu.Unlock()
		if wait <= 0 {
			return closings, nil
		}
		if isRefused {
			return 0, q.exhausted(req, wait, told, *waited)
		}
		err := sleep(req.Context(), wait)
		if !isOpen {
			q.stopWaiting()
		}
		if err != nil {
			return 0, err
		}
		*waited += wait
	}
}

func (q *quotaTransport) stopWaiting() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting--
}

// waitsUntil returns when the requests that wait for the quota go on. ok is false if none waits.
func (q *quotaTransport) waitsUntil() (at time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.opensAt, q.waiting > 0
}

const (
	// nearShare defines little: less than one in nearShare of the quota's requests.
	nearShare = 20
	// paceMax is the longest interval between requests if little is left.
	paceMax = time.Second
)

// mayBeSpent reports whether the requests in flight may use up the rest of the quota. Then the next request waits until
// one of them is answered. The quota may return for one request alone, the first of the previous hour, so the old rest
// counts until a response arrives after the reset. The caller holds mu.
func (q *quotaTransport) mayBeSpent() bool {
	o := q.observed
	return o.Remaining != nil && q.inFlight > 0 && *o.Remaining <= int64(q.inFlight) && !q.answeredAt.After(o.ResetAt)
}

// turn returns how long a request waits for its turn. If little of the quota is left, turn spreads the rest over the
// time until the reset, so that it is used up less often. The caller holds mu.
func (q *quotaTransport) turn(now time.Time) time.Duration {
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

func (q *quotaTransport) exhausted(req *http.Request, wait time.Duration, told bool, waited time.Duration) error {
	err := &QuotaError{Path: req.URL.Path, Waited: waited, MaxWait: q.maxWait, Limit: q.last().Limit}
	if told {
		err.ResetIn = wait
		err.ResetAt = time.Now().Add(wait)
	}
	return err
}

// close closes the gate, unless another response has closed it since the refused request was sent: eight requests that
// are refused together count once.
func (q *quotaTransport) close(resp *http.Response, seen int) {
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

// succeeded resets the refusals, if the gate hasn't closed since the request was sent.
func (q *quotaTransport) succeeded(seen int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closings == seen {
		q.refusals = 0
	}
}

func (q *quotaTransport) last() Quota {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.observed
}

// observe counts an answered or failed request, and reads the quota in the response.
func (q *quotaTransport) observe(resp *http.Response) {
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
	// Responses may arrive out of order. Until the reset, the remaining requests only decrease.
	if before := q.observed; observed.Remaining != nil && before.Remaining != nil && observed.Resource == before.Resource && time.Now().Before(before.ResetAt) {
		observed.Remaining = new(min(*observed.Remaining, *before.Remaining))
	}
	q.observed = observed
	if r := observed.Remaining; r != nil && *r == 0 && observed.ResetAt.After(q.opensAt) && resp.StatusCode != http.StatusTooManyRequests {
		// Nothing is left: Bitbucket would refuse the next request, so it is not sent.
		q.opensAt, q.told = observed.ResetAt, true
	}
}

// parseQuota reads the headers about the quota.
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

// leadingInt returns the first number of a header, for example of "1000, 1000;w=3600".
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

// quotaReturnsIn returns how long a 429 asks to wait, if it says so.
func quotaReturnsIn(resp *http.Response) (time.Duration, bool) {
	if wait, ok := retryAfter(resp); ok {
		return wait, true
	}
	return resetIn(resp.Header)
}

// retryAfter reads a Retry-After header, which contains seconds or a date.
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

// resetIn reads x-ratelimit-reset, which contains the seconds that are left, or for some endpoints the time itself.
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

// serverTime returns the time in the response, because this machine's clock may be wrong, or else this machine's time.
func serverTime(header http.Header) time.Time {
	date, _ := http.ParseTime(header.Get("Date"))
	return cmp.Or(date, time.Now())
}

// wholeSeconds returns a duration between zero and a day, so that no header overflows it.
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
