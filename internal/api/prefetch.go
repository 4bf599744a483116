package api

import (
	"context"
	"net/url"
	"sync"
)

// A prefetcher fetches pages before they are asked for. It holds a bounded number of them, and is
// used by one goroutine.
type prefetcher struct {
	parent context.Context
	load   func(context.Context, *url.URL) (*page, error)
	ahead  int

	ctx      context.Context // of the requests in flight; nil if there are none
	cancel   context.CancelFunc
	inFlight sync.WaitGroup
	foreseen []*prefetched // in the order in which they will be asked for
}

// A prefetched page is on its way.
type prefetched struct {
	address string
	done    chan struct{}
	page    *page // valid after done, as is err
	err     error
}

// fetch starts on the page at an address and those numbered after it, up to the last and as far
// ahead as allowed. What is under way already is left alone.
func (f *prefetcher) fetch(next *url.URL, last int64) {
	number := pageNumber(next)
	last = min(last, number+int64(f.ahead)-1)
	for number += int64(len(f.foreseen)); number <= last; number++ {
		f.start(numbered(next, number))
	}
}

func (f *prefetcher) start(u *url.URL) {
	if f.ctx == nil {
		f.ctx, f.cancel = context.WithCancel(f.parent)
	}
	ctx, fs := f.ctx, &prefetched{address: u.String(), done: make(chan struct{})}
	f.foreseen = append(f.foreseen, fs)
	f.inFlight.Go(func() {
		defer close(fs.done)
		fs.page, fs.err = f.load(ctx, u)
	})
}

// page returns the page at an address, fetched ahead if it was foreseen. If it was not, all that
// was fetched ahead is given up.
func (f *prefetcher) page(u *url.URL) (*page, error) {
	if len(f.foreseen) > 0 && f.foreseen[0].address == u.String() {
		fs := f.foreseen[0]
		f.foreseen = f.foreseen[1:]
		<-fs.done
		return fs.page, fs.err
	}
	f.stop()
	return f.load(f.parent, u)
}

// stop gives up what is under way and waits until nothing is.
func (f *prefetcher) stop() {
	if f.ctx == nil {
		return
	}
	f.cancel()
	f.inFlight.Wait()
	f.ctx, f.cancel, f.foreseen = nil, nil, nil
}
