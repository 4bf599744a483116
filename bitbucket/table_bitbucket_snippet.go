package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableSnippet returns the table bitbucket_snippet. A row is a snippet.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-get
func tableSnippet() *table {
	return &table{
		name:        "bitbucket_snippet",
		description: "A snippet, which is a few files with their own history, that the connected user can see in the workspaces that the connection covers.",
		scopes:      []string{"account", "snippet"},
		columns: slices.Concat([]column{
			text("id", "Id of the snippet, unique in the workspace."),
			timestamp("created_on", "When the snippet was created."),
			text("creator_account_id", "Atlassian account id of the user who created the snippet.").at("creator.account_id"),
			text("creator_display_name", "Name of the user who created the snippet. Null if the account is deleted.").at("creator.display_name"),
			text("creator_uuid", "Immutable id of the user who created the snippet, in braces.").at("creator.uuid"),
			document("files", "The files of the snippet by name, with their addresses. Costs one more request for each snippet.").in(detailPart, "files"),
			text("html_url", "Address of the snippet in the browser.").at("links.html.href"),
			boolean("is_private", "True if only people with access can see the snippet; false if everybody can."),
			text("owner_display_name", "Name of the owner: the workspace, or a person.").at("owner.display_name"),
			text("owner_type", "Type of the owner: team (a workspace) or user.").at("owner.type"),
			text("owner_uuid", "Immutable id of the owner, in braces.").at("owner.uuid"),
			text("role", "Role of the connected user on the snippet, from the query's condition: owner, contributor (or watcher) or member (of the workspace). Null without a condition with = or IN.").in(queryPart, "role"),
			text("scm", "Version control system: git."),
			text("self_link", "Address of the snippet in the API.").at("links.self.href"),
			text("title", "Title of the snippet. Null if it has none."),
			text("type", "Type of the object: snippet."),
			timestamp("updated_on", "When the snippet was last changed."),
		}, inWorkspaceColumns()),
		keyColumns: []keyColumn{named("workspace_slug"), named("id"), named("role")},
		ids:        map[string]string{"id": "workspace_slug"},
		copying:    whole("workspace_uuid", "id"),
		rows:       snippetRows,
	}
}

func snippetRows(ctx context.Context, s *scan) rowSeq {
	roles, byRole, err := s.roles("snippet", "owner", "contributor", "member")
	if err != nil {
		return streams.Fail[*row](err)
	}
	ids, byID := s.conditions.texts("id")
	return s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
		if byID && !byRole && len(ids) <= fewNames { // only the list has the role
			return namedSnippetRows(ctx, s, p, ids)
		}
		rows := perRole(ctx, s, roles, func(ctx context.Context, role string) rowSeq {
			l := s.collection(api.Path("/2.0/snippets/{workspace}", p.slug()), 100)
			l.Fields = append(l.Fields, "id")
			parent := p
			parent.query = withRole(l, role)
			return s.listIn(ctx, parent, l)
		})
		if !s.needsPart(detailPart) {
			return rows
		}
		return s.completed(ctx, rows, func(ctx context.Context, r *row) error {
			found, err := s.getPart(ctx, snippetScope{p, r.part(objectPart)}.path(""), detailPart)
			if api.IsNotFound(err) {
				return nil // deleted since it was listed
			}
			r.set(detailPart, found)
			return err
		})
	})
}

// namedSnippetRows requests the snippets of a workspace that the query names.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-encoded-id-get
func namedSnippetRows(ctx context.Context, s *scan, p workspaceScope, ids []string) rowSeq {
	return single(ctx, s, streams.Each(ids...), func(ctx context.Context, s *scan, id string) (*row, error) {
		if !isSlug(id) {
			return nil, nil
		}
		item, err := s.Get(ctx, snippetScope{p, jsontree.Of(map[string]string{"id": id})}.path(""), nil, append(s.fields(objectPart), s.fields(detailPart)...)...)
		if isUnknown(err) {
			return nil, nil // it is in another workspace, so a list would not have it either
		}
		if err != nil {
			return nil, err
		}
		r := p.row(item)
		r.set(detailPart, item)
		return r, nil
	})
}
