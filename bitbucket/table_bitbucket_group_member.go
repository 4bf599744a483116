package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableGroupMember returns the table bitbucket_group_member. A row is a user in a group.
// https://support.atlassian.com/bitbucket-cloud/docs/groups-endpoint/
func tableGroupMember() *table {
	return &table{
		name:        "bitbucket_group_member",
		description: "A user in a group of a workspace. It covers the workspaces that the connected user administers; all groups of a workspace come in one request.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("group_slug", "Short name of the group, unique in the workspace.").in(parentPart, "slug"),
			text("user_uuid", "Immutable id of the user, in braces.").at("uuid"),
			text("user_account_id", "Atlassian account id of the user. Null for a user that is not a person.").at("account_id"),
			text("avatar_url", "Address of the user's picture.").at("avatar"),
			text("display_name", "Name of the user."),
			text("group_name", "Name of the group.").in(parentPart, "name"),
			text("group_permission", "Permission that the group gets on each new repository: read, write or admin. Null if none.").in(parentPart, "permission"),
			boolean("is_active", "True if the user's account is active. Null if Bitbucket does not report it."),
			boolean("is_team", "True if the user is the account of a workspace or of a former team."),
			text("nickname", "Name that the user chose; not unique."),
			text("title", "Title of the member: the display name.").at("display_name"),
		}, inWorkspaceColumns()),
		keyColumns: []keyColumn{named("workspace_slug"), named("group_slug"), named("user_uuid"), named("user_account_id")},
		copying:    whole("workspace_uuid", "group_slug", "user_uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perGroup(ctx, func(p workspaceScope, group jsontree.Value) []*row {
				var members []*row
				for member := range group.Field("members").Values() {
					r := p.row(member)
					r.set(parentPart, group)
					members = append(members, r)
				}
				return members
			})
		},
	}
}
