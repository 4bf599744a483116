package cache

import (
	"context"
	"sync"
	"time"
)

// offline is what a caller has used that may use nothing but kept answers.
type offline struct {
	mu     sync.Mutex
	oldest time.Time
}

type offlineKey struct{}

// Offline returns a context for a caller that makes no requests. [Get] and [List] give it the answers that are kept, and
// else let it ask by itself: nobody shares what it finds, and nothing is kept. since returns when the oldest of the
// answers was made, or the zero time if there was none.
func Offline(ctx context.Context) (_ context.Context, since func() time.Time) {
	o := &offline{}
	return context.WithValue(ctx, offlineKey{}, o), func() time.Time {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.oldest
	}
}

// IsOffline reports whether the caller makes no requests.
func IsOffline(ctx context.Context) bool { return offlineOf(ctx) != nil }

func offlineOf(ctx context.Context) *offline {
	o, _ := ctx.Value(offlineKey{}).(*offline)
	return o
}

// use records the use of an answer.
func (o *offline) use(since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.oldest.IsZero() || since.Before(o.oldest) {
		o.oldest = since
	}
}
