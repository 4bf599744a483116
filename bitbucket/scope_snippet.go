package bitbucket

import (
	"context"
	"fmt"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A snippetScope is a snippet that a scan covers, for the tables of what belongs to snippets.
type snippetScope struct {
	workspaceScope
	snippet jsontree.Value
}

// row returns a row of an object found in the snippet.
func (p snippetScope) row(item jsontree.Value) *row {
	r := &row{}
	r.set(objectPart, item)
	r.set(parentPart, p.snippet)
	r.set(workspacePart, p.workspace)
	return r
}

// omission is what is noted if the snippet is left out.
func (p snippetScope) omission() Omission {
	one := p.workspaceScope.omission()
	one.Message = fmt.Sprintf("the snippet %s of %s", p.snippet.Get("id"), p.slug())
	return one
}

// path is that of something in the snippet.
func (p snippetScope) path(rest string) string {
	return api.Path("/2.0/snippets/{workspace}/{encoded_id}"+rest, p.slug(), p.snippet.Get("id").String())
}

// inSnippetColumns say to which snippet an object belongs.
func inSnippetColumns() []column {
	return append([]column{
		text("snippet_id", "Id of the snippet, unique in the workspace.").in(parentPart, "id"),
		text("snippet_title", "Title of the snippet. Null for one without.").in(parentPart, "title"),
	}, inWorkspaceColumns()...)
}

// inSnippetKeyColumns are the conditions by which a query names snippets.
func inSnippetKeyColumns() []keyColumn {
	return []keyColumn{named("workspace_slug"), named("snippet_id")}
}

// perSnippet lists what every snippet that the scan covers has at the rest of its path. One that is gone since it was
// listed has nothing.
func (s *scan) perSnippet(ctx context.Context, rest string) rowSeq {
	return combine(ctx, s, s.snippets(ctx), func(ctx context.Context, parent snippetScope) rowSeq {
		return wholeOrNone(s, parent.omission(), unlessUnknown(s.listIn(ctx, parent, s.collection(parent.path(rest), 100))))
	})
}

// snippets are those that the query names, in each workspace that the scan covers, or else all that are there.
func (s *scan) snippets(ctx context.Context) iter.Seq2[snippetScope, error] {
	ids, byID := s.equals("snippet_id")
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
			found := s.snippetsOf(ctx, p)
			if byID {
				found = s.namedSnippets(ctx, p, ids)
			}
			for parent, err := range found {
				if err != nil && s.workspaceIsGone(ctx, p, err) {
					break
				}
				if !yield(parent, err) || err != nil {
					return
				}
			}
		}
	}
}

// snippetsOf lists the snippets of a workspace, for all scans of half a minute.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-get
func (s *scan) snippetsOf(ctx context.Context, p workspaceScope) iter.Seq2[snippetScope, error] {
	l := api.List{Path: api.Path("/2.0/snippets/{workspace}", p.slug()), Fields: []string{"id", "title"}, PageLen: 100}
	return func(yield func(snippetScope, error) bool) {
		for item, err := range s.shared(ctx, "snippets "+p.slug(), l) {
			if !yield(snippetScope{p, item}, err) || err != nil {
				return
			}
		}
	}
}

// namedSnippets are those of a workspace that the query names.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-encoded-id-get
func (s *scan) namedSnippets(ctx context.Context, p workspaceScope, ids []string) iter.Seq2[snippetScope, error] {
	return func(yield func(snippetScope, error) bool) {
		for _, id := range ids {
			if !isSlug(id) {
				continue
			}
			found, err := cache.Get(ctx, s.answers, "snippet "+p.slug()+"/"+id, func(ctx context.Context) (jsontree.Value, error) {
				return s.Get(ctx, snippetScope{p, jsontree.Of(map[string]string{"id": id})}.path(""), nil, "id", "title")
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
