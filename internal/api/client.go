package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/loopback"
)

// DefaultBaseURL is the address of Bitbucket Cloud's API, without /2.0 or /1.0.
const DefaultBaseURL = "https://api.bitbucket.org"

// The defaults of [Config].
const (
	DefaultMaxConcurrency = 8           // requests in flight
	DefaultMaxWait        = time.Minute // longest wait for the quota
)

const (

	// maxRedirects is the largest number of redirects of a request, all on the API's own host.
	maxRedirects = 5
)

// An Authorizer provides the value of the Authorization header.
type Authorizer interface {
	// Authorization returns the header's value, for example "Bearer …".
	Authorization(ctx context.Context) (string, error)
	// Renew returns another value, after Bitbucket refused the value rejected.
	Renew(ctx context.Context, rejected string) (string, error)
}

// Config configures a [Client]. The zero value makes an anonymous client with the defaults.
type Config struct {
	// BaseURL is the API's address without /2.0, by default DefaultBaseURL. It must be https, or http to a loopback
	// address.
	BaseURL string
	// Authorizer provides the credentials. Without one, requests are anonymous.
	Authorizer Authorizer
	// UserAgent is sent with every request, if set.
	UserAgent string
	// Transport sends the requests. The default transport keeps connections open and limits the wait for an answer.
	Transport http.RoundTripper
	// MaxConcurrency limits the client's requests in flight, by default to 8.
	MaxConcurrency int
	// MaxWait limits how long a request waits for the quota, by default to a minute. A negative value never waits.
	MaxWait time.Duration
	// MaxAge is how long the client reuses an answer or a refusal (403, 404) for the same request, or for one that needs
	// less of it, by default not at all. Requests at the same time always share one answer.
	MaxAge time.Duration
	// Budget limits the requests. It may be nil.
	Budget *Budget
	// Logger may be nil.
	Logger hclog.Logger
}

// answersBytes limits the memory for recent answers.
const answersBytes = 16 << 20

// A Client fetches objects and lists from Bitbucket Cloud. It is safe for concurrent use.
type Client struct {
	base       *url.URL
	userAgent  string
	ahead      int // pages that a list may prefetch
	remembered int // items of a list, at least
	logger     hclog.Logger
	http       *http.Client
	answers    *cache.Cache // by address
	rehearses  *Client      // the client that this one rehearses for, or nil

	// The transports that report their state.
	quota     *quotaTransport
	retry     *retryTransport
	authorize *authorizeTransport
	exchange  *exchange
}

// New returns a client, or an error if the configuration is invalid. It sends no request.
func New(config Config) (*Client, error) {
	base, err := parseBaseURL(cmp.Or(config.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, err
	}
	if config.MaxConcurrency < 0 {
		return nil, fmt.Errorf("max_concurrency must be at least 1, not %d", config.MaxConcurrency)
	}
	concurrency := cmp.Or(config.MaxConcurrency, DefaultMaxConcurrency)
	maxWait := cmp.Or(config.MaxWait, DefaultMaxWait)
	logger := config.Logger
	if logger == nil {
		logger = hclog.NewNullLogger()
	}
	transport := config.Transport
	if transport == nil {
		transport = NewTransport(concurrency)
	}

	wire := &exchange{next: transport, limit: maxBody, timeout: attemptTimeout, budget: config.Budget, deprecations: deprecations{logger: logger}}
	authorize := &authorizeTransport{next: wire, base: base, authorizer: config.Authorizer}
	retry := newRetry(authorize, maxWait, logger)
	quota := &quotaTransport{next: retry, maxWait: maxWait, logger: logger}
	return &Client{
		base:       base,
		userAgent:  config.UserAgent,
		ahead:      concurrency,
		remembered: maxRemembered,
		logger:     logger,
		http: &http.Client{
			Transport:     newSemaphore(quota, concurrency),
			CheckRedirect: stayOn(base),
		},
		answers:   cache.New(config.MaxAge, answersBytes),
		quota:     quota,
		retry:     retry,
		authorize: authorize,
		exchange:  wire,
	}, nil
}

// parseBaseURL accepts https addresses, and http addresses of this machine.
func parseBaseURL(address string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || base.Host == "" || base.Path != "" || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, errors.New("base_url must contain only the address of the API's host, for example " + DefaultBaseURL)
	}
	if base.Scheme == "https" || base.Scheme == "http" && loopback.Is(base.Hostname()) {
		return base, nil
	}
	return nil, fmt.Errorf("base_url must begin with https:// (http:// only for this machine), or others could read the token on its way to %s", sanitize(base.Host, maxWord))
}

