package bitbucket

import (
	"iter"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
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
	return sqlvalue.CompareNullable(o.column.value(a), o.column.value(b), o.descending)
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
