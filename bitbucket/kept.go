package bitbucket

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// A query is often a narrower form of one that was answered a moment ago: a dashboard counts the open pull requests
// after it has listed all. It would send other requests, because Bitbucket filters or because a name has its own
// address. So the scan is first made without some of its conditions and with kept answers alone.

// keptRows returns the rows of the scan, if the answers to a scan with fewer conditions are kept. It sends no request.
func (s *scan) keptRows(ctx context.Context) (rows []*row, ok bool) {
	for wider := range s.widerScans() {
		if rows, ok = s.keptRowsOf(ctx, wider); ok {
			s.deferred.addAll(wider.deferred)
			return rows, true
		}
	}
	return s.keptNames(ctx)
}

// keptRowsOf returns the rows of the scan among those of a wider scan, if the answers to that are kept.
func (s *scan) keptRowsOf(ctx context.Context, wider *scan) (rows []*row, ok bool) {
	offline, _ := cache.Offline(ctx)
	q := s.query
	if len(s.order) > 0 { // any row may be the first
		q.order, q.limit = nil, -1
	}
	bytes := 0
	for r, err := range q.accepted(wider.table.rows(offline, wider)) {
		if err != nil {
			return nil, false
		}
		rows = append(rows, r)
		if bytes += r.size(); bytes > directoryBytes {
			return nil, false
		}
	}
	return rows, true
}

// widerScans returns scans that find at least the rows of this one, in any order: one without any condition that only
// leaves out rows, and then one without each of them.
func (s *scan) widerScans() iter.Seq[*scan] {
	return func(yield func(*scan) bool) {
		var narrowing []int
		for i, c := range s.conditions {
			if c.narrows() {
				narrowing = append(narrowing, i)
			}
		}
		if len(narrowing)+len(s.order) == 0 || !yield(s.without(narrowing...)) || len(narrowing) == 1 {
			return
		}
		for _, i := range narrowing {
			if !yield(s.without(i)) {
				return
			}
		}
	}
}

// without returns a copy of the scan without some conditions, limit and order.
func (s *scan) without(indexes ...int) *scan {
	q := s.query
	q.limit, q.order, q.conditions, q.wanted = -1, nil, nil, maps.Clone(s.wanted) // a table may add columns to the last
	for i, c := range s.conditions {
		if !slices.Contains(indexes, i) {
			q.conditions = append(q.conditions, c)
		}
	}
	wider := s.with(q)
	wider.deferred = &deferred{}
	return wider
}

// keptNames returns the rows of the names that a condition lists, if all are kept. A name that is not may still exist.
func (s *scan) keptNames(ctx context.Context) (rows []*row, ok bool) {
	at := slices.IndexFunc(s.conditions, func(c condition) bool {
		values, isList := c.value.([]any)
		_, isID := s.table.ids[c.column.name]
		return isID && isList && c.operator == opEqual && !c.isVague && len(values) <= fewNames
	})
	if at < 0 {
		return nil, false
	}
	for _, name := range slices.Compact(slices.Clone(s.conditions[at].value.([]any))) {
		q := s.query
		q.conditions = slices.Clone(s.conditions)
		q.conditions[at] = s.conditions[at].naming(name)
		found, ok := s.directories.kept(ctx, s.with(q).lookup(ctx, at))
		if !ok {
			return nil, false
		}
		rows = append(rows, found...)
	}
	return slices.DeleteFunc(rows, func(r *row) bool { return !s.accepts(r) }), true
}
