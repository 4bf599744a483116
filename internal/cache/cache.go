// Package cache shares answers among those who want the same at the same time, or a moment later: one asks, and all others
// get what that one got. An answer that nobody waits for any more is given up. Errors are not kept.
package cache

import (
	"context"
	"sync"
	"time"

	"github.com/patrickmn/go-cache"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// Forever is the life of answers that are kept as long as the cache.
const Forever = cache.NoExpiration

// A Cache keeps answers for some time.
type Cache struct {
	life  time.Duration
	bytes int // that all answers together may take

	mu       sync.Mutex
	known    *cache.Cache // of entries, those on their way included
	order    []*entry     // those whose answer is kept, the oldest first; guarded by mu
	taken    int          // bytes that these take; guarded by mu
	sweeping bool         // a sweep will come; guarded by mu
}

// An entry is an answer, or a request for one.
type entry struct {
	key    string
	answer any       // a *flight or a *list
	since  time.Time // from when on its life counts; guarded by the cache's mu
	bytes  int       // that it takes; guarded by the cache's mu
	isKept bool      // a list has been read to its end; guarded by the cache's mu
}

// New returns a cache of answers that are kept for a time, and take no more bytes than may be. With a life of 0 they are
// shared only by those who ask at the same time.
//
// Only answers that have a method Size count towards the bytes; it returns about how many the answer takes.
func New(life time.Duration, bytes int) *Cache {
	return &Cache{life: life, bytes: bytes, known: cache.New(life, 0)}
}

// A flight is one request, and those who wait for its answer.
type flight[T any] struct {
	cancel  context.CancelFunc
	done    chan struct{}
	value   T // valid after done, as is err
	err     error
	waiting int // guarded by the cache's mu
}

// Get returns what ask answers, or has answered a moment ago. The answer belongs to all who wait for it: it does not fail
// when the context of the first who asked ends. Keys of answers of different types must differ.
func Get[T any](ctx context.Context, c *Cache, key string, ask func(context.Context) (T, error)) (T, error) {
	e, f := board(ctx, c, key, ask)
	select {
	case <-f.done:
	case <-ctx.Done():
		if leave(c, e, f) {
			<-f.done // it ends at once, and leaves nothing behind
		}
		var none T
		return none, ctx.Err()
	}
	return f.value, f.err
}

// Peek returns the answer that is there for a key, without asking.
func Peek[T any](c *Cache, key string) (value T, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := lookUp[*flight[T]](c, key)
	if !ok {
		return value, false
	}
	select {
	case <-f.done:
		return f.value, f.err == nil
	default:
		return value, false
	}
}

// Forget has the next who wants the answer ask anew.
func (c *Cache) Forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.Delete(key)
}

// board takes part in waiting for an answer, and asks if nobody has.
func board[T any](ctx context.Context, c *Cache, key string, ask func(context.Context) (T, error)) (*entry, *flight[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entry(key); ok {
		f := e.answer.(*flight[T])
		f.waiting++
		return e, f
	}
	asking, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[T]{cancel: cancel, done: make(chan struct{}), waiting: 1}
	e := &entry{key: key, answer: f}
	c.known.Set(key, e, cache.NoExpiration)
	go func() {
		defer cancel()
		f.value, f.err = recovering(asking, ask)
		c.mu.Lock()
		defer c.mu.Unlock()
		defer close(f.done)
		if f.err != nil || c.life == 0 {
			c.drop(e)
			return
		}
		if known, ok := c.entry(key); ok && known == e { // and was not forgotten meanwhile
			e.since = time.Now()
			c.known.Set(key, e, c.life)
			c.keep(e, sizeOf(f.value))
		}
	}()
	return e, f
}

// recovering asks, and makes an error of a panic.
func recovering[T any](ctx context.Context, ask func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = streams.Recovered(r)
		}
	}()
	return ask(ctx)
}

// leave counts off one who waited, and gives up what nobody waits for. It reports whether it did.
func leave[T any](c *Cache, e *entry, f *flight[T]) (gaveUp bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiting--; f.waiting > 0 {
		return false
	}
	select {
	case <-f.done:
		return false
	default:
		f.cancel()
		c.drop(e)
		return true
	}
}

// entry returns the entry of a key. The caller holds mu.
func (c *Cache) entry(key string) (*entry, bool) {
	known, ok := c.known.Get(key)
	if !ok {
		return nil, false
	}
	return known.(*entry), true
}

// lookUp returns the answer of a key, if it is of the type. The caller holds mu.
func lookUp[A any](c *Cache, key string) (answer A, ok bool) {
	e, ok := c.entry(key)
	if !ok {
		return answer, false
	}
	answer, ok = e.answer.(A)
	return answer, ok
}

// keep keeps an answer that has come, and drops old ones. The caller holds mu.
func (c *Cache) keep(e *entry, bytes int) {
	e.bytes = bytes
	c.order = append(c.order, e)
	c.taken += bytes
	c.tidy()
	c.sweepLater()
}

// tidy drops answers that are too old, and the oldest while all take too many bytes. The caller holds mu.
func (c *Cache) tidy() {
	for len(c.order) > 0 && (c.taken > c.bytes || c.life > 0 && time.Since(c.order[0].since) >= c.life) {
		oldest := c.order[0]
		c.order = c.order[1:]
		c.taken -= oldest.bytes
		c.drop(oldest)
	}
}

// sweepLater drops what is too old by then, so that a plugin that nobody asks keeps nothing. The caller holds mu.
func (c *Cache) sweepLater() {
	if c.sweeping || c.life <= 0 {
		return
	}
	c.sweeping = true
	time.AfterFunc(c.life, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sweeping = false
		c.known.DeleteExpired()
		c.tidy()
		if c.known.ItemCount() > 0 {
			c.sweepLater()
		}
	})
}

// sizeOf returns about how many bytes an answer takes, if it says so.
func sizeOf(answer any) int {
	if sized, ok := answer.(interface{ Size() int }); ok {
		return sized.Size()
	}
	return 0
}

// drop has the next who wants the answer ask anew. The caller holds mu.
func (c *Cache) drop(e *entry) {
	if known, ok := c.entry(e.key); ok && known == e {
		c.known.Delete(e.key)
	}
}
