package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// inMemory answers requests from a handler without a network, so that time can be simulated.
type inMemory struct{ http.Handler }

func (m inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	m.ServeHTTP(recorder, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp := recorder.Result()
	resp.Request = req
	return resp, nil
}

// newMemoryClient returns a client whose requests a handler answers directly.
func newMemoryClient(t testing.TB, handler http.HandlerFunc, configure ...func(*Config)) *Client {
	t.Helper()
	config := Config{Transport: inMemory{handler}}
	for _, f := range configure {
		f(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newServerClient returns a client of a real server on this machine, which retries at once.
func newServerClient(t testing.TB, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := New(Config{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	client.retry.Client.RetryWaitMin = time.Microsecond
	client.retry.Client.RetryWaitMax = time.Microsecond
	return client
}

// answer returns a handler that always gives the same answer.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// collect reads a list to its end or error.
func collect(ctx context.Context, client *Client, list List) (items []string, err error) {
	for item, err := range client.List(ctx, list) {
		if err != nil {
			return items, err
		}
		items = append(items, itemName(item))
		if int64(len(items)) == list.Wanted {
			break
		}
	}
	return items, nil
}

func itemName(item jsontree.Value) string { return item.Get("name").String() }

// A collection is a numbered, paged list on the service.
type collection struct {
	longest  int                          // largest page
	path     string                       // of next, if it differs from the request's
	onAnswer func(c *collection, n int)   // called before the answer to request n
	edit     func(page map[string]any)    // changes an answer
	item     func(i int, name string) any // an item's JSON; by default its uuid and name

	mu       sync.Mutex
	names    []string
	requests []string // queries, in the order of their arrival
}

func newCollection(n int) *collection {
	c := &collection{longest: 100}
	for i := range n {
		c.names = append(c.names, fmt.Sprintf("item-%04d", i))
	}
	return c
}

func (c *collection) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, req.URL.RawQuery)
	if c.onAnswer != nil {
		c.onAnswer(c, len(c.requests))
	}
	query := req.URL.Query()
	number := max(1, atoi(query.Get("page")))
	length := c.longest
	if requested := atoi(query.Get("pagelen")); requested > 0 {
		length = min(requested, length)
	}
	from := min((number-1)*length, len(c.names))
	to := min(from+length, len(c.names))
	values := []any{}
	for i, name := range c.names[from:to] {
		if c.item != nil {
			values = append(values, c.item(from+i, name))
			continue
		}
		values = append(values, map[string]any{"uuid": "{" + name + "}", "name": name})
	}
	page := map[string]any{"values": values, "size": len(c.names), "page": number, "pagelen": length}
	if to < len(c.names) {
		query.Set("page", strconv.Itoa(number+1))
		path := c.path
		if path == "" {
			path = req.URL.EscapedPath()
		}
		page["next"] = "https://" + req.Host + path + "?" + query.Encode()
		if req.URL.Scheme == "" { // a real server; in memory the request still has its scheme
			page["next"] = "http://" + req.Host + path + "?" + query.Encode()
		}
	}
	if c.edit != nil {
		c.edit(page)
	}
	json.NewEncoder(w).Encode(page)
}

func (c *collection) remove(i int) { c.names = slices.Delete(c.names, i, i+1) }

func (c *collection) insert(i int, name string) { c.names = slices.Insert(c.names, i, name) }

// pages returns the numbers of the requested pages, in order of arrival.
func (c *collection) pages(t testing.TB) []int {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var pages []int
	for _, raw := range c.requests {
		query, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, max(1, atoi(query.Get("page"))))
	}
	return pages
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// A credentialSource counts the calls of its methods.
type credentialSource struct {
	mu       sync.Mutex
	current  string
	renewals int
	renewErr error
	authErr  error
}

func (s *credentialSource) Authorization(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current, s.authErr
}

func (s *credentialSource) Renew(_ context.Context, rejected string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rejected != s.current {
		return s.current, nil
	}
	s.renewals++
	if s.renewErr != nil {
		return "", s.renewErr
	}
	s.current = fmt.Sprintf("Bearer token-%d", s.renewals)
	return s.current, nil
}
