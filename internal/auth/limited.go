package auth

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// limitedMin and limitedMax are the first and the longest wait for a server that limits requests and doesn't say for how long.
	limitedMin = time.Second
	limitedMax = 30 * time.Second
)

// A limitedError is the authorization server's answer that it was asked too often. The grant was not looked at.
type limitedError struct {
	said     string        // by the server, unchecked
	wait     time.Duration // that it asks for
	told     bool          // whether it does
	tokenURL string
}

func (e *limitedError) Error() string { return e.tokenURL + " limits the rate of requests" }

func newLimited(resp *http.Response, body []byte) *limitedError {
	e := &limitedError{}
	e.wait, e.told = retryAfter(resp.Header)
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	switch mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); {
	case json.Unmarshal(body, &answer) == nil:
		e.said = strings.Trim(answer.Error+": "+answer.Description, ": ")
	case mediaType == "text/plain" && !strings.Contains(string(body), "<"):
		e.said = string(body)
	}
	return e
}

// retryAfter reads how long an answer asks to wait: Retry-After in seconds or as a date, else the seconds of
// X-RateLimit-Reset. It is a day at most.
func retryAfter(header http.Header) (time.Duration, bool) {
	for _, name := range []string{"Retry-After", "X-Ratelimit-Reset"} {
		if seconds, err := strconv.ParseInt(header.Get(name), 10, 64); err == nil {
			return time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second, true
		}
		at, err := http.ParseTime(header.Get(name))
		now, dateErr := http.ParseTime(header.Get("Date")) // the server's clock: ours may be wrong
		if err == nil && dateErr == nil {
			return min(max(at.Sub(now), 0), 24*time.Hour), true
		}
	}
	return 0, false
}

// explain says when to try again: in a while from now, if the server told. The caller has waited for some time already.
func (e *limitedError) explain(now time.Time, left, waited, maxWait time.Duration) *Error {
	said, when := "", "it does not say for how long"
	if e.said != "" {
		said = fmt.Sprintf(": %q", e.said)
	}
	if e.told {
		when = fmt.Sprintf("it takes the next in %s, at %s", left.Round(time.Second), now.Add(left).Format("15:04:05 MST"))
	}
	return &Error{Kind: KindTemporary, Status: http.StatusTooManyRequests, Message: fmt.Sprintf(
		"%s limits the rate of requests (HTTP 429%s); %s. Waited %s of at most %s (max_wait): try again then",
		e.tokenURL, said, when, waited.Round(time.Second), max(maxWait, 0))}
}

// A gate is closed while the authorization server limits requests. Its owner guards it.
type gate struct {
	closed   *limitedError // nil when the gate is open
	closedAt time.Time
	wait     time.Duration // from then on
	times    int           // that it was closed without a token between
}

// close closes the gate for as long as the server asks, or for longer with each time in a row.
func (g *gate) close(limited *limitedError, now time.Time) {
	wait := min(limitedMin<<min(g.times, 10), limitedMax)
	wait += rand.N(wait/4 + 1) // so that processes that were refused together don't come back together
	if limited.told && (g.times == 0 || limited.wait > wait) {
		wait = max(limited.wait, limitedMin)
	}
	g.closed, g.closedAt, g.wait = limited, now, wait
	g.times++
}

// left is how long the gate stays closed. A clock that was set back doesn't make that longer.
func (g *gate) left(now time.Time) time.Duration {
	if past := now.Sub(g.closedAt); g.closed != nil && past >= 0 {
		return max(g.wait-past, 0)
	}
	return 0
}
