package bitbucket

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A scan is one reading of a table.
type scan struct {
	*connection
	query
	instance     *instance
	name         string // of the connection
	queriedTable string // name of the table that the query reads; the scan may be of the table of its parents
	deferred     *deferred
	silent       bool         // it reads more than the query asked for: what it leaves out of that is not told
	hasOmissions *atomic.Bool // something was left out that is, or would be, told
}

func newScan(ctx context.Context, i *instance, t *table, d *plugin.QueryData) (*scan, error) {
	c, err := i.connect(ctx, d.Connection)
	if err != nil {
		return nil, err
	}
	s := &scan{
		connection:   c,
		query:        newQuery(ctx, t, d),
		instance:     i,
		name:         d.Connection.Name,
		queriedTable: t.name,
		deferred:     &deferred{},
		hasOmissions: new(atomic.Bool),
	}
	return s, s.checkNames()
}

// getPart fetches the object at a path: of its fields those that the query reads in a part of the rows, and more.
func (s *scan) getPart(ctx context.Context, path string, p part, more ...string) (jsontree.Value, error) {
	return s.Get(ctx, path, nil, append(append(s.fields(p), more...), "type")...)
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
func (s *scan) getByID(ctx context.Context, in container, rest string, ids ...string) rowSeq {
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
func (s *scan) getOne(ctx context.Context, in container, rest string) rowSeq {
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
func (s *scan) listIn(ctx context.Context, o owner, l api.List) rowSeq {
	return s.accepted(s.rowsIn(ctx, o, l))
}

// rowsIn reads one collection of an owner.
func (s *scan) rowsIn(ctx context.Context, o owner, l api.List) rowSeq {
	return func(yield func(*row, error) bool) {
		for item, err := range s.List(ctx, l) {
			if !yield(o.row(item), err) {
				return
			}
		}
	}
}

// combine lists the children of all parents: in the order of the parents, or in that which the scan is sorted by.
func combine[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], children func(context.Context, P) rowSeq) rowSeq {
	if len(s.order) > 0 {
		return streams.Merge(ctx, parents, children, s.order[0].compare)
	}
	return spread(ctx, s, 1, parents, children)
}

// spread is fanOut as wide as the query wants. With a LIMIT it begins with so many parents and doubles their number with each
// that did not suffice, but to no more than what those before let expect to be needed: so LIMIT 5 over 500 repositories mostly
// asks one of them, or five that have a row each.
func spread[P any](ctx context.Context, s *scan, begin int, parents iter.Seq2[P, error], children func(context.Context, P) rowSeq) rowSeq {
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
func (s *scan) byName(ctx context.Context, column string, names []string, ask func(context.Context, *scan, string) (*row, error), rows func(*scan) rowSeq) rowSeq {
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
func single[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], ask func(context.Context, *scan, P) (*row, error)) rowSeq {
	return spread(ctx, s, int(max(s.limit, 1)), parents, func(ctx context.Context, parent P) rowSeq {
		return func(yield func(*row, error) bool) {
			if r, err := ask(ctx, s, parent); r != nil || err != nil {
				yield(r, err)
			}
		}
	})
}

// completed makes the requests that a row needs beside its list, for the rows that the query wants.
func (s *scan) completed(ctx context.Context, rows rowSeq, complete func(context.Context, *row) error) rowSeq {
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
