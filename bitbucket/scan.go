package bitbucket

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A scan reads a table once.
type scan struct {
	*connection
	query
	omitter
	progress *repositoryCount // of all scans
}

// with returns a scan with another query.
func (s *scan) with(q query) *scan {
	other := *s
	other.query = q
	return &other
}

// getPart requests the object at a path, with the fields that the query reads in a part of the rows, and more.
func (s *scan) getPart(ctx context.Context, path string, p part, more ...string) (jsontree.Value, error) {
	return s.Get(ctx, path, nil, append(append(s.fields(p), more...), "type")...)
}

// An owner is something that has objects: a workspace, a project, a repository, or something in one.
type owner interface {
	// row returns the row of an object that it has.
	row(item jsontree.Value) *row
}

// A container is an owner with an address. The addresses of its objects are below it.
type container interface {
	owner
	path(rest string, values ...string) string
}

// getByID requests objects of a container by their ids, one by one. An id that does not exist has no row.
func (s *scan) getByID(ctx context.Context, parent container, rest string, ids ...string) rowSeq {
	return single(ctx, s, streams.Each(ids...), func(ctx context.Context, s *scan, id string) (*row, error) {
		item, err := s.getPart(ctx, parent.path(rest, id), objectPart)
		if isUnknown(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return parent.row(item), nil
	})
}

// getOne requests the object at a path.
func (s *scan) getOne(ctx context.Context, parent container, rest string) rowSeq {
	return func(yield func(*row, error) bool) {
		item, err := s.getPart(ctx, parent.path(rest), objectPart)
		yield(parent.row(item), err)
	}
}

// readAll reads one collection into a JSON array.
func (c *connection) readAll(ctx context.Context, path string) (jsontree.Value, error) {
	var items []string
	for item, err := range c.List(ctx, api.List{Path: path, PageLen: 100}) {
		if err != nil {
			return jsontree.Value{}, err
		}
		items = append(items, item.Raw())
	}
	return jsontree.MustParse("[" + strings.Join(items, ",") + "]"), nil
}

// listIn reads one collection of an owner, as far as the query needs it.
func (s *scan) listIn(ctx context.Context, o owner, l api.List) rowSeq {
	return s.accepted(s.rowsIn(ctx, o, l))
}

// rowsIn reads one collection of an owner.
func (c *connection) rowsIn(ctx context.Context, o owner, l api.List) rowSeq {
	return func(yield func(*row, error) bool) {
		for item, err := range c.List(ctx, l) {
			if !yield(o.row(item), err) {
				return
			}
		}
	}
}

// combine lists the children of all parents, in the order of the parents, or in the order that the scan is sorted by.
func combine[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], children func(context.Context, P) rowSeq) rowSeq {
	if len(s.order) > 0 {
		return streams.Merge(ctx, parents, children, s.order[0].compare)
	}
	return spread(ctx, s, 1, parents, children)
}

// spread reads the children of as many parents at once as the query needs, by [streams.FanOut]. With a LIMIT it begins
// with a few. It doubles their number with each parent that is done, but to no more than the number of rows so far
// suggests. So LIMIT 5 over 500 repositories mostly reads one of them, or five that have one row each.
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

// fewNames is the maximum number of names in a query for which the objects are requested one by one. More are looked
// for in lists.
const fewNames = 10

// byName returns the objects that the query names in a column. It requests a few by ask, one by one. It looks for many
// in rows, the lists that have most of them, and requests the missing ones by ask. A row counts only if it has exactly
// the requested name, so no row comes twice if a query spells one name in two ways.
func (s *scan) byName(ctx context.Context, columnName string, names []string, ask func(context.Context, *scan, string) (*row, error), rows func(*scan) rowSeq) rowSeq {
	key := s.table.column(columnName)
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
		for some := range s.lookups(columnName, names) {
			for r, err := range rows(s.with(some)) {
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

// single requests one object for each parent. ask returns no row if there is nothing to show.
func single[P any](ctx context.Context, s *scan, parents iter.Seq2[P, error], ask func(context.Context, *scan, P) (*row, error)) rowSeq {
	return spread(ctx, s, int(max(s.limit, 1)), parents, func(ctx context.Context, parent P) rowSeq {
		return func(yield func(*row, error) bool) {
			if r, err := ask(ctx, s, parent); r != nil || err != nil {
				yield(r, err)
			}
		}
	})
}

// completed adds to each row that the query wants what takes requests besides the list.
func (s *scan) completed(ctx context.Context, rows rowSeq, complete func(context.Context, *row) error) rowSeq {
	return single(ctx, s, s.accepted(rows), func(ctx context.Context, _ *scan, r *row) (*row, error) {
		return r, complete(ctx, r)
	})
}
