package bitbucket

import (
	"context"
	"fmt"
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

// compare is negative if a comes before b. Null is the greatest value, as in PostgreSQL.
func (o order) compare(a, b *row) int {
	va, vb := o.column.value(a), o.column.value(b)
	if o.descending {
		va, vb = vb, va
	}
	switch {
	case va == nil && vb == nil:
		return 0
	case va == nil:
		return 1
	case vb == nil:
		return -1
	}
	result, _ := compareValues(va, vb)
	return result
}

// sorted sorts rows that come in no order. It holds them all, so it is for those that the query names one by one.
func (s *scan) sorted(rows iter.Seq2[*row, error]) iter.Seq2[*row, error] {
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

// merge lists the children of all parents at once, each in the order that Bitbucket keeps, and yields them in the order
// that the scan is sorted by.
func merge[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], children func(context.Context, P) iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		var streams []<-chan result[*row]
		for parent, err := range parents {
			streams = append(streams, start(ctx, &running, parent, err, children))
		}
		heads := make([]*row, len(streams))
		advance := func(i int) error {
			r := <-streams[i] // a closed channel gives the zero result: this one has ended
			if r.err == nil && r.value != nil && heads[i] != nil && s.order[0].compare(r.value, heads[i]) < 0 {
				r.err = fmt.Errorf("the rows that were asked for in order of %s came from Bitbucket in another; leave out ORDER BY or LIMIT, or sort in a surrounding query", s.order[0].column.name)
			}
			heads[i] = r.value
			return r.err
		}
		for i := range streams {
			if err := advance(i); err != nil {
				yield(nil, err)
				return
			}
		}
		for {
			first := -1
			for i, head := range heads {
				if head != nil && (first < 0 || s.order[0].compare(head, heads[first]) < 0) {
					first = i
				}
			}
			if err := ctx.Err(); err != nil || first < 0 {
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if !yield(heads[first], nil) {
				return
			}
			if err := advance(first); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
