package fakebitbucket

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// takesLong leaves out a test that reads most of an organization from short runs.
func takesLong(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
}

// unchanged is the default organization at the time of newClock. Tests that don't change it share it.
var unchanged = sync.OnceValue(func() *organization.Organization {
	return New(Options{Now: newClock().now}).Organization()
})

// newUnchanged returns a server of the unchanged organization. The options don't ask for another one.
func newUnchanged(o Options) *Server {
	if o.Now == nil {
		o.Now = newClock().now
	}
	return newServer(o.withDefaults(), unchanged())
}

// startUnchanged starts a server of the unchanged organization.
func startUnchanged(t *testing.T, o Options) *Server {
	t.Helper()
	return newUnchanged(o).start(t)
}

// serve starts a server of the unchanged organization. The test checks its violations itself.
func serve(t *testing.T, o Options) *Server {
	t.Helper()
	s := newUnchanged(o)
	stop, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

// A caller sends requests with one Authorization header.
type caller struct {
	t             *testing.T
	s             *Server
	authorization string
	client        *http.Client
}

func bearer(t *testing.T, s *Server, token string) caller {
	return caller{t, s, "Bearer " + token, newClient(t)}
}

func connected(t *testing.T, s *Server, scopes ...string) caller {
	return bearer(t, s, s.AccessToken(s.Organization().Connected.UUID, scopes...))
}

// newClient returns a client that doesn't ask for compressed answers, which take long to read.
func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type clientResponse struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// get requests a path of the server, or a complete address.
func (c caller) get(path string) clientResponse {
	c.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = c.s.URL() + path
	}
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.send(r)
}

func (c caller) send(r *http.Request) clientResponse {
	c.t.Helper()
	a, err := c.try(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (c caller) try(r *http.Request) (clientResponse, error) {
	if c.authorization != "" {
		r.Header.Set("Authorization", c.authorization)
	}
	res, err := c.client.Do(r)
	if err != nil {
		return clientResponse{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return clientResponse{c.t, res.StatusCode, res.Header, string(b)}, err
}

// decode decodes a JSON answer.
func (a clientResponse) decode(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%v in %d %s", err, a.status, a.body)
	}
}

func (a clientResponse) object() map[string]any {
	a.t.Helper()
	var o map[string]any
	a.decode(&o)
	return o
}

// message returns the message of an error.
func (a clientResponse) message() string {
	a.t.Helper()
	var e struct{ Error struct{ Message string } }
	a.decode(&e)
	return e.Error.Message
}

// withoutLinks leaves out the links of a list's objects, which are most of an answer.
const withoutLinks = "fields=-values.links,-values.*.links,-values.*.*.links"

type listPage struct {
	Values        []map[string]any
	Next          string
	Size, Pagelen *int
	Page          *int
}

// all returns all values and pages of a list.
func (c caller) all(path string) (values []map[string]any, pages []listPage) {
	c.t.Helper()
	for path != "" {
		a := c.get(path)
		if a.status != http.StatusOK {
			c.t.Fatalf("GET %s: %d %s", path, a.status, a.body)
		}
		var p listPage
		a.decode(&p)
		values, pages, path = append(values, p.Values...), append(pages, p), p.Next
	}
	return values, pages
}

// column returns one field of each object, as text.
func column(values []map[string]any, path string) []string {
	texts := []string{}
	for _, v := range values {
		var x any = v
		for name := range strings.SplitSeq(path, ".") {
			o, _ := x.(map[string]any)
			x = o[name]
		}
		s, _ := x.(string)
		texts = append(texts, s)
	}
	return texts
}

func queryString(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}

// A clock is a time that only the test changes.
type clock struct{ at atomic.Int64 }

var start = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

func newClock() *clock {
	c := &clock{}
	c.at.Store(start.UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }
