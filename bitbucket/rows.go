package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// inRepositories lists the objects at a path in each repository.
func inRepositories(rest string) func(context.Context, *scan) rowSeq {
	return func(ctx context.Context, s *scan) rowSeq {
		return s.perRepository(ctx, s.listBelow(rest))
	}
}

// inAdministeredRepositories lists the objects at a path in each repository that the connected user administers, for
// what Bitbucket shows only to administrators.
func inAdministeredRepositories(rest string) func(context.Context, *scan) rowSeq {
	return func(ctx context.Context, s *scan) rowSeq {
		return s.perAdministeredRepository(ctx, s.listBelow(rest))
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
func (s *scan) listBelow(rest string) func(context.Context, repositoryScope) rowSeq {
	return func(ctx context.Context, r repositoryScope) rowSeq {
		return s.unlessOff(r, s.listIn(ctx, r, s.collection(r.path(rest), 100)))
	}
}
