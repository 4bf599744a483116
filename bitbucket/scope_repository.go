package bitbucket

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A repositoryScope is a repository that a scan covers, for the tables of what belongs to a repository.
type repositoryScope struct {
	workspaceScope
	repository jsontree.Value  // has the fields in repositoryFields
	from       *repositoryList // the list that has it; nil if the query names it
}

// fullName returns the slugs of the workspace and of the repository, as in "acme/website".
func (r repositoryScope) fullName() string { return r.repository.Get("full_name").String() }

// name returns the slug of the repository.
func (r repositoryScope) name() string {
	_, name, _ := strings.Cut(r.fullName(), "/")
	return name
}

// mainBranch returns the name of the main branch, or "" for a repository without commits.
func (r repositoryScope) mainBranch() string { return r.repository.Get("mainbranch.name").String() }

// path returns the path of something in the repository. rest is the part after the repository's own path, and values
// fill its placeholders.
func (r repositoryScope) path(rest string, values ...string) string {
	slug, name, _ := strings.Cut(r.fullName(), "/")
	return api.Path("/2.0/repositories/{workspace}/{repo_slug}"+rest, append([]string{slug, name}, values...)...)
}

// row returns the row of an object in the repository.
func (r repositoryScope) row(item jsontree.Value) *row {
	made := &row{}
	made.set(objectPart, item)
	made.set(repositoryPart, r.repository)
	made.set(workspacePart, r.workspace)
	made.set(queryPart, r.query)
	return made
}

// inRepositoryColumns returns the columns that show the repository of an object.
func inRepositoryColumns() []column {
	return []column{
		text("repository_full_name", "Slugs of the workspace and the repository, as in \"acme/website\".").in(repositoryPart, "full_name"),
		text("repository_uuid", "Immutable id of the repository, in braces.").in(repositoryPart, "uuid"),
		text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").in(repositoryPart, "workspace.uuid").in(workspacePart, "uuid"),
	}
}

// inRepositoryKeyColumns returns the key columns by which a query names repositories.
func inRepositoryKeyColumns() []keyColumn {
	return []keyColumn{named("workspace_slug"), named("repository_full_name")}
}

// omission returns the omission to record if the repository is left out. Its message only names the repository.
func (r repositoryScope) omission() Omission {
	return Omission{Workspace: r.slug(), Repository: r.fullName(), Message: "the repository " + r.fullName()}
}

// withRequestsNeeded adds to an error about a used up quota how many repositories are left, as each of them takes at
// least one request.
func (r repositoryScope) withRequestsNeeded(ctx context.Context, c *connection, err error) error {
	spent, ok := errors.AsType[*api.QuotaError](err)
	if !ok || r.from == nil {
		return err
	}
	const patience = 200 * time.Millisecond // the page of the list is needed for nothing else
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	isLater, later := false, int64(0)
	for item, err := range c.places().shared(ctx, r.from.key, r.from.list(bbql.Filter{})) {
		if err != nil {
			break
		}
		if isLater {
			later++
		}
		isLater = isLater || r.from.repository(item).Get("uuid").String() == r.repository.Get("uuid").String()
	}
	more := *spent // a copy, as others may have the same error
	more.Needed = max(1, more.Needed) + later
	return &more
}

// repositories returns the repositories that the query names, or else those that of returns for each workspace that the
// scan covers.
func (s *scan) repositories(ctx context.Context, of func(workspaceScope, context.Context, *scan) iter.Seq2[repositoryScope, error]) iter.Seq2[repositoryScope, error] {
	return func(yield func(repositoryScope, error) bool) {
		if names, ok := s.conditions.texts("repository_full_name"); ok {
			s.namedRepositories(ctx, names)(yield)
			return
		}
		none, workspaces := true, 0
		for p, err := range s.workspaces(ctx) {
			if err != nil {
				yield(repositoryScope{}, err)
				return
			}
			workspaces++
			for r, err := range wholeOrNone(&s.omitter, p.omission(), of(p, ctx, s)) {
				if err != nil && p.isGone(ctx, s.connection, err) {
					break
				}
				none = false
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
		if none && workspaces > 0 {
			s.omit(Omission{Reason: ReasonNothingVisible, Message: s.queriedTable + " has no rows because the connected user sees no repository that the table could cover."})
		}
	}
}

// repositories lists the repositories of a workspace that the connected user can see.
func (p workspaceScope) repositories(ctx context.Context, s *scan) iter.Seq2[repositoryScope, error] {
	return visibleRepositories(p.slug()).repositories(ctx, s, p)
}

// isGone reports whether a refused repository was deleted, or hidden from the connected user, since it was listed. A
// scan then goes on without it, but a query that names it fails.
func (r repositoryScope) isGone(ctx context.Context, c *connection, err error) bool {
	_, scopes := api.MissingScope(err)
	if r.from == nil || scopes || !api.HasStatus(err, http.StatusNotFound, http.StatusForbidden) {
		return false
	}
	l := r.from.list(bbql.Compare(r.from.at+"uuid", "=", r.repository.Get("uuid").String()))
	for _, err := range c.List(ctx, l) {
		return api.IsNotFound(err) // the workspace is gone, or the repository still exists
	}
	return true
}
