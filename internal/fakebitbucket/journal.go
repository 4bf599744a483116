package fakebitbucket

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// An Entry is a request that the server received. It does not contain the headers, because they need most of the
// memory of a request, and one of them is a secret.
type Entry struct {
	Method      string
	Path        string // decoded
	EscapedPath string // as sent
	Query       url.Values
	Endpoint    string    // the pattern of the path, such as /2.0/repositories/{workspace}; "" if unknown
	Status      int       // 0 before the answer, or if no answer was sent
	Bytes       int64     // of the body as sent, which may be compressed
	Consumer    string    // key of the OAuth consumer
	User        string    // UUID
	Received    time.Time // by the service's clock
	InFlight    int       // number of requests being answered on arrival, including this one
}

// A journal records requests in the order of arrival.
type journal struct {
	mu       sync.Mutex
	entries  []*Entry
	inFlight int
}

// An journalEntry is a request that is being answered.
type journalEntry struct {
	journal *journal
	of      *Entry
}

func (j *journal) begin(r *http.Request, now time.Time) *journalEntry {
	e := &Entry{
		Method: r.Method, Path: r.URL.Path, EscapedPath: r.URL.EscapedPath(), Query: r.URL.Query(),
		Endpoint: operation(r), Received: now,
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inFlight++
	e.InFlight = j.inFlight
	j.entries = append(j.entries, e)
	return &journalEntry{j, e}
}

// operation returns the pattern of the path that a request calls.
func operation(r *http.Request) string {
	path := r.URL.EscapedPath()
	if strings.HasPrefix(path, oauthPath) {
		return path
	}
	if e, _ := endpointAt(path); e != nil {
		return e.path
	}
	return ""
}

func (e *journalEntry) end(status int, bytes int64) {
	e.journal.mu.Lock()
	defer e.journal.mu.Unlock()
	e.journal.inFlight--
	e.of.Status, e.of.Bytes = status, bytes
}

func (e *journalEntry) setPrincipal(p *principal) {
	e.journal.mu.Lock()
	defer e.journal.mu.Unlock()
	e.of.Consumer = p.consumer
	if p.user != nil {
		e.of.User = p.user.UUID
	}
}

// Journal returns the requests since the start of the server or the last ResetJournal, in the order of arrival.
func (s *Server) Journal() []Entry {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	all := make([]Entry, len(s.journal.entries))
	for i, e := range s.journal.entries {
		all[i] = *e
	}
	return all
}

// ResetJournal removes all requests.
func (s *Server) ResetJournal() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.entries = nil
}

// MaxInFlight returns the largest number of requests in the journal that were answered at the same time.
func (s *Server) MaxInFlight() int {
	most := slices.MaxFunc(append(s.Journal(), Entry{}), func(a, b Entry) int { return a.InFlight - b.InFlight })
	return most.InFlight
}
