package cache

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/patrickmn/go-cache"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/signal"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// List yields the items of a list that several callers share. The list is read only as far as its farthest reader
// needs, so that a reader of the first items causes no request for the rest. It is kept only if it was read to its end.
// Its life begins with the reading.
func List[T any](ctx context.Context, c *Cache, key string, read func(context.Context) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if o := offlineOf(ctx); o != nil {
			items, since, ok := PeekList[T](c, key)
			if !ok {
				read(ctx)(yield)
				return
			}
			o.use(since)
			streams.Each(items...)(yield)
			return
		}
		e, l := join(ctx, c, key, read)
		defer quit(c, e, l)
		l.all(ctx)(yield)
	}
}

// PeekList returns the items of a complete list that is kept, and when its reading began.
func PeekList[T any](c *Cache, key string) (items []T, since time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entry(key)
	if !ok {
		return nil, time.Time{}, false
	}
	items, ok = e.answer.(*list[T]).whole()
	return items, e.since, ok
}

// join adds a reader to a list, or starts to read it.
func join[T any](ctx context.Context, c *Cache, key string, read func(context.Context) iter.Seq2[T, error]) (*entry, *list[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entry(key); ok {
		if l := e.answer.(*list[T]); l.join() {
			return e, l
		}
	}
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &list[T]{stop: stop, readers: 1}
	e := &entry{key: key, answer: l, since: time.Now()}
	life := c.life
	if life == 0 {
		life = cache.NoExpiration
	}
	c.known.Set(key, e, life)
	c.sweepLater()
	go l.read(reading, read(reading))
	return e, l
}

// quit removes a reader that join has added. It drops a list that has no reader and was not read to its end.
func quit[T any](c *Cache, e *entry, l *list[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	isLast, isWhole := l.quit()
	switch {
	case isLast && (!isWhole || c.life == 0):
		c.drop(e)
	case isLast && !e.isKept:
		e.isKept = true
		c.keep(e, l.size())
	}
}

// A list is a list that is read once for all its readers.
type list[T any] struct {
	mu      sync.Mutex
	stop    context.CancelFunc // stops the reading
	items   []T                // items read so far
	wanted  int                // number of items that the readers need
	readers int
	ended   bool
	err     error // why the reading ended early
	changed signal.Signal
}

// whole returns the items, and whether these are all.
func (l *list[T]) whole() (items []T, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.items, l.ended && l.err == nil
}

// size returns the approximate size of the items.
func (l *list[T]) size() (bytes int) {
	for _, item := range l.items {
		bytes += sizeOf(item)
	}
	return bytes
}

// join adds a reader. It returns false if the reading has failed: then it must start again.
func (l *list[T]) join() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	l.readers++
	return true
}

// quit removes a reader. It stops the reading if the last reader leaves before the end.
func (l *list[T]) quit() (isLast, isWhole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers--
	isLast, isWhole = l.readers == 0, l.ended && l.err == nil
	if isLast && !isWhole {
		l.stop()
		if l.err == nil {
			l.err = context.Canceled
		}
	}
	return isLast, isWhole
}

// all yields the items for one reader.
func (l *list[T]) all(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := 0; ; i++ {
			item, ok, err := l.item(ctx, i)
			if !ok && err == nil || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// item waits for item i. ok is false after the last item.
func (l *list[T]) item(ctx context.Context, i int) (item T, ok bool, err error) {
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
			return item, false, err
		}
		if l.wanted <= i {
			l.wanted = i + 1
			l.changed.Announce()
		}
		changed := l.changed.Next()
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return item, false, ctx.Err()
		}
	}
}

// read reads the list, each item when it is wanted, and ends it.
func (l *list[T]) read(ctx context.Context, items iter.Seq2[T, error]) {
	l.end(streams.Try(func() error {
		if !l.isWanted(ctx, 0) {
			return ctx.Err()
		}
		for item, err := range items {
			if err != nil {
				return err
			}
			if !l.add(ctx, item) {
				return ctx.Err()
			}
		}
		return nil
	}))
}

// add appends an item, and waits until the next item is needed.
func (l *list[T]) add(ctx context.Context, item T) bool {
	l.mu.Lock()
	l.items = append(l.items, item)
	n := len(l.items)
	l.changed.Announce()
	l.mu.Unlock()
	return l.isWanted(ctx, n)
}

// isWanted waits until a reader needs item i. It returns false if the reading was stopped.
func (l *list[T]) isWanted(ctx context.Context, i int) bool {
	for {
		l.mu.Lock()
		wanted, changed := l.wanted > i, l.changed.Next()
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

func (l *list[T]) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.err = true, err
	l.stop()
	l.stop = func() {} // so that a kept list does not keep its first query in memory
	l.changed.Announce()
}
