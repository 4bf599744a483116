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
	// limitedMin and limitedMax are the first and the longest wait if the server limits requests and doesn't say for how long.
	limitedMin = time.Second
	limitedMax = 30 * time.Second
)

// A limitedError is the authorization server's answer to too many requests. The server did not look at the grant.
type limitedError struct {
	said     string        // the server's text, not checked
	wait     time.Duration // the wait that the server asks for
	told     bool          // whether it asks for one
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

// retryAfter returns how long an answer asks to wait, at most a day. It reads Retry-After, in seconds or as a date, and
// X-RateLimit-Reset if there is no Retry-After.
func retryAfter(header http.Header) (time.Duration, bool) {
	for _, name := range []string{"Retry-After", "X-Ratelimit-Reset"} {
		if seconds, err := strconv.ParseInt(header.Get(name), 10, 64); err == nil {
			return time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second, true
		}
		at, err := http.ParseTime(header.Get(name))
		now, dateErr := http.ParseTime(header.Get("Date")) // from the server's clock, because ours may be wrong
		if err == nil && dateErr == nil {
			return min(max(at.Sub(now), 0), 24*time.Hour), true
		}
	}
	return 0, false
}

// explain returns the error for a person. It says when to try again, if the server said so, and how long the caller has
// already waited.
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

// A gate is closed while the authorization server limits requests. It is guarded by its owner's mutex.
type gate struct {
	closed   *limitedError // nil if the gate is open
	closedAt time.Time
	wait     time.Duration // from closedAt on
	times    int           // how often it was closed since the last token
}

// close closes the gate for as long as the server asks, but at least for a time that doubles while no token comes.
func (g *gate) close(limited *limitedError, now time.Time) {
	wait := min(limitedMin<<min(g.times, 10), limitedMax)
	wait += rand.N(wait/4 + 1) // so that processes that were limited together don't retry together
	if limited.told && (g.times == 0 || limited.wait > wait) {
		wait = max(limited.wait, limitedMin)
	}
	g.closed, g.closedAt, g.wait = limited, now, wait
	g.times++
}

// left returns how long the gate stays closed. It opens at once if the clock was set back.
func (g *gate) left(now time.Time) time.Duration {
	if past := now.Sub(g.closedAt); g.closed != nil && past >= 0 {
		return max(g.wait-past, 0)
	}
	return 0
}
