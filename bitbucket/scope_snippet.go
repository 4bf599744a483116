package bitbucket

import (
	"context"
	"fmt"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A snippetScope is a snippet that a scan covers, for the tables of what belongs to a snippet.
type snippetScope struct {
	workspaceScope
	snippet jsontree.Value
}

// row returns the row of an object in the snippet.
func (p snippetScope) row(item jsontree.Value) *row {
	r := &row{}
	r.set(objectPart, item)
	r.set(parentPart, p.snippet)
	r.set(workspacePart, p.workspace)
	return r
}

// omission returns the omission to record if the snippet is left out. Its message only names the snippet.
func (p snippetScope) omission() Omission {
	one := p.workspaceScope.omission()
	one.Message = fmt.Sprintf("the snippet %s of %s", p.snippet.Get("id"), p.slug())
	return one
}

// path returns the path of something in the snippet.
func (p snippetScope) path(rest string) string {
	return api.Path("/2.0/snippets/{workspace}/{encoded_id}"+rest, p.slug(), p.snippet.Get("id").String())
}

// inSnippetColumns returns the columns that show the snippet of an object.
func inSnippetColumns() []column {
	return append([]column{
		text("snippet_id", "Id of the snippet, unique in the workspace.").in(parentPart, "id"),
		text("snippet_title", "Title of the snippet. Null if it has none.").in(parentPart, "title"),
	}, inWorkspaceColumns()...)
}

// inSnippetKeyColumns returns the key columns by which a query names snippets.
func inSnippetKeyColumns() []keyColumn {
	return []keyColumn{named("workspace_slug"), named("snippet_id")}
}

// snippets returns the snippets that the query names, or else all of them, in each workspace that the scan covers.
func (s *scan) snippets(ctx context.Context) iter.Seq2[snippetScope, error] {
	ids, byID := s.conditions.texts("snippet_id")
	_, byQuery := s.namedWorkspaces()
	return func(yield func(snippetScope, error) bool) {
		for p, err := range s.workspaces(ctx) {
			if err != nil {
				yield(snippetScope{}, err)
				return
			}
			if byQuery {
				if err := s.checkWorkspace(ctx, p.slug()); err != nil {
					yield(snippetScope{}, err)
					return
				}
			}
			found := p.snippets(ctx, s.connection)
			if byID {
				found = p.namedSnippets(ctx, s.connection, ids)
			}
			for parent, err := range found {
				if err != nil && p.isGone(ctx, s.connection, err) {
					break
				}
				if !yield(parent, err) || err != nil {
					return
				}
			}
		}
	}
}

// snippets lists the snippets of a workspace; the answer is cached for half a minute.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-get
func (p workspaceScope) snippets(ctx context.Context, c *connection) iter.Seq2[snippetScope, error] {
	l := api.List{Path: api.Path("/2.0/snippets/{workspace}", p.slug()), Fields: []string{"id", "title"}, PageLen: 100}
	return func(yield func(snippetScope, error) bool) {
		for item, err := range c.shared(ctx, "snippets "+p.slug(), l) {
			if !yield(snippetScope{p, item}, err) || err != nil {
				return
			}
		}
	}
}

// namedSnippets returns the snippets of a workspace that the query names.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-encoded-id-get
func (p workspaceScope) namedSnippets(ctx context.Context, c *connection, ids []string) iter.Seq2[snippetScope, error] {
	return func(yield func(snippetScope, error) bool) {
		for _, id := range ids {
			if !isSlug(id) {
				continue
			}
			found, err := cache.Get(ctx, c.answers, "snippet "+p.slug()+"/"+id, func(ctx context.Context) (jsontree.Value, error) {
				return c.Get(ctx, snippetScope{p, jsontree.Of(map[string]string{"id": id})}.path(""), nil, "id", "title")
			})
			if isUnknown(err) {
				continue
			}
			if err != nil {
				yield(snippetScope{}, err)
				return
			}
			if found.Get("id").String() == id && !yield(snippetScope{p, found}, nil) {
				return
			}
		}
	}
}
