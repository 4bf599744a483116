package api

import (
	"context"
	"net/url"
	"sync"
)

// A prefetcher fetches pages before they are needed. It keeps a limited number of them, and is used by one goroutine.
type prefetcher struct {
	parent context.Context
	load   func(context.Context, *url.URL) (*listPage, error)
	ahead  int

	ctx      context.Context // context of the requests in flight; nil without requests
	cancel   context.CancelFunc
	inFlight sync.WaitGroup
	foreseen []*prefetched // in the expected order
}

// A prefetched is a page that is being fetched.
type prefetched struct {
	address string
	done    chan struct{}
	page    *listPage // page and err are valid after done
	err     error
}

// fetch starts to fetch the page at an address and the pages after it, up to the last and within the limit. It skips
// pages that are being fetched already.
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

// page returns the page at an address. If it is not the expected page, page cancels all prefetching and fetches it.
func (f *prefetcher) page(u *url.URL) (*listPage, error) {
	if len(f.foreseen) > 0 && f.foreseen[0].address == u.String() {
		fs := f.foreseen[0]
		f.foreseen = f.foreseen[1:]
		<-fs.done
		return fs.page, fs.err
	}
	f.stop()
	return f.load(f.parent, u)
}

// stop cancels all prefetching and waits for its end.
func (f *prefetcher) stop() {
	if f.ctx == nil {
		return
	}
	f.cancel()
	f.inFlight.Wait()
	f.ctx, f.cancel, f.foreseen = nil, nil, nil
}
