// Package cache shares answers among callers that need the same answer at the same time, or soon after: one caller
// makes the request, and all others get its answer. A request that nobody waits for is cancelled. Errors are not kept.
package cache

import (
	"context"
	"slices"
	"sync"
	"time"
	"weak"

	"github.com/patrickmn/go-cache"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// Forever keeps answers for the life of the cache.
const Forever = cache.NoExpiration

// A Cache keeps answers for a limited time.
type Cache struct {
	life  time.Duration
	bytes int // limit for all answers

	mu       sync.Mutex
	known    *cache.Cache        // entries, including those with a running request
	groups   map[string][]string // keys by group; guarded by mu
	order    []*entry            // entries with an answer, the oldest first; guarded by mu
	taken    int                 // bytes of these entries; guarded by mu
	sweeping bool                // a sweep is scheduled; guarded by mu
}

// An entry is an answer or a running request.
type entry struct {
	key    string
	group  string    // or empty
	answer any       // a *flight or a *list
	since  time.Time // beginning of its life; guarded by the cache's mu
	bytes  int       // its size; guarded by the cache's mu
	isKept bool      // a complete list is counted; guarded by the cache's mu
}

// New returns a cache that keeps answers for a time, up to a number of bytes. With a life of 0, only callers at the
// same time share an answer.
//
// Only answers with a method Size count towards the bytes. Size returns the approximate size of the answer.
func New(life time.Duration, bytes int) *Cache {
	c := &Cache{life: life, bytes: bytes, known: cache.New(life, 0), groups: map[string][]string{}}
	c.known.OnEvicted(func(_ string, evicted any) { c.ungroup(evicted.(*entry)) })
	return c
}

// A flight is one request and its waiting callers.
type flight[T any] struct {
	cancel  context.CancelFunc
	done    chan struct{}
	value   T // value and err are valid after done
	err     error
	waiting int // guarded by the cache's mu
}

// answer returns the answer if the request has succeeded.
func (f *flight[T]) answer() (value T, ok bool) {
	select {
	case <-f.done:
		return f.value, f.err == nil
	default:
		return value, false
	}
}

// Get returns the answer of ask, or a kept answer. All waiting callers share the answer: it does not fail when the
// context of the first caller ends. Keys of answers of different types must differ.
func Get[T any](ctx context.Context, c *Cache, key string, ask func(context.Context) (T, error)) (T, error) {
	return GetIn(ctx, c, "", key, ask)
}

// GetIn is like [Get], and adds the key to a group. A key has always the same group.
func GetIn[T any](ctx context.Context, c *Cache, group, key string, ask func(context.Context) (T, error)) (T, error) {
	if o := offlineOf(ctx); o != nil {
		if value, since, ok := peek[T](c, key); ok {
			o.use(since)
			return value, nil
		}
		return ask(ctx)
	}
	e, f := board(ctx, c, group, key, ask)
	select {
	case <-f.done:
	case <-ctx.Done():
		if leave(c, e, f) {
			<-f.done // it ends at once, and leaves nothing running
		}
		var none T
		return none, ctx.Err()
	}
	return f.value, f.err
}

// Peek returns the kept answer for a key, without a request.
func Peek[T any](c *Cache, key string) (value T, ok bool) {
	value, _, ok = peek[T](c, key)
	return value, ok
}

// peek also returns when the answer was made.
func peek[T any](c *Cache, key string) (value T, since time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entry(key)
	if !ok {
		return value, since, false
	}
	value, ok = e.answer.(*flight[T]).answer()
	return value, e.since, ok
}

// Grow adds bytes to the size of a kept answer, which has grown since. It may drop older answers, but not this one. It
// has no effect if the answer is no longer kept.
func Grow[T comparable](c *Cache, key string, answer T, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entry(key)
	if !ok {
		return
	}
	if kept, ok := e.answer.(*flight[T]).answer(); !ok || kept != answer {
		return
	}
	e.bytes += bytes
	c.taken += bytes
	c.tidy(e)
}

// Group returns the keys of a group whose answers are kept or requested, the oldest first.
func (c *Cache) Group(group string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []string
	for _, key := range c.groups[group] {
		if _, ok := c.entry(key); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// Forget removes the answer of a key, so that the next caller makes a new request.
func (c *Cache) Forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.Delete(key)
}

// board joins the callers that wait for an answer, or starts the request.
func board[T any](ctx context.Context, c *Cache, group, key string, ask func(context.Context) (T, error)) (*entry, *flight[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entry(key); ok {
		f := e.answer.(*flight[T])
		f.waiting++
		return e, f
	}
	asking, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[T]{cancel: cancel, done: make(chan struct{}), waiting: 1}
	e := &entry{key: key, group: group, answer: f}
	c.known.Set(key, e, cache.NoExpiration)
	if group != "" && !slices.Contains(c.groups[group], key) {
		c.groups[group] = append(c.groups[group], key)
	}
	go func() {
		defer cancel()
		f.err = streams.Try(func() (err error) {
			f.value, err = ask(asking)
			return err
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		defer close(f.done)
		if f.err != nil || c.life == 0 {
			c.drop(e)
			return
		}
		if c.isCurrent(e) {
			e.since = time.Now()
			c.known.Set(key, e, c.life)
			c.keep(e, sizeOf(f.value))
		}
	}()
	return e, f
}

// leave removes a waiting caller, and cancels a request that nobody waits for. It reports whether it did.
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

// isCurrent reports whether an entry was neither forgotten nor replaced. The caller holds mu.
func (c *Cache) isCurrent(e *entry) bool {
	known, ok := c.entry(e.key)
	return ok && known == e
}

// ungroup removes an entry from its group. The caller holds mu.
func (c *Cache) ungroup(e *entry) {
	keys := slices.DeleteFunc(c.groups[e.group], func(key string) bool { return key == e.key })
	if len(keys) == 0 {
		delete(c.groups, e.group)
		return
	}
	c.groups[e.group] = keys
}

// keep adds an answer, and drops old ones. The caller holds mu.
func (c *Cache) keep(e *entry, bytes int) {
	e.bytes = bytes
	c.order = append(c.order, e)
	c.taken += bytes
	c.tidy(nil)
	c.sweepLater()
}

// tidy drops answers that are too old, and then the oldest while all together are too large. It ends at the entry to
// spare, if any. The caller holds mu.
func (c *Cache) tidy(spare *entry) {
	for len(c.order) > 0 && c.order[0] != spare && (c.taken > c.bytes || c.life > 0 && time.Since(c.order[0].since) >= c.life) {
		oldest := c.order[0]
		c.order = c.order[1:]
		c.taken -= oldest.bytes
		c.drop(oldest)
	}
}

// sweepLater schedules the removal of old answers, so that an idle plugin keeps nothing. The timer does not keep the cache
// itself: with its connection, all answers go at once. The caller holds mu.
func (c *Cache) sweepLater() {
	if c.sweeping || c.life <= 0 {
		return
	}
	c.sweeping = true
	kept := weak.Make(c)
	time.AfterFunc(c.life, func() {
		c := kept.Value()
		if c == nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sweeping = false
		c.known.DeleteExpired()
		c.tidy(nil)
		if c.known.ItemCount() > 0 {
			c.sweepLater()
		}
	})
}

// sizeOf returns the approximate size of an answer, or 0 if it has no method Size.
func sizeOf(answer any) int {
	if sized, ok := answer.(interface{ Size() int }); ok {
		return sized.Size()
	}
	return 0
}

// drop removes an entry, so that the next caller makes a new request. The caller holds mu.
func (c *Cache) drop(e *entry) {
	if c.isCurrent(e) {
		c.known.Delete(e.key)
	}
}
