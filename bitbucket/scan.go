package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A scan is one reading of a table: what the query wants of it.
type scan struct {
	*connection
	instance     *instance
	name         string // of the connection
	queriedTable string // name of the table that the query reads
	table        *table
	wanted       map[string]bool // columns that the query reads, or that a condition is on
	conditions   conditions
	limit        int64   // rows that are enough, of those that [scan.verdict] says count; -1 for all
	maxItems     int64   // rows that a list may have at most, to be read at all; 0 for any number
	order        []order // what the host relies on the rows being sorted by
	deferred     *deferred
	silent       bool         // it reads more than the query asked for: what it leaves out of that is not told
	hasOmissions *atomic.Bool // something was left out that is, or would be, told
}

func newScan(ctx context.Context, i *instance, t *table, d *plugin.QueryData) (*scan, error) {
	c, err := i.connect(ctx, d.Connection)
	if err != nil {
		return nil, err
	}
	demanded, limit := sdkserver.Demand(ctx, d)
	s := &scan{
		connection:   c,
		instance:     i,
		name:         d.Connection.Name,
		queriedTable: t.name,
		table:        t,
		wanted:       map[string]bool{},
		conditions:   newConditions(t, demanded),
		limit:        limit,
		deferred:     &deferred{},
		hasOmissions: new(atomic.Bool),
	}
	if s.conditions.isVague() {
		s.limit = -1 // no row would count
	}
	for _, name := range d.QueryContext.Columns {
		s.wanted[name] = true
	}
	for _, c := range s.conditions {
		s.wanted[c.column.name] = true
	}
	if _, named := s.namedWorkspaces(); named {
		s.wanted["workspace_slug"] = true
	}
	for _, by := range d.QueryContext.SortOrder {
		s.wanted[by.Column] = true
		s.order = append(s.order, order{t.column(by.Column), by.Order == plugin.SortDesc})
	}
	return s, s.checkNames()
}

// verdict checks the row against every condition again: a server that ignores or half-understands a filter costs time,
// never truth. Only rows for which all hold count towards the limit.
func (s *scan) verdict(r *row) verdict { return s.conditions.verdict(r) }

// accepts says whether the query may want the row.
func (s *scan) accepts(r *row) bool { return s.verdict(r) != fails }

// acceptsIn checks the conditions on what stands in one part of a row.
func (s *scan) acceptsIn(p part, r *row) bool {
	return s.conditions.in(p).verdict(r) != fails
}

// wants says whether the query reads one of the columns.
func (s *scan) wants(names ...string) bool {
	for _, name := range names {
		if s.wanted[name] {
			return true
		}
	}
	return false
}

// needsPart says whether a column that the query reads stands first of all in the part.
func (s *scan) needsPart(p part) bool {
	for _, c := range s.table.columns {
		if s.wanted[c.name] && c.from()[0].part == p {
			return true
		}
	}
	return false
}

