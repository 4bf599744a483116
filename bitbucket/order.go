package bitbucket

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
)

// An order is one term of ORDER BY. The host hands over terms that it then does not sort by itself, so the rows must come
// exactly so.
type order struct {
	column     column
	descending bool
}

// parameter is the order as Bitbucket's parameter sort has it. Bitbucket sorts by one field.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#sorting-query-results
func (o order) parameter() string {
	if o.descending {
		return "-" + o.column.sort
	}
	return o.column.sort
}

// compare is negative if a comes before b.
func (o order) compare(a, b *row) int {
	return compareNullable(o.column.value(a), o.column.value(b), o.descending)
}

// compareNullable compares two values, either of which may be nil. Null is the greatest value, as in PostgreSQL.
func compareNullable(a, b any, descending bool) int {
	if descending {
		a, b = b, a
	}
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	result, _ := compareValues(a, b)
	return result
}

// sorted sorts rows that come in no order. It holds them all, so it is for those that the query names one by one.
func (s *scan) sorted(rows iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	if len(s.order) == 0 {
		return rows
	}
	return s.sortedRuns(rows, func(_, _ *row) bool { return true })
}

// ties sorts rows that come sorted by the first term of the order by the other terms.
func (s *scan) ties(rows iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	if len(s.order) < 2 {
		return rows
	}
	return s.sortedRuns(rows, func(a, b *row) bool { return s.order[0].compare(a, b) == 0 })
}

// sortedRuns sorts each run of rows that belong together.
func (s *scan) sortedRuns(rows iter.Seq2[*row, error], together func(a, b *row) bool) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		var run []*row
		flush := func() bool {
			slices.SortStableFunc(run, s.compare)
			for _, r := range run {
				if !yield(r, nil) {
					return false
				}
			}
			run = run[:0]
			return true
		}
		for r, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(run) > 0 && !together(run[0], r) && !flush() {
				return
			}
			run = append(run, r)
		}
		flush()
	}
}

func (s *scan) compare(a, b *row) int {
	for _, by := range s.order {
		if c := by.compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}

// errOrder says that a list is not sorted although that was asked for.
var errOrder = errors.New("rows that were asked for in order came from Bitbucket in another; leave out ORDER BY or LIMIT, or sort in a surrounding query")

// merge lists the children of all parents at once, each in the order that compare tells, and yields them all in that
// order.
func merge[P, C any](ctx context.Context, parents iter.Seq2[P, error], children func(context.Context, P) iter.Seq2[C, error], compare func(a, b C) int) iter.Seq2[C, error] {
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
				return errOrder
			}
			heads[i] = &r.value
			return r.err
		}
		for i := range streams {
			if err := advance(i); err != nil {
				failure[C](err)(yield)
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
				failure[C](err)(yield)
				return
			}
		}
	}
}
