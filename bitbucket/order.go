package bitbucket

import (
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
func (q *query) sorted(rows rowSeq) rowSeq {
	if len(q.order) == 0 {
		return rows
	}
	return q.sortedRuns(rows, func(_, _ *row) bool { return true })
}

// ties sorts rows that come sorted by the first term of the order by the other terms.
func (q *query) ties(rows rowSeq) rowSeq {
	if len(q.order) < 2 {
		return rows
	}
	return q.sortedRuns(rows, func(a, b *row) bool { return q.order[0].compare(a, b) == 0 })
}

// sortedRuns sorts each run of rows that belong together.
func (q *query) sortedRuns(rows rowSeq, together func(a, b *row) bool) rowSeq {
	return func(yield func(*row, error) bool) {
		var run []*row
		flush := func() bool {
			slices.SortStableFunc(run, q.compare)
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

func (q *query) compare(a, b *row) int {
	for _, by := range q.order {
		if c := by.compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}
