package auth

import (
	"context"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/signal"
)

// underWay counts the refreshes and saves that must finish before this process ends.
var underWay tally

// Settle waits until no refresh is running in this process and every rotated token is saved, or until ctx is done.
// Commands call it before they exit: if the process ends during a rotation, the token can be lost.
func Settle(ctx context.Context) error {
	select {
	case <-underWay.none():
		return nil
	case <-ctx.Done():
		return errorf(KindStorage, ctx.Err(), "a refreshed Bitbucket token could not be saved before the end; "+
			"the token file may hold one that dies within minutes")
	}
}

// A tally is a counter. Unlike a sync.WaitGroup, it can be incremented while somebody waits for it.
type tally struct {
	mu    sync.Mutex // guards all below
	count int
	zero  signal.Signal // announces that count is zero
}

// begin increments the count. The function that it returns decrements it.
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

// none returns a channel that is closed when the count is zero.
func (t *tally) none() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	zero := t.zero.Next()
	if t.count == 0 {
		t.zero.Announce()
	}
	return zero
}
