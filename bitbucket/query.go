package bitbucket

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// A query is what the host wants from a table.
type query struct {
	table      *table
	wanted     map[string]bool // columns that are read or have a condition
	conditions conditions
	limit      int64   // how many rows are enough, counting as [conditions.verdict] says; -1 for all
	isCut      bool    // the SDK itself ends the scan after as many rows as LIMIT says
	maxItems   int64   // if a list has more items than this, it is not read; 0 for no maximum
	order      []order // the host relies on this order
}

// accepts reports whether the query may want the row.
func (q *query) accepts(r *row) bool { return q.conditions.verdict(r) != fails }

// acceptsIn reports whether the row may meet the conditions on the columns of one part.
func (q *query) acceptsIn(p part, r *row) bool {
	return q.conditions.in(p).verdict(r) != fails
}

// wants reports whether the query reads one of the columns.
func (q *query) wants(names ...string) bool {
	for _, name := range names {
		if q.wanted[name] {
			return true
		}
	}
	return false
}

// needsPart reports whether the query reads a column whose first source is in the part.
func (q *query) needsPart(p part) bool {
	for _, c := range q.table.columns {
		if q.wanted[c.name] && c.from()[0].part == p {
			return true
		}
	}
	return false
}

// fields returns the fields of a part that the columns of the query need.
func (q *query) fields(p part) []string {
	var paths []string
	for _, c := range q.table.columns {
		if !q.wanted[c.name] {
			continue
		}
		for _, from := range c.from() {
			if from.part == p {
				paths = append(paths, from.path)
			}
		}
	}
	return paths
}

// fewIDs returns the ids if the query names a few objects by one of the columns, which are texts or numbers.
func (q *query) fewIDs(columns ...string) (ids []string, ok bool) {
	for _, columnName := range columns {
		values, ok := q.conditions.values(columnName)
		if !ok {
			continue
		}
		for _, v := range values {
			if id := fmt.Sprint(v); isSlug(id) {
				ids = append(ids, id)
			}
		}
		return ids, len(ids) <= fewNames
	}
	return nil, false
}

// collection describes a paged list of objects, with the columns that the query reads, its order, and its conditions as
// far as Bitbucket can filter by them. If filterable columns are named, only conditions on these are used.
func (q *query) collection(path string, pageLen int, filterable ...string) api.List {
	// Without a selection of fields an object has all of them. If the query reads no field of the objects, the shortest
	// field that all have is selected: the type.
	l := api.List{Path: path, Query: url.Values{}, Fields: append(q.fields(objectPart), "type"), PageLen: pageLen, Most: q.maxItems}
	filter, exact := q.filter(filterable)
	if expression := filter.String(); expression != "" {
		l.Query.Set("q", expression)
	}
	if len(q.order) > 0 {
		l.Query.Set("sort", q.order[0].parameter())
	}
	if exact && len(q.order) < 2 { // ties on the first term can't be cut: their order is known only when all are read
		l.Wanted = max(q.limit, 0)
	}
	return l
}

// accepted yields the rows that the query wants, up to its limit. It runs before any read-ahead, so no page is fetched
// in vain.
func (q *query) accepted(rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		left := q.limit
		if len(q.order) > 1 {
			left = -1 // ties on the first term can't be cut: their order is known only when all are read
		}
		for r, err := range rows {
			counts := fails
			if err == nil {
				counts = q.conditions.verdict(r)
			}
			switch {
			case err == nil && counts == fails:
				continue
			case counts == holds:
				left--
			}
			if !yield(r, err) || err != nil || left == 0 {
				return
			}
		}
	}
}

// earliest returns the time before which the query wants no row, from the conditions on a column; zero if there is
// none.
func (q *query) earliest(name string) (at time.Time) {
	from, _ := q.conditions.between(name)
	at, _ = from.(time.Time)
	return at
}

// isExactly reports whether the query wants only this value in a column.
func (q *query) isExactly(name string, value any) bool {
	values, ok := q.conditions.values(name)
	return ok && slices.Equal(values, []any{value})
}

// isOne reports whether the query names exactly one value of a column.
func (q *query) isOne(columnName string) bool {
	values, ok := q.conditions.texts(columnName)
	return ok && len(values) == 1
}

// costsEachRow reports whether the query reads a column that takes a request for each row of the list.
func (q *query) costsEachRow() bool {
	return q.needsPart(detailPart) || q.needsPart(explanationPart) || q.needsPart(contentPart)
}
