package streams

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// ErrOrder is the error of Merge for a sequence that is not sorted.
var ErrOrder = errors.New("sorted rows arrived in a wrong order; omit ORDER BY or LIMIT, or sort in a surrounding query")

// Merge lists the children of all parents at once, each sorted by compare, and yields all children in this order.
func Merge[P, C any](ctx context.Context, parents iter.Seq2[P, error], children func(context.Context, P) iter.Seq2[C, error], compare func(a, b C) int) iter.Seq2[C, error] {
	return func(yield func(C, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		var streams []<-chan result[C]
		for parent, err := range parents {
			streams = append(streams, start(ctx, &running, parent, err, children))
		}
		heads := make([]*C, len(streams)) // nil for a stream that has ended
		advance := func(i int) error {
			before := heads[i]
			heads[i] = nil
			r, more := <-streams[i]
			if !more {
				return ctx.Err()
			}
			if r.err == nil && before != nil && compare(r.value, *before) < 0 {
				return ErrOrder
			}
			heads[i] = &r.value
			return r.err
		}
		for i := range streams {
			if err := advance(i); err != nil {
				Fail[C](err)(yield)
				return
			}
		}
		for {
			first := -1
			for i, head := range heads {
				if head != nil && (first < 0 || compare(*head, *heads[first]) < 0) {
					first = i
				}
			}
			if first < 0 || !yield(*heads[first], nil) {
				return
			}
			if err := advance(first); err != nil {
				Fail[C](err)(yield)
				return
			}
		}
	}
}
