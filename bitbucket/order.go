package bitbucket

import (
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
)

// An order is one term of ORDER BY. The host does not sort by the terms that it passes on, so the rows must come
// exactly in this order.
type order struct {
	column     column
	descending bool
}

// parameter returns the order as a value of Bitbucket's parameter sort. Bitbucket sorts by one field.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#sorting-query-results
func (o order) parameter() string {
	if o.descending {
		return "-" + o.column.sort
	}
	return o.column.sort
}

// compare returns a negative number if a comes before b.
func (o order) compare(a, b *row) int {
	return sqlvalue.CompareNullable(o.column.value(a), o.column.value(b), o.descending)
}

// sorted sorts rows that come in any order. It holds all of them, so it is for rows that the query names.
func (q *query) sorted(rows rowSeq) rowSeq {
	if len(q.order) == 0 {
		return rows
	}
	return q.sortedRuns(rows, func(_, _ *row) bool { return true })
}

// ties sorts rows that are equal by the first term, by which they come sorted, by the others.
func (q *query) ties(rows rowSeq) rowSeq {
	if len(q.order) < 2 {
		return rows
	}
	return q.sortedRuns(rows, func(a, b *row) bool { return q.order[0].compare(a, b) == 0 })
}

// sortedRuns sorts each run of rows that are together.
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
