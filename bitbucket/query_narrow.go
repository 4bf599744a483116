package bitbucket

import "iter"

// A scan also reads the parents of its rows, and lists that it does not need as a whole. These are the queries for that.

// narrowedTo returns the query with only its conditions on the columns of one part of the rows.
func (q *query) narrowedTo(p part) query {
	narrowed := *q
	narrowed.conditions = q.conditions.in(p)
	if !q.conditions.areDecided() {
		narrowed.limit = -1 // a row that meets these conditions may fail the others
	}
	return narrowed
}

// onParents returns the query for the parents of the rows, which another table has: with the conditions on the parents,
// and without the limit.
func (q *query) onParents(parents *table) query {
	of := *q
	of.table, of.limit, of.order = parents, -1, nil
	of.wanted = map[string]bool{"uuid": true}
	of.conditions = nil
	for _, path := range q.fields(parentPart) {
		of.wanted[parents.columnAt(path).name] = true
	}
	for _, c := range q.conditions.in(parentPart) {
		c.column = parents.columnAt(c.column.from()[0].path)
		of.conditions = append(of.conditions, c)
	}
	return of
}

// lookups returns queries for some of the names each, as many as fit into a filter, with no other conditions and no
// limit. Otherwise a row that these exclude would look like one that the lists lack.
func (q *query) lookups(columnName string, names []string) iter.Seq[query] {
	return func(yield func(query) bool) {
		for len(names) > 0 {
			alone := *q
			alone.limit = -1
			alone.conditions = nil
			taken := 0
			for _, c := range q.conditions {
				switch c.column.name {
				case columnName:
					var some condition
					some, taken = fitting(c, names)
					alone.conditions = append(alone.conditions, some)
				case q.table.workspaceColumn():
					alone.conditions = append(alone.conditions, c)
				}
			}
			if names = names[taken:]; !yield(alone) {
				return
			}
		}
	}
}

// fitting returns a condition for as many of the names as fit into a filter, at least one, and their number.
func fitting(c condition, names []string) (some condition, n int) {
	var values []any
	for _, name := range names {
		values = append(values, name)
		longer := c.naming(values)
		if f, _ := longer.filter(); n > 0 && len(f.String()) > maxFilter {
			break
		}
		some, n = longer, len(values)
	}
	return some, n
}
