package bitbucket

import (
	"context"
	"slices"
)

// tableProjectUserPermission returns the table bitbucket_project_user_permission. A row is an explicit permission of a
// user on a project.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-get
func tableProjectUserPermission() *table {
	return &table{
		name:        "bitbucket_project_user_permission",
		description: "A permission that a user was granted on a project itself, not through a group or a role in the workspace. It covers the projects that the connected user administers.",
		scopes:      []string{"account", "project", "project:admin", "repository"},
		columns: slices.Concat(userColumns(), []column{
			text("permission", "The permission: read, write, create-repo, admin or none."),
			text("self_link", "Address of the grant in the API.").at("links.self.href"),
			text("title", "Title of the grant: the name of the user.").at("user.display_name"),
			text("type", "Type of the object: project_user_permission."),
		}, inProjectColumns()),
		keyColumns: append(inProjectKeyColumns(), named("user_uuid"), named("user_account_id")),
		copying:    whole("project_uuid", "user_uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredProject(ctx, func(ctx context.Context, on projectScope) rowSeq {
				return userGrants(ctx, s, on)
			})
		},
	}
}