// stayOn returns a redirect policy that follows a few redirects on the API's own host, also under the names that
// Bitbucket gives it, and none to another host.
func stayOn(base *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if here, err := url.Parse(onHost(base, req.URL.String())); err == nil {
			req.URL = here
		}
		if !sameOrigin(base, req.URL) {
			return protocolError(via[0].URL, "redirects to another host, %s; the plugin does not follow this", origin(req.URL))
		}
		if len(via) > maxRedirects {
			return protocolError(via[0].URL, "redirects too often")
		}
		return nil
	}
}

// Get fetches one object. If fields are named ("links.html.href"), it requests only these fields, and else the whole
// object.
//
// An answer without any of the fields could look like an object with empty fields. Get therefore also requests the
// type, which every object has. An answer with no field at all is an error.
func (c *Client) Get(ctx context.Context, path string, query url.Values, fields ...string) (jsontree.Value, error) {
	if len(fields) > 0 {
		fields = append(slices.Clone(fields), "type")
	}
	u := c.url(path, withFields(query, fields))
	if tooLong(u) {
		u = c.url(path, query)
	}
	if err := checkSegments(u); err != nil {
		return jsontree.Value{}, err
	}
	u = c.coveringObject(u, fields)
	object, err := c.fetch(ctx, u)
	if HasStatus(err, http.StatusBadRequest) { // not every endpoint accepts a selection
		if whole := unselected(u); whole != u {
			object, err = c.fetch(ctx, whole)
		}
	}
	switch {
	case err != nil:
		return jsontree.Value{}, err
	case !object.IsObject():
		return jsontree.Value{}, protocolError(u, "answered with JSON that is not an object")
	case object.Get("type").String() == "error":
		return jsontree.Value{}, protocolError(u, "answered with an error under a status of success: %s", messageText(object.Get("error.message").String()))
	case object.Len() == 0:
		return jsontree.Value{}, protocolError(u, "answered with an empty object")
	}
	return object, nil
}

// url returns the address of a path under the base. The path must be escaped already.
func (c *Client) url(path string, query url.Values) *url.URL {
	u := *c.base
	u.Path, u.RawPath = unescape(path), path
	u.RawQuery = encode(query)
	return &u
}

// Bytes fetches a file, key or text of any type, unchanged. A body larger than the limit is an error, and is not read
// to its end.
func (c *Client) Bytes(ctx context.Context, path string, query url.Values, limit int64) ([]byte, error) {
	u := c.url(path, query)
	if err := checkSegments(u); err != nil {
		return nil, err
	}
	file, err := recall(ctx, c, "", fmt.Sprintf("%d bytes of %s", limit, u), func(ctx context.Context) (content, error) {
		_, body, err := c.send(context.WithValue(ctx, limitKey{}, limit), u, "*/*")
		return content(body), err
	})
	if err != nil {
		return nil, err
	}
	return []byte(file), nil
}

// A content is that of a file.
type content string

// Size returns the size in memory.
func (c content) Size() int { return len(c) }

// fetch returns the JSON at an address.
func (c *Client) fetch(ctx context.Context, u *url.URL) (jsontree.Value, error) {
	f, err := c.follow(ctx, u)
	return f.document, err
}

// follow returns the JSON at an address, and its address after redirects.
func (c *Client) follow(ctx context.Context, u *url.URL) (response, error) {
	address := u.String()
	return recall(ctx, c, kindOf(address), address, func(ctx context.Context) (response, error) { return c.request(ctx, u) })
}

