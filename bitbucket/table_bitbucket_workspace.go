package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableWorkspace returns the table bitbucket_workspace. A row is a workspace: the connected user's, or any that the
// query names and the user may see.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-get
func tableWorkspace() *table {
	return &table{
		name:        "bitbucket_workspace",
		description: "A workspace of the connected user, or a public one that the query names by slug or uuid. Columns other than those two cost one request for each workspace.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("slug", "Short name of the workspace in addresses.").in(workspacePart, "slug").in(detailPart, "slug"),
			text("uuid", "Immutable id of the workspace, in braces.").in(workspacePart, "uuid").in(detailPart, "uuid"),
		}, in(detailPart, workspaceDetailColumns()...)),
		keyColumns: []keyColumn{named("slug").wider(), named("uuid").wider()},
		ids:        map[string]string{"slug": "", "uuid": ""},
		copying:    whole("uuid").withHistory("name", "updated_on"),
		rows:       workspaceRows,
	}
}

// workspaceDetailColumns returns the columns that only the workspace itself has, not the list of the user's workspaces.
func workspaceDetailColumns() []column {
	return []column{
		text("avatar_url", "Address of the workspace's picture.").at("links.avatar.href"),
		timestamp("created_on", "When the workspace was created."),
		text("forking_mode", "Rule for forks of the workspace's repositories: allow_forks or internal_only."),
		text("html_url", "Address of the workspace in the browser.").at("links.html.href"),
		boolean("is_privacy_enforced", "True if the workspace allows only private content."),
		boolean("is_private", "True if only its members can see the workspace."),
		text("name", "Name of the workspace."),
		text("self_link", "Address of the workspace in the API.").at("links.self.href"),
		text("title", "Title of the workspace: its name.").at("name"),
		text("type", "Type of the object: workspace."),
		timestamp("updated_on", "When the workspace was last changed."),
	}
}

func workspaceRows(ctx context.Context, s *scan) rowSeq {
	uuids, byUUID := s.conditions.texts("uuid")
	if _, bySlug := s.conditions.texts("slug"); byUUID && !bySlug {
		return s.byName(ctx, "uuid", uuids, workspaceByUUID, nil)
	}
	return single(ctx, s, s.workspaces(ctx), workspaceAt)
}

func workspaceAt(ctx context.Context, s *scan, p workspaceScope) (*row, error) {
	r := &row{}
	if !p.named { // the query or the connection may spell the name differently from the workspace itself
		r.set(workspacePart, p.workspace)
	}
	if !p.named && !s.needsPart(detailPart) {
		return r, nil
	}
	found, err := s.getPart(ctx, api.Path("/2.0/workspaces/{workspace}", p.slug()), detailPart, "slug")
	if err != nil {
		if p.isGone(ctx, s.connection, err) {
			return nil, nil
		}
		return nil, err
	}
	r.set(detailPart, found)
	if _, byQuery := s.conditions.texts("slug"); byQuery {
		return r, checkName(p.slug(), s.table.column("slug").value(r).(string))
	}
	return r, nil
}

func workspaceByUUID(ctx context.Context, s *scan, uuid string) (*row, error) {
	found, err := s.getPart(ctx, api.Path("/2.0/workspaces/{workspace}", uuid), detailPart, "slug")
	if api.IsNotFound(err) {
		return nil, nil // as for the uuid of a repository
	}
	if err != nil || !s.covers(found.Get("slug").String()) {
		return nil, err
	}
	r := &row{}
	r.set(detailPart, found)
	return r, nil
}
