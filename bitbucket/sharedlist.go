package bitbucket

import (
	"context"
	"iter"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// A sharedList is one of Bitbucket's lists that is read once for all the scans that want it, and believed for as long as
// the inventory is. It is read no further than the farthest of its readers has come, so that a query with a LIMIT asks for
// no page that nobody needs.
type sharedList struct {
	stop context.CancelFunc // ends the reading

	mu      sync.Mutex
	items   []gjson.Result // read so far
	wanted  int            // how many the readers have asked for
	readers int
	ended   bool
	err     error         // why it ended early
	changed chan struct{} // closed, and replaced, when any of this changes
}

// shared yields the items of a list that other scans may want at the same time, or have read a moment ago.
func (c *connection) shared(ctx context.Context, key string, l api.List) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		list := c.join(ctx, key, l)
		defer c.leave(key, list)
		for i := 0; ; i++ {
			item, ok, err := list.item(ctx, i)
			if !ok && err == nil || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// join takes part in the reading of a list, which it begins if nobody has.
func (c *connection) join(ctx context.Context, key string, l api.List) *sharedList {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	if known, ok := c.known.Get(key); ok {
		if list := known.(*sharedList); list.admit() {
			return list
		}
	}
	// The list is everybody's: it must not end because the first who asked was cancelled.
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	list := &sharedList{stop: stop, readers: 1, changed: make(chan struct{})}
	c.known.SetDefault(key, list)
	go list.read(reading, c.List(reading, l))
	return list
}

// leave ends a reader's part. A list that nobody reads any more, and that has not come to its end, is given up.
func (c *connection) leave(key string, list *sharedList) {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	if list.dismiss() {
		return
	}
	list.stop()
	if known, _ := c.known.Get(key); known == list {
		c.known.Delete(key)
	}
}

// remembers returns all items of a list that was read to its end a moment ago.
func (c *connection) remembers(key string) (items []gjson.Result, ok bool) {
	known, ok := c.known.Get(key)
	if !ok {
		return nil, false
	}
	list := known.(*sharedList)
	list.mu.Lock()
	defer list.mu.Unlock()
	return list.items, list.ended && list.err == nil
}

// admit counts a reader, unless the reading has failed: then the next who asks tries again.
func (l *sharedList) admit() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	l.readers++
	return true
}

// dismiss counts a reader off, and says whether the list is worth keeping.
func (l *sharedList) dismiss() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers--
	return l.readers > 0 || l.ended && l.err == nil
}

// item waits for the i-th item. ok is false after the last.
func (l *sharedList) item(ctx context.Context, i int) (item gjson.Result, ok bool, err error) {
	for {
		l.mu.Lock()
		if i < len(l.items) {
			item = l.items[i]
			l.mu.Unlock()
			return item, true, nil
		}
		if l.ended {
			err = l.err
			l.mu.Unlock()
			return gjson.Result{}, false, err
		}
		if l.wanted <= i {
			l.wanted = i + 1
			l.announce()
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return gjson.Result{}, false, ctx.Err()
		}
	}
}

// read reads the list, each item when it is wanted.
func (l *sharedList) read(ctx context.Context, items iter.Seq2[gjson.Result, error]) {
	defer l.stop()
	defer func() {
		if r := recover(); r != nil {
			l.end(bug(r))
		}
	}()
	if !l.isWanted(ctx, 0) {
		l.end(ctx.Err())
		return
	}
	for item, err := range items {
		if err != nil {
			l.end(err)
			return
		}
		if !l.add(ctx, item) {
			l.end(ctx.Err())
			return
		}
	}
	l.end(nil)
}

// add appends an item, and waits until the next one is wanted.
func (l *sharedList) add(ctx context.Context, item gjson.Result) bool {
	l.mu.Lock()
	l.items = append(l.items, item)
	n := len(l.items)
	l.announce()
	l.mu.Unlock()
	return l.isWanted(ctx, n)
}

// isWanted waits until somebody wants the i-th item; it is false if nobody ever will.
func (l *sharedList) isWanted(ctx context.Context, i int) bool {
	for {
		l.mu.Lock()
		wanted, changed := l.wanted > i, l.changed
		l.mu.Unlock()
		if wanted {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func (l *sharedList) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.err = true, err
	l.announce()
}

// announce wakes whoever waits for a change. The caller holds mu.
func (l *sharedList) announce() {
	close(l.changed)
	l.changed = make(chan struct{})
}