// recall returns the kept answer for a key, or makes a request.
func recall[T sized](ctx context.Context, c *Client, group, key string, request func(context.Context) (T, error)) (T, error) {
	if ctx.Value(freshKey{}) != nil {
		return request(ctx)
	}
	if c.rehearses != nil {
		if known, ok := cache.Peek[outcome[T]](c.rehearses.answers, key); ok {
			return known.answer, known.refusal
		}
	}
	known, err := cache.GetIn(ctx, c.answers, group, key, func(ctx context.Context) (outcome[T], error) {
		result, err := request(ctx)
		if HasStatus(err, http.StatusForbidden, http.StatusNotFound) {
			return outcome[T]{refusal: err}, nil
		}
		return outcome[T]{answer: result}, err
	})
	if err != nil {
		return known.answer, err
	}
	return known.answer, known.refusal
}

// An outcome is what Bitbucket says to a request: an answer, or that there is nothing or nothing to see.
type outcome[T sized] struct {
	answer  T
	refusal error
}

type sized interface{ Size() int }

// Size returns the approximate size of the answer in memory.
func (o outcome[T]) Size() int { return o.answer.Size() }

type freshKey struct{}

// Fresh returns a context that ignores earlier answers.
func Fresh(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, true) }

// A response is a JSON document and its address after redirects.
type response struct {
	document jsontree.Value
	at       *url.URL
}

// Size returns the approximate size of the response in memory.
func (r response) Size() int { return r.document.Size() }

// request sends one GET request and returns the JSON of the answer.
func (c *Client) request(ctx context.Context, u *url.URL) (response, error) {
	resp, body, err := c.send(ctx, u, "application/json")
	if err != nil {
		return response{}, err
	}
	document, ok := jsontree.Parse(body)
	if !ok {
		return response{}, notJSON(u, resp, []byte(body))
	}
	at := u
	if resp.Request != nil {
		at = resp.Request.URL
	}
	return response{document, at}, nil
}

// ErrOffline reports that an answer is not kept, and was not requested because of [cache.Offline].
var ErrOffline = errors.New("the answer is not kept, and nothing is requested")

// send sends one GET request, and returns its body if it succeeds.
func (c *Client) send(ctx context.Context, u *url.URL, accept string) (*http.Response, string, error) {
	if cache.IsOffline(ctx) {
		return nil, "", ErrOffline
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Accept", accept)
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", c.failure(ctx, u, err)
	}
	defer resp.Body.Close()
	var body wholeBody
	if _, err := io.Copy(&body, resp.Body); err != nil {
		return nil, "", c.failure(ctx, u, err)
	}
	if !succeeded(resp) {
		return nil, "", c.refusal(u, resp, []byte(body))
	}
	return resp, string(body), nil
}

// A wholeBody is everything that was written to it. It does not copy a text that arrives in one piece, as from [exchange].
type wholeBody string

func (w *wholeBody) Write(p []byte) (int, error) { return w.WriteString(string(p)) }

func (w *wholeBody) WriteString(s string) (int, error) {
	*w += wholeBody(s)
	return len(s), nil
}

func succeeded(resp *http.Response) bool { return resp.StatusCode >= 200 && resp.StatusCode <= 299 }

// failure returns the error of the stack that explains the failure.
func (c *Client) failure(ctx context.Context, u *url.URL, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if refused, ok := errors.AsType[*renewalError](err); ok {
		e := c.refusal(u, refused.resp, refused.body)
		e.renewal = refused.err
		return e
	}
	if spent, ok := errors.AsType[*BudgetError](err); ok {
		return spent
	}
	if unauthorized, ok := errors.AsType[*authorizerError](err); ok {
		return unauthorized.err
	}
	if lost, ok := errors.AsType[*ConnectionError](err); ok {
		lost.Path, lost.Host = cleanPath(u), sanitize(u.Host, maxWord)
		return lost
	}
	return withoutAddress(err)
}
