package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// inRepositories lists the objects at a path in each repository.
func inRepositories(rest string) func(context.Context, *scan) rowSeq {
	return func(ctx context.Context, s *scan) rowSeq {
		return s.perRepository(ctx, listBelow(s, rest))
	}
}

// inAdministeredRepositories lists the objects at a path in each repository that the connected user administers, for
// what Bitbucket shows only to administrators.
func inAdministeredRepositories(rest string) func(context.Context, *scan) rowSeq {
	return func(ctx context.Context, s *scan) rowSeq {
		return s.perAdministeredRepository(ctx, listBelow(s, rest))
	}
}

// inAdministeredWorkspaces lists the objects at a path of each workspace, for what Bitbucket shows only to
// administrators.
func inAdministeredWorkspaces(path string) func(context.Context, *scan) rowSeq {
	return func(ctx context.Context, s *scan) rowSeq {
		return s.perAdministeredWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
			return s.listIn(ctx, p, s.collection(api.Path(path, p.slug()), 100))
		})
	}
}

// listBelow lists the objects at a path in a repository, unless the feature is off.
func listBelow(s *scan, rest string) func(context.Context, repositoryScope) rowSeq {
	return func(ctx context.Context, r repositoryScope) rowSeq {
		return s.unlessOff(r, s.listIn(ctx, r, s.collection(r.path(rest), 100)))
	}
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

// positionColumn returns the column that tells objects of a list apart that have no id.
func positionColumn(description string) column {
	return integer("number", description).in(positionPart, "number")
}

// numbered sets the position of the row in its list, from 1.
func (r *row) numbered(position int) *row {
	r.set(positionPart, jsontree.Of(map[string]int{"number": position}))
	return r
}

// numbered sets the positions of the rows of a list.
func numbered(rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		position := 0
		for r, err := range rows {
			if err == nil {
				position++
				r.numbered(position)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
