package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableWorkspaceMember returns the table bitbucket_workspace_member. A row is a member of a workspace.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-get
func tableWorkspaceMember() *table {
	return &table{
		name:        "bitbucket_workspace_member",
		description: "A member of a workspace, with the member's role in it.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("user_uuid", "Immutable id of the member, in braces.").at("user.uuid"),
			text("uuid", "The same as user_uuid.").at("user.uuid"),
			text("account_id", "Atlassian account id of the member. Null for a member that is not a person.").at("user.account_id"),
			text("permission", "Role of the member in the workspace: owner, create-project, member or collaborator."),
			timestamp("added_on", "When the member joined the workspace. Null if the workspace is administered in admin.atlassian.com."),
			text("avatar_url", "Address of the member's picture.").at("user.links.avatar.href"),
			text("display_name", "Name of the member.").at("user.display_name"),
			text("html_url", "Address of the member's profile in the browser.").at("user.links.html.href"),
			timestamp("last_accessed", "When the member last used the workspace. Null if the workspace is administered in admin.atlassian.com."),
			text("member_type", "Type of the member: user, app_user or team.").at("user.type"),
			text("nickname", "Name that the member chose; not unique.").at("user.nickname"),
			text("self_link", "Address of the membership in the API.").at("links.self.href"),
			text("title", "Title of the member: the display name.").at("user.display_name"),
		}, workspaceColumns()),
		keyColumns: []keyColumn{
			named("workspace_slug"),
			filtered("user_uuid", "user.uuid", nameOperators),
			filtered("uuid", "user.uuid", nameOperators),
			filtered("account_id", "user.account_id", nameOperators),
			filtered("permission", "permission", equalOperators).among("owner", "create-project", "member", "collaborator"),
		},
		ids:     map[string]string{"user_uuid": "workspace_slug", "uuid": "workspace_slug", "account_id": "workspace_slug"},
		copying: whole("workspace_uuid", "user_uuid").withHistory("last_accessed"),
		rows:    memberRows,
	}
}

func memberRows(ctx context.Context, s *scan) rowSeq {
	// Each of the two lists can be filtered by what the other lacks: the members by user, their permissions by role.
	path, filterable := "/2.0/workspaces/{workspace}/members", []string{"user_uuid", "uuid", "account_id"}
	if s.wants("permission", "added_on", "last_accessed") {
		path, filterable = "/2.0/workspaces/{workspace}/permissions", []string{"permission"}
	}
	return s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
		return s.listIn(ctx, p, s.collection(api.Path(path, p.slug()), 100, filterable...))
	})
}
