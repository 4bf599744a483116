package api

import (
	"context"
	"net/http"
	"slices"
	"sync"
)

// A semaphore transport limits the requests in flight of the whole client. A request keeps its slot while it waits for
// the quota or for another attempt: other requests would have to wait too, and a service with problems gets fewer
// requests.
//
// When a slot is free, the waiting callers take turns, so that a caller with hundreds of requests does not delay the
// first request of another. See [WithCaller].
type semaphore struct {
	next http.RoundTripper

	mu    sync.Mutex
	free  int      // free slots; guarded by mu
	turns []*queue // of the waiting callers, in the order of their turns; guarded by mu
}

// A queue contains the waiting requests of one caller, in the order of their arrival.
type queue struct {
	caller  any
	waiting []chan struct{} // each is closed when its request gets a slot
}

type callerKey struct{}

// WithCaller returns a context for the requests of one caller, for example a query. The requests in flight are shared
// fairly among callers, which are compared with ==.
func WithCaller(ctx context.Context, caller any) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

func newSemaphore(next http.RoundTripper, n int) *semaphore { return &semaphore{next: next, free: n} }

func (s *semaphore) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := s.acquire(req.Context()); err != nil {
		return nil, err
	}
	defer s.release()
	return s.next.RoundTrip(req)
}

func (s *semaphore) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	granted := s.enqueue(ctx.Value(callerKey{}))
	s.mu.Unlock()
	select {
	case <-granted:
		return nil
	case <-ctx.Done():
		s.withdraw(granted)
		return ctx.Err()
	}
}

// enqueue adds a request to the queue of its caller. The caller of enqueue holds mu.
func (s *semaphore) enqueue(caller any) chan struct{} {
	granted := make(chan struct{})
	i := slices.IndexFunc(s.turns, func(q *queue) bool { return q.caller == caller })
	if i < 0 {
		i = len(s.turns)
		s.turns = append(s.turns, &queue{caller: caller})
	}
	s.turns[i].waiting = append(s.turns[i].waiting, granted)
	return granted
}

// release gives the slot to the first caller in line, which moves to the end of the line.
func (s *semaphore) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.turns) == 0 {
		s.free++
		return
	}
	first := s.turns[0]
	s.turns = s.turns[1:]
	close(first.waiting[0])
	if first.waiting = first.waiting[1:]; len(first.waiting) > 0 {
		s.turns = append(s.turns, first)
	}
}

// withdraw removes a waiting request, or releases its slot if it was just granted.
func (s *semaphore) withdraw(granted chan struct{}) {
	s.mu.Lock()
	for i, q := range s.turns {
		if j := slices.Index(q.waiting, granted); j >= 0 {
			if q.waiting = slices.Delete(q.waiting, j, j+1); len(q.waiting) == 0 {
				s.turns = slices.Delete(s.turns, i, i+1)
			}
			s.mu.Unlock()
			return
		}
	}
	s.mu.Unlock()
	s.release()
}
