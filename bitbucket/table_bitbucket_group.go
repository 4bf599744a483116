package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableGroup returns the table bitbucket_group. A row is a group of users of a workspace.
// https://support.atlassian.com/bitbucket-cloud/docs/groups-endpoint/
func tableGroup() *table {
	return &table{
		name:        "bitbucket_group",
		description: "A group of users of a workspace. It covers the workspaces that the connected user administers; all groups of a workspace come in one request.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("slug", "Short name of the group, unique in the workspace."),
			text("group_slug", "The same as slug, under the column name of other tables.").at("slug"),
			text("name", "Name of the group."),
			boolean("auto_add", "True if new members of the workspace join the group."),
			boolean("email_forwarding_disabled", "True if the group's members get no mail about its repositories."),
			integer("member_count", "Number of members of the group.").at("members.#"),
			document("members", "The members of the group."),
			text("permission", "Permission that the group gets on each new repository: read, write or admin. Null if none; grants on single repositories are in bitbucket_repository_group_permission."),
			text("title", "Title of the group: its name.").at("name"),
		}, inWorkspaceColumns()),
		keyColumns: []keyColumn{named("workspace_slug"), named("slug"), named("group_slug")},
		ids:        map[string]string{"slug": "workspace_slug", "group_slug": "workspace_slug"},
		copying:    whole("workspace_uuid", "slug").withHistory("member_count", "members"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perGroup(ctx, func(p workspaceScope, group jsontree.Value) []*row { return []*row{p.row(group)} })
		},
	}
}