// fields lists what to select of a part for the columns that the query reads.
func (s *scan) fields(p part) []string {
	var paths []string
	for _, c := range s.table.columns {
		if !s.wanted[c.name] {
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

// getPart fetches the object at a path: of its fields those that the query reads in a part of the rows, and more.
func (s *scan) getPart(ctx context.Context, path string, p part, more ...string) (jsontree.Value, error) {
	return s.Get(ctx, path, nil, append(append(s.fields(p), more...), "type")...)
}

// equals returns the values that a text column must be one of; ok is false if the query doesn't say.
func (s *scan) equals(name string) (values []string, ok bool) {
	values, ok = s.conditions.texts(name)
	return slices.DeleteFunc(values, func(one string) bool { return one == "" }), ok // which no column has
}

// integers returns the values that an integer column must be one of; ok is false if the query doesn't say.
func (s *scan) integers(name string) (values []int64, ok bool) { return s.conditions.integers(name) }

// fewIDs returns the ids by which a query names a few objects in one of the columns, which are texts or numbers.
func (s *scan) fewIDs(columns ...string) (ids []string, ok bool) {
	for _, column := range columns {
		values, ok := s.conditions.values(column)
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

// collection describes a paged list of objects: the columns that the query reads, its conditions as far as Bitbucket can
// filter by them (by those on the named columns only, if any are named), and its order.
func (s *scan) collection(path string, pageLen int, filterable ...string) api.List {
	// A list of which no field is selected has them all. A query that reads nothing of the objects themselves wants none of them,
	// and the type is the shortest that all of them have.
	l := api.List{Path: path, Query: url.Values{}, Fields: append(s.fields(objectPart), "type"), PageLen: pageLen, Most: s.maxItems}
	filter, exact := s.filter(filterable)
	if q := filter.String(); q != "" {
		l.Query.Set("q", q)
	}
	if len(s.order) > 0 {
		l.Query.Set("sort", s.order[0].parameter())
	}
	if exact && len(s.order) < 2 { // which of those that are equal by the first term are the first, only all of them tell
		l.Wanted = max(s.limit, 0)
	}
	return l
}

// An owner is what objects are found in: a workspace, a project, a repository, or something in one.
type owner interface {
	// row returns a row of an object found there.
	row(item jsontree.Value) *row
}

// A container is an owner with an address, below which are those of what is found in it.
type container interface {
	owner
	path(rest string, values ...string) string
}

// getByID asks a container for objects by their ids, one by one. What isn't there has no row.
func (s *scan) getByID(ctx context.Context, in container, rest string, ids ...string) iter.Seq2[*row, error] {
	return single(ctx, s, streams.Each(ids...), func(ctx context.Context, s *scan, id string) (*row, error) {
		item, err := s.getPart(ctx, in.path(rest, id), objectPart)
		if isUnknown(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return in.row(item), nil
	})
}

// getOne asks for the one object that is found at a path.
func (s *scan) getOne(ctx context.Context, in container, rest string) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		item, err := s.getPart(ctx, in.path(rest), objectPart)
		yield(in.row(item), err)
	}
}

// readAll reads one collection into a JSON array.
func (s *scan) readAll(ctx context.Context, path string) (jsontree.Value, error) {
	var items []string
	for item, err := range s.List(ctx, api.List{Path: path, PageLen: 100}) {
		if err != nil {
			return jsontree.Value{}, err
		}
		items = append(items, item.Raw())
	}
	return jsontree.MustParse("[" + strings.Join(items, ",") + "]"), nil
}

// listIn reads one collection of an owner, as far as the query wants it.
func (s *scan) listIn(ctx context.Context, o owner, l api.List) iter.Seq2[*row, error] {
	return s.accepted(s.rowsIn(ctx, o, l))
}

// rowsIn reads one collection of an owner.
func (s *scan) rowsIn(ctx context.Context, o owner, l api.List) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		for item, err := range s.List(ctx, l) {
			if !yield(o.row(item), err) {
				return
			}
		}
	}
}

// combine lists the children of all parents: in the order of the parents, or in that which the scan is sorted by.
func combine[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], children func(context.Context, P) iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	if len(s.order) > 0 {
		return streams.Merge(ctx, parents, children, s.order[0].compare)
	}
	return spread(ctx, s, 1, parents, children)
}

// spread is fanOut as wide as the query wants. With a LIMIT it begins with so many parents and doubles their number with each
// that did not suffice, but to no more than what those before let expect to be needed: so LIMIT 5 over 500 repositories mostly
// asks one of them, or five that have a row each.
func spread[P any](ctx context.Context, s *scan, begin int, parents iter.Seq2[P, error], children func(context.Context, P) iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	most := s.settings.MaxConcurrency
	if s.limit < 0 {
		return streams.FanOut(ctx, func(int) int { return most }, parents, children)
	}
	return func(yield func(*row, error) bool) {
		found := 0
		width := func(done int) int {
			n := min(min(begin, most)<<min(done, 30), most)
			if wanted := min(int(s.limit)-found, most*found); wanted > 0 {
				n = min(n, (wanted*done+found-1)/found)
			}
			return n
		}
		streams.FanOut(ctx, width, parents, children)(func(r *row, err error) bool {
			if err == nil && s.verdict(r) == holds {
				found++
			}
			return yield(r, err)
		})
	}
}

// fewNames is up to how many objects that a query names are asked for one by one. More are looked for in the lists.
const fewNames = 10

// byName asks for the objects that the query names in a column: for a few by ask, one by one; for many in rows, the lists
// that have most of them, and then for the others by ask. A row counts only under the very name that it was asked for by,
// so that none comes twice when a query spells one name in two ways.
func (s *scan) byName(ctx context.Context, column string, names []string, ask func(context.Context, *scan, string) (*row, error), rows func(*scan) iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	key := s.table.column(column)
	exactly := func(ctx context.Context, s *scan, name string) (*row, error) {
		r, err := ask(ctx, s, name)
		if err != nil || r == nil || key.value(r) != name {
			return nil, err
		}
		return r, nil
	}
	if len(names) <= fewNames || rows == nil {
		return s.sorted(single(ctx, s, streams.Each(names...), exactly))
	}
	return s.sorted(func(yield func(*row, error) bool) {
		missing := slices.Clone(names)
		for some := range s.lookups(column, names) {
			for r, err := range rows(some) {
				if err == nil {
					found := key.value(r)
					missing = slices.DeleteFunc(missing, func(name string) bool { return found == name })
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
		single(ctx, s, streams.Each(missing...), exactly)(yield)
	})
}

// single asks for one object of each parent. ask returns no row where there is nothing to show.
func single[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], ask func(context.Context, *scan, P) (*row, error)) iter.Seq2[*row, error] {
	return spread(ctx, s, int(max(s.limit, 1)), parents, func(ctx context.Context, parent P) iter.Seq2[*row, error] {
		return func(yield func(*row, error) bool) {
			if r, err := ask(ctx, s, parent); r != nil || err != nil {
				yield(r, err)
			}
		}
	})
}

// accepted keeps the rows that the query wants, and of those no more than its limit: whatever reads ahead reads ahead of
// this, and must not ask for pages that nobody needs.
func (s *scan) accepted(rows iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		left := s.limit
		if len(s.order) > 1 {
			left = -1 // which of the rows that are equal by the first term are the first, only all of them tell
		}
		for r, err := range rows {
			counts := fails
			if err == nil {
				counts = s.verdict(r)
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

// completed makes the requests that a row needs beside its list, for the rows that the query wants.
func (s *scan) completed(ctx context.Context, rows iter.Seq2[*row, error], complete func(context.Context, *row) error) iter.Seq2[*row, error] {
	return single(ctx, s, s.accepted(rows), func(ctx context.Context, _ *scan, r *row) (*row, error) {
		return r, complete(ctx, r)
	})
}

// lookups are scans for nothing but some of the names at a time, as many as fit into a filter: a row that another condition
// or the limit keeps from the answer must not pass for one that the lists lack.
func (s *scan) lookups(column string, names []string) iter.Seq[*scan] {
	return func(yield func(*scan) bool) {
		for len(names) > 0 {
			alone := *s
			alone.limit = -1
			alone.conditions = nil
			taken := 0
			for _, c := range s.conditions {
				switch c.column.name {
				case column:
					var some condition
					some, taken = fitting(c, names)
					alone.conditions = append(alone.conditions, some)
				case s.table.workspaceColumn():
					alone.conditions = append(alone.conditions, c)
				}
			}
			if names = names[taken:]; !yield(&alone) {
				return
			}
		}
	}
}

// fitting is a condition that the column be one of as many of the names, and one at least, as fit into a filter, and how many
// these are.
func fitting(c condition, names []string) (some condition, n int) {
	var values []any
	for _, name := range names {
		values = append(values, name)
		longer := newCondition(c.column, quals.QualOperatorEqual, values)
		longer.keyColumn = c.keyColumn
		if f, _ := longer.filter(); n > 0 && len(f.String()) > maxFilter {
			break
		}
		some, n = longer, len(values)
	}
	return some, n
}
