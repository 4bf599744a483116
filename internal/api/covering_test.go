package api

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// queryRecorder is a service with an object and a list that records the queries of its requests.
type queryRecorder struct {
	mu      sync.Mutex
	queries []string
}

func (r *queryRecorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.queries = append(r.queries, req.URL.Path+"?"+req.URL.RawQuery)
	r.mu.Unlock()
	answer(http.StatusOK, `{"type": "page", "name": "Acme", "size": 1, "pagelen": 100, "values": [{"uuid": "{1}", "name": "one", "links": {"html": {"href": "x"}}}]}`)(w, req)
}

// take returns the number of requests since the last call.
func (r *queryRecorder) take() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.queries)
	r.queries = nil
	return n
}

// An answer with more fields, or a longer page, serves a request that differs by nothing else.
func TestWiderAnswerCovers(t *testing.T) {
	t.Parallel()
	wide := List{Path: "/2.0/list", Fields: []string{"name", "links", "uuid"}, PageLen: 100}
	with := func(change func(*List)) List {
		l := wide
		l.Fields = slices.Clone(wide.Fields)
		change(&l)
		return l
	}
	everything := with(func(l *List) { l.Fields = nil })
	for name, test := range map[string]struct {
		first, then List
		covered     bool
	}{
		"fewer fields":                    {wide, with(func(l *List) { l.Fields = []string{"name"} }), true},
		"a field in a field":              {wide, with(func(l *List) { l.Fields = []string{"links.html.href"} }), true},
		"no field that identifies":        {with(func(l *List) { l.Fields = []string{"uuid", "name"} }), with(func(l *List) { l.Fields = []string{"name"} }), true},
		"a field of everything":           {everything, wide, true},
		"a shorter page":                  {wide, with(func(l *List) { l.Wanted = 10 }), true},
		"another field":                   {wide, with(func(l *List) { l.Fields = []string{"slug"} }), false},
		"a field that begins the same":    {wide, with(func(l *List) { l.Fields = []string{"name_of"} }), false},
		"everything":                      {wide, everything, false},
		"a longer page":                   {with(func(l *List) { l.Wanted = 10 }), wide, false},
		"another filter":                  {wide, with(func(l *List) { l.Query = url.Values{"q": {`name = "one"`}} }), false},
		"another order":                   {wide, with(func(l *List) { l.Query = url.Values{"sort": {"name"}} }), false},
		"another list":                    {wide, with(func(l *List) { l.Path = "/2.0/other" }), false},
		"a field that needs to be named":  {with(func(l *List) { l.Path, l.Fields = "/2.0/a/pullrequests", nil }), with(func(l *List) { l.Path, l.Fields = "/2.0/a/pullrequests", []string{"reviewers"} }), false},
		"a field that need not be named":  {with(func(l *List) { l.Path, l.Fields = "/2.0/a/pullrequests", nil }), with(func(l *List) { l.Path, l.Fields = "/2.0/a/pullrequests", []string{"title"} }), true},
		"a selection too long to be sent": {wide, with(func(l *List) { l.Fields = longSelection() }), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &queryRecorder{}
			client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxAge = time.Hour })
			if _, err := collect(t.Context(), client, test.first); err != nil {
				t.Fatal(err)
			}
			service.take()
			items, err := collect(t.Context(), client, test.then)
			if err != nil || len(items) != 1 || items[0] != "one" {
				t.Errorf("items %v, error %v", items, err)
			}
			if n := service.take(); n > 1 || (n == 0) != test.covered {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func longSelection() (fields []string) {
	for range maxURL {
		fields = append(fields, "f")
	}
	return append(fields, string(slices.Repeat([]byte("x"), maxURL)))
}

func TestWiderObjectCovers(t *testing.T) {
	t.Parallel()
	service := &queryRecorder{}
	client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxAge = time.Hour })
	for _, test := range []struct {
		fields   []string
		requests int
	}{
		{[]string{"name", "links"}, 1},
		{[]string{"name"}, 0},
		{[]string{"slug"}, 1},
		{nil, 1},
		{[]string{"uuid", "size"}, 0},
	} {
		object, err := client.Get(t.Context(), "/2.0/object", nil, test.fields...)
		if err != nil || object.Get("name").String() != "Acme" {
			t.Errorf("%v: %s, error %v", test.fields, object.Raw(), err)
		}
		if n := service.take(); n != test.requests {
			t.Errorf("%v: %d requests, want %d", test.fields, n, test.requests)
		}
	}
	if _, err := client.Get(Fresh(t.Context()), "/2.0/object", nil, "name"); err != nil || service.take() != 1 {
		t.Errorf("a fresh answer was not requested, or error %v", err)
	}
}

