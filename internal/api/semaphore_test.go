package api

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// waits counts the requests that wait for a slot.
func (s *semaphore) waits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, q := range s.turns {
		n += len(q.waiting)
	}
	return n
}

func TestSlotsTakeTurnsByCaller(t *testing.T) {
	t.Parallel()
	s := newSemaphore(nil, 1)
	if err := s.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var served []string
	var callers sync.WaitGroup
	ask := func(caller string) {
		before := s.waits()
		callers.Go(func() {
			if err := s.acquire(WithCaller(context.Background(), caller)); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			served = append(served, caller)
			mu.Unlock()
			s.release()
		})
		eventually(t, "the request waits", func() bool { return s.waits() == before+1 })
	}
	for range 5 {
		ask("large")
	}
	ask("small")
	ask("other")
	ask("small")
	s.release()
	callers.Wait()
	want := []string{"large", "small", "other", "large", "small", "large", "large", "large"}
	if diff := cmp.Diff(want, served); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	if s.free != 1 || len(s.turns) != 0 {
		t.Errorf("%d slots are free and %d callers wait at the end", s.free, len(s.turns))
	}
}

func TestSlotsForgetWhoGaveUp(t *testing.T) {
	t.Parallel()
	s := newSemaphore(nil, 1)
	if err := s.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gave := make(chan error)
	go func() { gave <- s.acquire(ctx) }()
	eventually(t, "the request waits", func() bool { return s.waits() == 1 })
	cancel()
	if err := <-gave; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if err := s.acquire(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error of a request that was cancelled before = %v", err)
	}
	s.release()
	if s.free != 1 || s.waits() != 0 {
		t.Errorf("%d slots are free, %d wait", s.free, s.waits())
	}
}

// However requests arrive and end, there are never more in flight than slots, and none is lost.
func TestSlotsAreNeitherLostNorDoubled(t *testing.T) {
	t.Parallel()
	var inFlight, most atomic.Int64
	s := newSemaphore(roundTripper(func(req *http.Request) (*http.Response, error) {
		n := inFlight.Add(1)
		defer inFlight.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return nil, req.Context().Err()
	}), 3)
	var callers sync.WaitGroup
	for i := range 400 {
		callers.Go(func() {
			ctx, cancel := context.WithCancel(WithCaller(context.Background(), i%7))
			if i%3 == 0 {
				go cancel()
			}
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/", nil)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = s.RoundTrip(req)
		})
	}
	callers.Wait()
	if most.Load() > 3 || s.free != 3 || s.waits() != 0 {
		t.Errorf("%d were in flight at most, %d slots are free, %d wait", most.Load(), s.free, s.waits())
	}
}

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Errorf("never: %s", what)
			return
		}
	}
}
