package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
)

// listByTime reads a collection that Bitbucket sorts by a timestamp, from the end that the query is about to the first
// row that is out of its range. So "the last seven days" does not read the whole history. Bitbucket has no filter for
// these conditions.
func (s *scan) listByTime(ctx context.Context, o owner, l api.List, columnName string) rowSeq {
	from, to := s.conditions.between(columnName)
	after, before := from != nil, to != nil
	descending := after || !before
	reading, backwards := s.query, false
	if len(s.order) > 0 {
		// Oldest first, but only after some time: reading from the newest and reversing takes no more pages than the
		// rows need.
		backwards = after && !s.order[0].descending
		descending = backwards || s.order[0].descending
	}
	l.Query.Set("sort", order{s.table.column(columnName), descending}.parameter())
	ends := after && descending || before && !descending   // stops before the end of the list
	passes := after && !descending || before && descending // skips rows at the beginning
	switch {
	case backwards:
		reading.limit = -1
		l.Wanted = int64(l.PageLen)
	case ends && l.Wanted == 0, passes && l.Wanted > 0:
		l.Wanted = int64(l.PageLen) // so that one page is fetched at a time
	}
	rows := reading.accepted(func(yield func(*row, error) bool) {
		for item, err := range s.List(ctx, l) {
			if err != nil {
				yield(nil, err)
				return
			}
			r := o.row(item)
			if isBeyond(s.table.column(columnName).value(r), from, to, descending) || !yield(r, nil) {
				return
			}
		}
	})
	if backwards {
		return s.sorted(rows)
	}
	return rows
}

// isBeyond reports whether the query, which wants the rows between two times, wants neither this row nor any after it.
func isBeyond(at, from, to any, descending bool) bool {
	bound, beyond := to, 1
	if descending {
		bound, beyond = from, -1
	}
	result, comparable := sqlvalue.Compare(at, bound)
	return comparable && result == beyond
}
