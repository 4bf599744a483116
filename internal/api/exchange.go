package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxBody is the largest size of an unpacked response. The largest pages are far smaller.
	maxBody = 64 << 20
	// attemptTimeout limits one exchange, so that a silent connection is noticed and retried.
	attemptTimeout = time.Minute
)

var errAttemptTimeout = errors.New("the answer took too long")

// limitKey is the context key for the largest size of a request's answer, an int64.
type limitKey struct{}

// An exchange transport performs one exchange. It reads the whole body, so that a connection that breaks is a failed
// request, which can be retried, and not half a page.
type exchange struct {
	next         http.RoundTripper
	limit        int64
	timeout      time.Duration
	budget       *Budget
	deprecations deprecations

	requests, bytes atomic.Int64
	scopes          atomic.Pointer[[]string]
}

func (w *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), w.timeout, errAttemptTimeout)
	defer cancel()
	var isConnected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { isConnected.Store(true) }})
	if err := w.budget.take(); err != nil {
		return nil, err
	}
	w.requests.Add(1)
	resp, err := w.exchange(req.WithContext(ctx))
	switch {
	case err == nil:
		return resp, nil
	case errors.Is(context.Cause(ctx), errAttemptTimeout):
		return nil, fmt.Errorf("%w (more than %s)", errAttemptTimeout, w.timeout)
	case isConnected.Load() && isTimeout(err):
		return nil, fmt.Errorf("%w (%v)", errAttemptTimeout, err)
	}
	return nil, err
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout()
}

func (w *exchange) exchange(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	w.observe(req, resp)
	limit := w.limit
	if asked, ok := req.Context().Value(limitKey{}).(int64); ok && succeeded(resp) { // a failure is always read
		limit = min(limit, asked)
	}
	body, err := w.read(resp, limit)
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, protocolError(req.URL, "answered with more than %s", formatSize(limit))
	}
	if _, err := resp.Location(); err != nil && !errors.Is(err, http.ErrNoLocation) {
		return nil, protocolError(req.URL, "redirects to something that is not an address")
	}
	resp.Body = io.NopCloser(strings.NewReader(body))
	return resp, nil
}

// formatSize returns a limit in units for people.
func formatSize(limit int64) string {
	if limit >= 1<<20 {
		return fmt.Sprintf("%d MiB", limit>>20)
	}
	return fmt.Sprintf("%d bytes", limit)
}

// buffers are the buffers for reading bodies.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// read returns the body, or the limit and one byte if it is larger.
func (w *exchange) read(resp *http.Response, limit int64) (string, error) {
	defer resp.Body.Close()
	var body strings.Builder
	if n := resp.ContentLength; n > 0 && n <= limit {
		body.Grow(int(n))
	}
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	n, err := io.CopyBuffer(&body, io.LimitReader(resp.Body, limit+1), buffer[:])
	w.bytes.Add(n)
	return body.String(), err
}

func (w *exchange) observe(req *http.Request, resp *http.Response) {
	w.deprecations.observe(req, resp)
	if header, ok := resp.Header["X-Oauth-Scopes"]; ok {
		scopes := parseScopes(header)
		w.scopes.Store(&scopes)
	}
}
