package auth

import (
	"context"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/signal"
)

// underWay counts what this process must not end in the middle of.
var underWay tally

// Settle waits until no refresh is under way in this process and every rotated token is saved, or until ctx is done.
// A command calls it before it exits: a token that is being rotated while the process ends can be lost.
func Settle(ctx context.Context) error {
	select {
	case <-underWay.none():
		return nil
	case <-ctx.Done():
		return errorf(KindStorage, ctx.Err(), "a refreshed Bitbucket token could not be saved before the end; "+
			"the token file may hold one that dies within minutes")
	}
}

// A tally counts; unlike a sync.WaitGroup it may be added to while somebody waits for it.
type tally struct {
	mu    sync.Mutex // guards all below
	count int
	zero  signal.Signal // count has fallen to zero
}

// begin counts one more and returns the function that counts it off.
func (t *tally) begin() (end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	return t.end
}

func (t *tally) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count--
	if t.count == 0 {
		t.zero.Announce()
	}
}

// none returns a channel that is closed once the count is zero.
func (t *tally) none() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	zero := t.zero.Next()
	if t.count == 0 {
		t.zero.Announce()
	}
	return zero
}
