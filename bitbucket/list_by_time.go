package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
)

// listByTime reads one collection of an owner that Bitbucket sorts by a timestamp, from the end that the query is about to
// the first row that is beyond what it wants: "the last seven days" does not read the whole history. Bitbucket has no
// filter for such a condition.
func (s *scan) listByTime(ctx context.Context, o owner, l api.List, column string) rowSeq {
	from, to := s.conditions.between(column)
	after, before := from != nil, to != nil
	descending := after || !before
	reading, backwards := *s, false
	if len(s.order) > 0 {
		// Oldest first, but not before some time: read from the newest and turned round, that costs no more than the rows.
		backwards = after && !s.order[0].descending
		descending = backwards || s.order[0].descending
	}
	l.Query.Set("sort", order{s.table.column(column), descending}.parameter())
	ends := after && descending || before && !descending   // before the list does
	passes := after && !descending || before && descending // over rows at its beginning
	switch {
	case backwards:
		reading.limit = -1
		l.Wanted = int64(l.PageLen)
	case ends && l.Wanted == 0, passes && l.Wanted > 0:
		l.Wanted = int64(l.PageLen) // which means: one page at a time
	}
	rows := reading.accepted(func(yield func(*row, error) bool) {
		for item, err := range s.List(ctx, l) {
			if err != nil {
				yield(nil, err)
				return
			}
			r := o.row(item)
			if isBeyond(s.table.column(column).value(r), from, to, descending) || !yield(r, nil) {
				return
			}
		}
	})
	if backwards {
		return s.sorted(rows)
	}
	return rows
}

// isBeyond says whether the query wants neither the row nor any that comes after it in the order, when it wants what is
// between two times.
func isBeyond(at, from, to any, descending bool) bool {
	bound, beyond := to, 1
	if descending {
		bound, beyond = from, -1
	}
	order, comparable := sqlvalue.Compare(at, bound)
	return comparable && order == beyond
}
