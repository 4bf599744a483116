package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// rows returns the rows of the scan: from a directory if the query looks up a name, or from the kept answers to a wider
// scan, or else as the table reads them. If the connection's max_age is 0, each scan makes its own requests.
func (s *scan) rows(ctx context.Context) rowSeq {
	if s.settings.MaxAge <= 0 {
		return s.table.rows(ctx, s)
	}
	if at := s.lookupCondition(); at >= 0 {
		return s.sorted(s.directories.find(ctx, s.lookup(ctx, at)))
	}
	return s.keptOrRead(ctx)
}

// keptOrRead returns the rows from the kept answers to a wider scan, or else as the table reads them.
func (s *scan) keptOrRead(ctx context.Context) rowSeq {
	return func(yield func(*row, error) bool) {
		if rows, ok := s.keptRows(ctx); ok {
			s.sorted(streams.Each(rows...))(yield)
			return
		}
		s.table.rows(ctx, s)(yield)
	}
}

// lookupCondition returns the index of the condition that names what the query looks up: one on an id, or else on
// another column of the object itself; -1 if there is none. A value from a few fixed words, such as a state, is no
// name.
func (q *query) lookupCondition() int {
	first := -1
	for i, c := range q.conditions {
		switch c.value.(type) {
		case string, int64:
		default:
			continue
		}
		if c.operator != opEqual {
			continue
		}
		if _, ok := q.table.ids[c.column.name]; ok {
			return i
		}
		if first < 0 && c.column.from()[0].part == objectPart && q.table.isOpen(c.column.name) {
			first = i
		}
	}
	return first
}

// isOpen reports whether a key column may have any value, rather than one of a few fixed words.
func (t *table) isOpen(columnName string) bool {
	for _, q := range t.keyColumns {
		if q.column == columnName {
			return !slices.Equal(q.operators, equalOperators) && slices.Contains([]columnKind{kindText, kindInteger}, t.column(columnName).kind)
		}
	}
	return false
}

// lookup returns the scan's lookup in a directory: the rows with the name in one of its conditions, among the rows that
// it would read without that condition.
func (s *scan) lookup(ctx context.Context, at int) lookup {
	c, all := s.conditions[at], s.withoutName(at)
	within, isID := s.table.ids[c.column.name]
	l := lookup{
		directory:    all.question(all.conditions) + " by " + c.column.name,
		kind:         all.question(nil) + " by " + c.column.name,
		life:         min(s.settings.MaxAge, cacheLife),
		name:         c.value,
		nameOf:       c.column.value,
		isUnique:     isID && (within == "" || all.isOne(within)),
		hasOmissions: s.hasOmissions,
		one:          s.keptOrRead(ctx),
	}
	if s.wants(s.table.alone...) {
		return l
	}
	if l.isCostly = s.costsEachRow(); !l.isCostly && s.table.substitute != nil {
		if l.list = s.table.substitute(all); l.list != nil {
			return l
		}
	}
	l.list = func(ctx context.Context, most int) rowSeq {
		all.limit = int64(most)
		if !l.isUnique {
			all.maxItems = all.limit
		}
		if !all.isOne(all.table.workspaceColumn()) && !all.isListCheaper(ctx, most/rowsPerName) {
			return streams.Fail[*row](errTooLong)
		}
		return all.table.rows(ctx, all)
	}
	return l
}

// isListCheaper reports whether all workspaces can be read, and are fewer than the objects to look for.
func (s *scan) isListCheaper(ctx context.Context, objects int) bool {
	workspaces := 0
	for _, err := range s.workspaces(ctx) {
		if err != nil {
			return false
		}
		workspaces++
	}
	return workspaces < objects
}

// errTooLong reports that a list is not read for a lookup, because it would take too many requests.
var errTooLong = errors.New("the list takes more requests than the names")

// withoutName returns the scan without the condition with a name, as a lookup reads it: it records no omissions, and stays in the
// workspace that the name implies, if any.
func (s *scan) withoutName(at int) *scan {
	all := s.without(at)
	all.silent = true
	if slugs, ok := s.namedWorkspaces(); ok && len(slugs) == 1 && s.conditions[at].column.name != s.table.workspaceColumn() && !all.isOne(s.table.workspaceColumn()) {
		all.conditions = append(all.conditions, condition{
			column: s.table.column(s.table.workspaceColumn()), operator: opEqual, value: slugs[0],
		})
	}
	return all
}

// question returns a key for what a scan with these conditions asks, without its limit and its order.
func (q *query) question(cs []condition) string {
	var b strings.Builder
	fmt.Fprint(&b, q.table.name, slices.Sorted(maps.Keys(q.wanted)))
	for _, c := range cs {
		fmt.Fprintf(&b, " %s%s%#v", c.column.name, c.operator, c.value)
	}
	return b.String()
}
