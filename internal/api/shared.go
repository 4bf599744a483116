package api

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A SharedList is a list that is read once for all who want it at the same time. It is read no further than the farthest
// of its readers has come, so that one who needs but the first items does not make it ask for pages that nobody needs.
//
// Each reader joins, iterates over the Items, and leaves.
type SharedList struct {
	mu      sync.Mutex
	stop    context.CancelFunc // ends the reading
	items   []jsontree.Value   // read so far
	wanted  int                // how many the readers have asked for
	readers int
	ended   bool
	err     error         // why it ended early
	changed chan struct{} // closed, and replaced, when any of this changes
}

// Share begins to share the items of a list, which list starts to read when the first of them is wanted. The reading is
// everybody's: it goes on when ctx ends, and ends when the last reader leaves.
func Share(ctx context.Context, list func(context.Context) iter.Seq2[jsontree.Value, error]) *SharedList {
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &SharedList{stop: stop, changed: make(chan struct{})}
	go l.read(reading, list(reading))
	return l
}

// All returns the items if all have been read.
func (l *SharedList) All() (items []jsontree.Value, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.items, l.ended && l.err == nil
}

// Join counts a reader, unless the reading has failed: then somebody has to begin anew.
func (l *SharedList) Join() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	l.readers++
	return true
}

// Leave counts a reader off, and says whether the list is worth keeping. If not, it is given up.
func (l *SharedList) Leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers--
	if l.readers > 0 || l.ended && l.err == nil {
		return true
	}
	l.stop()
	if l.err == nil {
		l.err = context.Canceled
	}
	return false
}

// Items yields the items for a reader who has joined, as far as the reader goes.
func (l *SharedList) Items(ctx context.Context) iter.Seq2[jsontree.Value, error] {
	return func(yield func(jsontree.Value, error) bool) {
		for i := 0; ; i++ {
			item, ok, err := l.item(ctx, i)
			if !ok && err == nil || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// item waits for the i-th item. ok is false after the last.
func (l *SharedList) item(ctx context.Context, i int) (item jsontree.Value, ok bool, err error) {
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
			return jsontree.Value{}, false, err
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
			return jsontree.Value{}, false, ctx.Err()
		}
	}
}

// read reads the list, each item when it is wanted.
func (l *SharedList) read(ctx context.Context, items iter.Seq2[jsontree.Value, error]) {
	defer func() {
		if r := recover(); r != nil {
			l.end(fmt.Errorf("a bug stopped the reading of a list (%v)", r))
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
func (l *SharedList) add(ctx context.Context, item jsontree.Value) bool {
	l.mu.Lock()
	l.items = append(l.items, item)
	n := len(l.items)
	l.announce()
	l.mu.Unlock()
	return l.isWanted(ctx, n)
}

// isWanted waits until somebody wants the i-th item; it is false if nobody ever will.
func (l *SharedList) isWanted(ctx context.Context, i int) bool {
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

func (l *SharedList) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.err = true, err
	l.stop()
	l.stop = func() {} // so that a list that is remembered does not keep the query that was the first to read it
	l.announce()
}

// announce wakes whoever waits for a change. The caller holds mu.
func (l *SharedList) announce() {
	close(l.changed)
	l.changed = make(chan struct{})
}
