package streams

import (
	"context"
	"iter"
	"sync"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/signal"
)

// ReadAhead yields the values of a sequence, which it reads ahead to its end, however far the consumer is. It calls read
// after each value.
func ReadAhead[T any](ctx context.Context, values iter.Seq2[T, error], read func()) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		var q queue[T]
		running.Go(func() {
			err := Try(func() error {
				values(func(value T, err error) bool {
					q.add(result[T]{value, err})
					read()
					return err == nil && ctx.Err() == nil
				})
				return nil
			})
			if err != nil {
				Fail[T](err)(func(value T, err error) bool { q.add(result[T]{value, err}); return false })
			}
			q.end()
		})
		for i := 0; ; i++ {
			r, ok := q.at(ctx, i)
			if !ok || !yield(r.value, r.err) || r.err != nil {
				return
			}
		}
	}
}

// A queue is values that one goroutine adds and another one takes.
type queue[T any] struct {
	mu      sync.Mutex
	all     []result[T]
	ended   bool
	changed signal.Signal
}

func (q *queue[T]) add(r result[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, r)
	q.changed.Announce()
}

func (q *queue[T]) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.changed.Announce()
}

// at waits for value i. ok is false after the last one.
func (q *queue[T]) at(ctx context.Context, i int) (r result[T], ok bool) {
	for {
		q.mu.Lock()
		if i < len(q.all) {
			r = q.all[i]
			q.mu.Unlock()
			return r, true
		}
		ended, changed := q.ended, q.changed.Next()
		q.mu.Unlock()
		if ended {
			return r, false
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return result[T]{err: ctx.Err()}, true
		}
	}
}
