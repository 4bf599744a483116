package bitbucket

import (
	"context"
	"errors"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sdkserver"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A scan reads a table once, for a query, on a connection. It walks through the scopes that it covers (walk.go), reads
// objects and lists of objects in them, and records what it has to leave out.
type scan struct {
	*connection
	query
	omitter
	progress *repositoryCount // of all scans
}

// with returns a scan with another query, for example for the parents of the rows.
func (s *scan) with(q query) *scan {
	other := *s
	other.query = q
	return &other
}

// stream sends the rows of a scan that the query may want.
func (s *scan) stream(ctx context.Context, send func(sdkserver.Row)) error {
	ctx = api.WithCaller(ctx, s)
	if s.limit == 0 || s.conditions.isNever() {
		return nil
	}
	values, left := newDecoder(s.table, s.wanted), s.limit
	for r, err := range s.ties(s.rows(ctx)) {
		if err != nil && s.isMadeUp() && ctx.Err() == nil {
			return nil // the answer that a rehearsal made up may not suffice
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		switch s.conditions.verdict(r) {
		case fails:
			continue
		case holds:
			left--
		case mayHold:
			if s.isCut {
				return errLimit
			}
		}
		send(values.decode(r))
		if left == 0 {
			return nil
		}
	}
	s.deferred.do(ctx)
	return ctx.Err()
}

// errLimit is for hosts that run the plugin without Server: there the SDK ends the scan after as many rows as LIMIT
// says.
var errLimit = errors.New("this host can't combine LIMIT with this condition, because only the host can check it: leave out LIMIT")

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

// listIn reads one collection of an owner, as far as the query needs it.
func (s *scan) listIn(ctx context.Context, o owner, l api.List) rowSeq {
	return s.accepted(s.rowsIn(ctx, o, l))
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

// completed adds to each row that the query wants what takes requests besides the list.
func (s *scan) completed(ctx context.Context, rows rowSeq, complete func(context.Context, *row) error) rowSeq {
	return single(ctx, s, s.accepted(rows), func(ctx context.Context, _ *scan, r *row) (*row, error) {
		return r, complete(ctx, r)
	})
}
