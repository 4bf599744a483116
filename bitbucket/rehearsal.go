package bitbucket

import (
	"maps"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
)

// A rehearsal counts the requests that scans would make. It makes only those that say where a scan has to look: for the
// lists of workspaces, projects and repositories, and for what the query names. The connection remembers their answers,
// so that the real query does not repeat them. Every other list looks empty to it.
type rehearsal struct {
	of *instance // has the connections

	mu       sync.Mutex
	requests map[string]int64             // by table; guarded by mu
	known    map[*connection]*cache.Cache // answers that it made up; guarded by mu
	lists    map[*connection]*cache.Cache // the same of what scans share; guarded by mu
}

// Rehearse returns a server that rehearses scans on the connections of s.
func (s *Server) Rehearse() *Server {
	i := newInstance()
	i.rehearses = &rehearsal{of: s.instance}
	i.rehearses.begin()
	return &Server{sdkserver.New(i.plugin), i}
}

// Rehearsed returns the number of requests that the scans of each table would have made since the last call. Tables
// that were not scanned are not in it.
func (s *Server) Rehearsed() map[string]int64 { return s.instance.rehearses.begin() }

// begin forgets what was rehearsed, and returns the numbers of requests.
func (r *rehearsal) begin() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.requests
	r.requests, r.known, r.lists = map[string]int64{}, map[*connection]*cache.Cache{}, map[*connection]*cache.Cache{}
	return maps.Clone(before)
}

// connection returns a connection on which the scan of a table can be rehearsed.
func (r *rehearsal) connection(real *connection, tableName string, limit int64) *connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[real] == nil {
		r.known[real], r.lists[real] = cache.New(real.settings.MaxAge, cacheBytes), cache.New(cacheLife, cacheBytes)
	}
	r.requests[tableName] += 0
	left := limit
	c := &connection{
		settings: real.settings, method: real.method, authorizer: real.authorizer,
		tokenFile: real.tokenFile, answers: r.lists[real], directories: newDirectories(), rehearses: real,
	}
	c.Client = real.Rehearsal(r.known[real], func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		c.madeUp.Store(true)
		if limit > 0 && left == 0 {
			return
		}
		left--
		r.requests[tableName]++
	})
	return c
}

// isMadeUp reports whether a rehearsal on the connection has made up an answer.
func (c *connection) isMadeUp() bool { return c.madeUp.Load() }

// places returns the connection that knows where to look: this one, or that which it rehearses.
func (c *connection) places() *connection {
	if c.rehearses != nil {
		return c.rehearses
	}
	return c
}

// Limit allows this many requests from now on, and refuses more. 0 allows any number.
func (s *Server) Limit(requests int64) { s.instance.budget.Begin(requests) }

// Requests returns the number of requests that the connections have sent.
func (s *Server) Requests() (n int64) {
	s.instance.mu.Lock()
	defer s.instance.mu.Unlock()
	for _, c := range s.instance.connections {
		n += c.Stats().Requests
	}
	return n
}
