package bitbucket

import (
	"context"
	"iter"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// listByTime reads one collection of an owner that Bitbucket sorts by a timestamp, from the end that the query is about to
// the first row that is beyond what it wants: "the last seven days" does not read the whole history. Bitbucket has no
// filter for such a condition.
func (s *scan) listByTime(ctx context.Context, o owner, l api.List, column string) iter.Seq2[*row, error] {
	after, before := s.bounds(column)
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
			if s.isBeyond(r, column, descending) || !yield(r, nil) {
				return
			}
		}
	})
	if backwards {
		return s.sorted(rows)
	}
	return rows
}

// bounds says whether the query wants nothing before some time, and nothing after some time.
func (s *scan) bounds(column string) (after, before bool) {
	for _, c := range s.conditions {
		if c.column.name != column || c.value == nil {
			continue
		}
		switch c.operator {
		case quals.QualOperatorEqual:
			return true, true
		case quals.QualOperatorGreater, quals.QualOperatorGreaterOrEqual:
			after = true
		case quals.QualOperatorLess, quals.QualOperatorLessOrEqual:
			before = true
		}
	}
	return after, before
}

// isBeyond says whether the query wants neither the row nor any that comes after it in the order.
func (s *scan) isBeyond(r *row, column string, descending bool) bool {
	for _, c := range s.conditions {
		if c.column.name == column && c.value != nil && c.isBeyond(c.column.value(r), descending) {
			return true
		}
	}
	return false
}

func (c condition) isBeyond(have any, descending bool) bool {
	switch c.operator {
	case quals.QualOperatorEqual:
	case quals.QualOperatorGreater, quals.QualOperatorGreaterOrEqual:
		if !descending {
			return false
		}
	case quals.QualOperatorLess, quals.QualOperatorLessOrEqual:
		if descending {
			return false
		}
	default:
		return false
	}
	wanted, isList := c.value.([]any)
	if !isList {
		wanted = []any{c.value}
	}
	for _, v := range wanted {
		further, comparable := compareValues(have, v)
		if descending {
			further = -further
		}
		if !comparable || further <= 0 {
			return false
		}
	}
	return true
}
