package bitbucket

import (
	"context"
	"iter"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableWorkspace: a row is a workspace: the connected user's, or any that the query names and the user may see.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-get
func tableWorkspace() *table {
	return &table{
		name:        "bitbucket_workspace",
		description: "A workspace of the connected user, or a public one that the query names by slug or uuid. Columns other than those two cost one request for each workspace.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("slug", "Short name of the workspace as it stands in addresses.").in(workspace, "slug").in(detail, "slug"),
			text("uuid", "Immutable id of the workspace, in braces.").in(workspace, "uuid").in(detail, "uuid"),
		}, in(detail, workspaceDetailColumns()...)),
		quals: []qual{named("slug"), named("uuid")},
		ids:   map[string]string{"slug": "", "uuid": ""},
		rows:  workspaceRows,
	}
}

func workspaceRows(ctx context.Context, s *scan) iter.Seq2[*row, error] {
	uuids, byUUID := s.equals("uuid")
	if _, bySlug := s.equals("slug"); byUUID && !bySlug {
		return s.byName(ctx, "uuid", uuids, workspaceByUUID, nil)
	}
	return single(ctx, s, s.places(ctx), workspaceAt)
}

func workspaceAt(ctx context.Context, s *scan, p place) (*row, error) {
	r := &row{}
	if !p.named { // a name is only how somebody calls it: the workspace itself says how it is called
		r.set(workspace, p.workspace)
	}
	if !p.named && !s.needs(detail) {
		return r, nil
	}
	found, err := s.Get(ctx, api.Path("/2.0/workspaces/{workspace}", p.slug()), nil, append(s.fields(detail), "slug")...)
	if err != nil {
		if s.vanished(ctx, p, err) {
			return nil, nil
		}
		return nil, err
	}
	r.set(detail, found)
	if _, byQuery := s.equals("slug"); byQuery {
		return r, checkName(p.slug(), s.table.column("slug").value(r).(string))
	}
	return r, nil
}

func workspaceByUUID(ctx context.Context, s *scan, uuid string) (*row, error) {
	found, err := s.Get(ctx, api.Path("/2.0/workspaces/{workspace}", uuid), nil, append(s.fields(detail), "slug")...)
	if api.IsNotFound(err) {
		return nil, nil // as for the uuid of a repository
	}
	if err != nil || !s.covers(found.Get("slug").String()) {
		return nil, err
	}
	r := &row{}
	r.set(detail, found)
	return r, nil
}
