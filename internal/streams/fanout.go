// Package streams reads many sequences of values with errors at once: in the order of their parents, or merged into one
// order.
package streams

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// FanOut lists the children of each parent, and yields them in the order of their parents. width(done) returns how many
// parents to read at once after done parents have ended. Each parent is read ahead only as far as its channel's buffer,
// so that memory does not grow with the number of rows. If the consumer stops, the running requests stop too.
func FanOut[P, C any](ctx context.Context, width func(done int) int, parents iter.Seq2[P, error], children func(context.Context, P) iter.Seq2[C, error]) iter.Seq2[C, error] {
	return func(yield func(C, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		next, stop := iter.Pull2(parents)
		defer stop()

		var ahead []<-chan result[C] // channels of the parents being read, in order
		for done, more := 0, true; ; done++ {
			for most := width(done); more && len(ahead) < most; {
				parent, err, ok := next()
				if !ok {
					more = false
					break
				}
				ahead = append(ahead, start(ctx, &running, parent, err, children))
			}
			if len(ahead) == 0 {
				return
			}
			for r := range ahead[0] {
				if !yield(r.value, r.err) || r.err != nil {
					return
				}
			}
			if err := ctx.Err(); err != nil {
				Fail[C](err)(yield)
				return
			}
			ahead = ahead[1:]
		}
	}
}

type result[T any] struct {
	value T
	err   error
}

// start reads the children of one parent into a channel, and closes it at the end.
func start[P, C any](ctx context.Context, running *sync.WaitGroup, parent P, err error, children func(context.Context, P) iter.Seq2[C, error]) <-chan result[C] {
	const page = 100 // the largest page of most lists: the next page can arrive while one is consumed
	out := make(chan result[C], page)
	send := func(child C, err error) bool {
		select {
		case out <- result[C]{child, err}:
			return err == nil
		case <-ctx.Done():
			return false
		}
	}
	if err != nil {
		Fail[C](err)(send)
		close(out)
		return out
	}
	running.Go(func() {
		defer close(out)
		err := Try(func() error {
			children(ctx, parent)(send)
			return nil
		})
		if err != nil {
			Fail[C](err)(send)
		}
	})
	return out
}

// Each returns a sequence of the values.
func Each[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// Fail returns a sequence that contains only an error.
func Fail[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}

// Try calls do, and converts a panic to an error: one sentence instead of a stack trace, and a failed query instead of a
// dead process.
func Try(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a bug in the plugin stopped the query (%v); please report it", r)
		}
	}()
	return do()
}
