package bitbucket

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A Progress is how far the running queries are.
type Progress struct {
	Requests    int64     // sent since the server was made
	Done, Total int       // repositories that are read, and all that are known so far; both zero if queries read none
	WaitsUntil  time.Time // when requests that wait for the quota go on; zero if none waits
}

// Progress returns how far the running queries are. The first call makes the scans that begin later read the list of
// their repositories ahead, to know how many there are.
func (s *Server) Progress() Progress {
	i := s.instance
	i.mu.Lock()
	defer i.mu.Unlock()
	var p Progress
	for _, c := range i.connections {
		p.Requests += c.Stats().Requests
		if at, ok := c.WaitsUntil(); ok && at.After(p.WaitsUntil) {
			p.WaitsUntil = at
		}
	}
	p.Done, p.Total = i.repositories.counts()
	return p
}

// A repositoryCount counts the repositories of the running scans.
type repositoryCount struct {
	mu      sync.Mutex
	watched bool // somebody wants to know
	running map[*repositoryScan]bool
}

// A repositoryScan counts the repositories of one scan.
type repositoryScan struct {
	of          *repositoryCount
	done, total int // guarded by of.mu
}

func (c *repositoryCount) counts() (done, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watched = true
	for s := range c.running {
		done, total = done+s.done, total+s.total
	}
	return done, total
}

// begin returns the count of a new scan, or nil if nobody wants to know.
func (c *repositoryCount) begin() *repositoryScan {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.watched {
		return nil
	}
	s := &repositoryScan{of: c}
	if c.running == nil {
		c.running = map[*repositoryScan]bool{}
	}
	c.running[s] = true
	return s
}

func (s *repositoryScan) end() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	delete(s.of.running, s)
}

func (s *repositoryScan) add(done, total int) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.done, s.total = s.done+done, s.total+total
}

// watch counts the repositories that a scan covers, and those that read has done. It reads their list ahead.
func (c *repositoryCount) watch(ctx context.Context, repositories iter.Seq2[repositoryScope, error],
	read func(repositories iter.Seq2[repositoryScope, error], done func()) rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		count := c.begin()
		if count == nil {
			read(repositories, func() {})(yield)
			return
		}
		defer count.end()
		ahead := streams.ReadAhead(ctx, repositories, func() { count.add(0, 1) })
		read(ahead, func() { count.add(1, 0) })(yield)
	}
}
