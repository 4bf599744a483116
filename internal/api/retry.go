package api

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-retryablehttp"
)

const (
	retries      = 4
	retryWaitMin = 500 * time.Millisecond
	retryWaitMax = 8 * time.Second
	// retryFor is how long after the first attempt another attempt may begin. Without it, a service that never answers
	// would block a query for five times the longest attempt.
	retryFor = 90 * time.Second
)

// passing are the statuses of temporary failures. 555 is not one of them: Bitbucket gave up computing the answer, and
// would do so again.
var passing = []int{
	http.StatusInternalServerError,
	http.StatusBadGateway,
	http.StatusServiceUnavailable,
	http.StatusGatewayTimeout,
}

// A retryTransport repeats a request after a temporary failure: a status in passing, or a connection that was refused
// or broke off. It ignores a used-up quota.
type retryTransport struct {
	retryablehttp.RoundTripper
	maxWait time.Duration
	logger  hclog.Logger
	count   atomic.Int64
}

func newRetry(next http.RoundTripper, maxWait time.Duration, logger hclog.Logger) *retryTransport {
	r := &retryTransport{maxWait: maxWait, logger: logger}
	r.Client = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: next,
			// The outer client decides about redirects.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:       retries,
		RetryWaitMin:   retryWaitMin,
		RetryWaitMax:   retryWaitMax,
		CheckRetry:     isPassing,
		Backoff:        r.backoff,
		ErrorHandler:   giveUp,
		RequestLogHook: r.observe,
	}
	return r
}

func (r *retryTransport) observe(_ retryablehttp.Logger, req *http.Request, attempt int) {
	if attempt > 0 {
		r.count.Add(1)
		r.logger.Debug("retrying", "path", req.URL.Path, "attempt", attempt+1)
	}
}

type begunKey struct{}

func (r *retryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	return r.RoundTripper.RoundTrip(req.WithContext(context.WithValue(req.Context(), begunKey{}, time.Now())))
}

// isPassing reports whether to retry. It is the retry policy.
func isPassing(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if begun, ok := ctx.Value(begunKey{}).(time.Time); ok && time.Since(begun) > retryFor {
		return false, nil
	}
	if err != nil {
		return !isLasting(err), nil
	}
	return slices.Contains(passing, resp.StatusCode), nil
}

// isLasting reports whether another attempt would fail in the same way.
func isLasting(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	return isCertificateError(err) || isOurs(err)
}

func isCertificateError(err error) bool {
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	return unverified || notTLS
}

// isOurs reports whether an error comes from this package's own transports and not from the network.
func isOurs(err error) bool {
	_, authorizer := errors.AsType[*authorizerError](err)
	_, renewal := errors.AsType[*renewalError](err)
	_, protocol := errors.AsType[*ProtocolError](err)
	_, budget := errors.AsType[*BudgetError](err)
	return authorizer || renewal || protocol || budget
}

// backoff returns a wait that doubles with each attempt. It follows a Retry-After up to the longest wait of a query.
func (r *retryTransport) backoff(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(least, most, attempt, nil)
	if resp != nil {
		if asked, ok := retryAfter(resp); ok && asked > wait {
			wait = min(asked, max(r.maxWait, wait))
		}
	}
	return jitter(wait)
}

// jitter adds up to a quarter, so that clients that failed together don't retry together.
func jitter(d time.Duration) time.Duration {
	return d + rand.N(d/4+1)
}

// giveUp returns the last response, if there is one, and else an error with the number of attempts.
func giveUp(resp *http.Response, err error, attempts int) (*http.Response, error) {
	if err == nil {
		return resp, nil
	}
	if isOurs(err) {
		return nil, err
	}
	return nil, &ConnectionError{Attempts: attempts, Err: err}
}
