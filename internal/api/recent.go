package api

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// recentBytes bounds what is remembered of recent answers.
const recentBytes = 16 << 20

// recent remembers what was answered a moment ago: whoever asks the same meanwhile, or at the same
// time, shares the answer. So the panels of a dashboard that read the same list read it once.
type recent struct {
	maxAge time.Duration // that an answer may have; 0 shares only what is asked at the same time

	mu      sync.Mutex
	answers map[string]*pending // by address; guarded by mu
	order   []*pending          // those remembered, the oldest first; guarded by mu
	bytes   int                 // of these; guarded by mu
}

// A pending is an answer that is known, or on its way.
type pending struct {
	address string
	cancel  context.CancelFunc
	done    chan struct{}
	found   // valid after done, as are err and since
	err     error
	since   time.Time
	waiting int // who waits for it; guarded by the mutex of recent
}

// A found is a JSON document and the address at which it was, after redirects.
type found struct {
	document jsontree.Value
	at       *url.URL
}

type freshKey struct{}

// fresh returns a context in which nothing that was answered before counts.
func fresh(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, true) }

// get returns what ask answers, or has answered a moment ago. An answer that is on its way belongs to
// all who wait for it: it is given up when none does any more.
func (r *recent) get(ctx context.Context, address string, ask func(context.Context) (found, error)) (found, error) {
	if ctx.Value(freshKey{}) != nil {
		return ask(ctx)
	}
	a := r.join(ctx, address, ask)
	select {
	case <-a.done:
		r.leave(a)
		return a.found, a.err
	case <-ctx.Done():
		if r.leave(a) {
			<-a.done // it ends at once, and leaves nothing behind
		}
		return found{}, ctx.Err()
	}
}

// join takes part in waiting for an answer, and asks if nobody has.
func (r *recent) join(ctx context.Context, address string, ask func(context.Context) (found, error)) *pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.answers[address]; a != nil && r.isGood(a) {
		a.waiting++
		return a
	}
	asking, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a := &pending{address: address, cancel: cancel, done: make(chan struct{}), waiting: 1}
	if r.answers == nil {
		r.answers = map[string]*pending{}
	}
	r.answers[address] = a
	go func() {
		defer cancel()
		a.found, a.err = ask(asking)
		a.since = time.Now()
		r.keep(a)
	}()
	return a
}

// isGood says whether an answer is on its way, or may still be given. The caller holds mu.
func (r *recent) isGood(a *pending) bool {
	select {
	case <-a.done:
		return time.Since(a.since) < r.maxAge
	default:
		return true
	}
}

// keep remembers an answer that has come, unless it is an error, and forgets old ones.
func (r *recent) keep(a *pending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(a.done)
	if a.err != nil || r.maxAge <= 0 {
		r.forget(a)
		return
	}
	r.order = append(r.order, a)
	r.bytes += a.document.Size()
	for len(r.order) > 0 && (r.bytes > recentBytes || time.Since(r.order[0].since) >= r.maxAge) {
		oldest := r.order[0]
		r.order = r.order[1:]
		r.bytes -= oldest.document.Size()
		r.forget(oldest)
	}
}

// leave counts off one who waited, and gives up what nobody waits for any more. It says whether it did.
func (r *recent) leave(a *pending) (gaveUp bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.waiting--; a.waiting > 0 {
		return false
	}
	select {
	case <-a.done:
		return false
	default:
		a.cancel()
		r.forget(a)
		return true
	}
}

// forget has the next who asks ask anew. The caller holds mu.
func (r *recent) forget(a *pending) {
	if r.answers[a.address] == a {
		delete(r.answers, a.address)
	}
}
