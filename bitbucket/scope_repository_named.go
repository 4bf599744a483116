package bitbucket

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// ownWorkspace returns the workspace that the repository says it is in.
func (r repositoryScope) ownWorkspace() workspaceScope {
	slug, _, _ := strings.Cut(r.fullName(), "/")
	return namedWorkspace(slug)
}

// namedRepositories returns the repositories that a query names, under the names that Bitbucket gives them. It requests
// a few one by one. It looks for many in the lists of their workspaces, and requests only the missing ones one by one.
func (s *scan) namedRepositories(ctx context.Context, names []string) iter.Seq2[repositoryScope, error] {
	slugs, byWorkspace := s.conditions.texts("workspace_slug")
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		slug, _, _ := strings.Cut(name, "/")
		if !s.covers(slug) {
			s.omitUncovered(slug)
			return true
		}
		return byWorkspace && !slices.Contains(slugs, slug)
	})
	return func(yield func(repositoryScope, error) bool) {
		if len(names) > fewNames {
			found, err := s.inTheirWorkspaces(ctx, names)
			if err != nil {
				yield(repositoryScope{}, err)
				return
			}
			for _, r := range found {
				if !yield(r, nil) {
					return
				}
				names = slices.DeleteFunc(names, func(name string) bool { return name == r.fullName() })
			}
		}
		for _, name := range names {
			r, err := s.repositoryCalled(ctx, name)
			if reason, ok := s.passedOver(err); ok {
				slug, _, _ := strings.Cut(name, "/")
				s.omitFailed(Omission{Workspace: slug, Repository: name, Message: "the repository " + name}, reason, err)
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// inTheirWorkspaces looks for repositories in the lists of the workspaces that their full names begin with.
func (c *connection) inTheirWorkspaces(ctx context.Context, names []string) ([]repositoryScope, error) {
	var slugs []string
	for _, name := range names {
		slug, _, _ := strings.Cut(name, "/")
		slugs = append(slugs, slug)
	}
	var found []repositoryScope
	for _, slug := range distinctSlugs(slugs, strings.EqualFold) {
		all := visibleRepositories(slug)
		for item, err := range c.places().shared(ctx, all.key, all.list(bbql.Filter{})) {
			if err != nil {
				return nil, err
			}
			r := repositoryScope{repository: item}
			r.workspaceScope = r.ownWorkspace()
			if slices.Contains(names, r.fullName()) {
				found = append(found, r)
			}
		}
	}
	return found, nil
}

// repositoryCalled returns the repository that Bitbucket calls by exactly this name.
func (c *connection) repositoryCalled(ctx context.Context, fullName string) (repositoryScope, error) {
	r, err := c.repository(ctx, fullName)
	if err != nil {
		return repositoryScope{}, err
	}
	return r, checkName(fullName, r.fullName())
}

// repository returns the repository with a full name, from a list that is cached or by a request, which is cached as
// well.
func (c *connection) repository(ctx context.Context, fullName string) (repositoryScope, error) {
	slug, name, _ := strings.Cut(fullName, "/")
	if r, ok := administeredRepositories(slug).kept(ctx, c, fullName); ok {
		return r, nil
	}
	if r, ok := visibleRepositories(slug).find(ctx, c, fullName); ok {
		return r, nil
	}
	found, err := cache.Get(ctx, c.places().answers, "repository "+strings.ToLower(fullName), func(ctx context.Context) (jsontree.Value, error) {
		return c.places().Get(ctx, api.Path("/2.0/repositories/{workspace}/{repo_slug}", slug, name), nil, repositoryFields...)
	})
	if err != nil {
		return repositoryScope{}, err
	}
	r := repositoryScope{repository: found}
	r.workspaceScope = r.ownWorkspace()
	return r, nil
}