// A list that is being read serves one with fewer fields: it waits for the same answer.
func TestListThatIsBeingReadCovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service, release := &queryRecorder{}, make(chan struct{})
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			service.ServeHTTP(w, req)
			<-release
		})
		var readers sync.WaitGroup
		for _, fields := range [][]string{{"name", "links"}, {"name"}} {
			readers.Go(func() {
				if items, err := collect(t.Context(), client, List{Path: "/2.0/list", Fields: fields}); len(items) != 1 || err != nil {
					t.Errorf("items %v, error %v", items, err)
				}
			})
			synctest.Wait()
		}
		close(release)
		readers.Wait()
		if n := service.take(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// A refusal is an answer, too: what there is not, or may not be seen, is not requested again at once.
func TestRefusalIsKept(t *testing.T) {
	t.Parallel()
	for status, kept := range map[int]bool{http.StatusNotFound: true, http.StatusForbidden: true, http.StatusUnauthorized: false, http.StatusConflict: false} {
		sent := 0
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			sent++
			answer(status, `{"type": "error", "error": {"message": "no"}}`)(w, req)
		}, func(c *Config) { c.MaxAge = time.Hour })
		requests := map[string]func() error{
			"object": func() error { _, err := client.Get(t.Context(), "/2.0/object", nil); return err },
			"list":   func() error { _, err := collect(t.Context(), client, List{Path: "/2.0/list"}); return err },
			"file":   func() error { _, err := client.Bytes(t.Context(), "/2.0/file", nil, 100); return err },
		}
		for name, request := range requests {
			first, second := request(), request()
			if !HasStatus(first, status) || !HasStatus(second, status) || first.Error() != second.Error() {
				t.Errorf("%s: errors %v and %v", name, first, second)
			}
		}
		if want := len(requests); kept && sent != want || !kept && sent < 2*want {
			t.Errorf("%d: %d requests of %d", status, sent, 2*want)
		}
	}
}

func TestFileIsKept(t *testing.T) {
	t.Parallel()
	sent := 0
	client := newMemoryClient(t, func(w http.ResponseWriter, _ *http.Request) {
		sent++
		w.Write([]byte("content"))
	}, func(c *Config) { c.MaxAge = time.Hour })
	for range 2 {
		file, err := client.Bytes(t.Context(), "/2.0/file", nil, 100)
		if err != nil || string(file) != "content" {
			t.Errorf("%q, error %v", file, err)
		}
		file[0] = 'x' // the caller's own
	}
	if sent != 1 {
		t.Errorf("%d requests", sent)
	}
}

// A caller that is offline gets what is kept, and an error for the rest. It leaves nothing behind for others.
func TestOffline(t *testing.T) {
	t.Parallel()
	service := &queryRecorder{}
	client := newMemoryClient(t, service.ServeHTTP, func(c *Config) { c.MaxAge = time.Hour })
	offline, since := cache.Offline(t.Context())
	if _, err := client.Get(offline, "/2.0/object", nil, "name"); err != ErrOffline || !since().IsZero() {
		t.Errorf("error %v, since %v", err, since())
	}
	before := time.Now()
	if _, err := client.Get(t.Context(), "/2.0/object", nil, "name"); err != nil {
		t.Fatal(err)
	}
	service.take()
	if _, err := client.Get(offline, "/2.0/object", nil, "name"); err != nil || since().Before(before) || service.take() > 0 {
		t.Errorf("error %v, since %v", err, since())
	}
	if _, err := collect(offline, client, List{Path: "/2.0/list"}); err != ErrOffline || service.take() > 0 {
		t.Errorf("error %v of a list", err)
	}
}
