package bitbucket

import (
	"context"
	"slices"
)

// tableRepositoryUserPermission returns the table bitbucket_repository_user_permission. A row is an explicit permission
// of a user on a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-get
func tableRepositoryUserPermission() *table {
	return &table{
		name:        "bitbucket_repository_user_permission",
		description: "A permission that a user was granted on a repository itself, not through the project, a group or a role in the workspace. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "repository:admin"},
		columns: slices.Concat(userColumns(), []column{
			text("permission", "The permission: read, write, admin or none."),
			text("self_link", "Address of the grant in the API.").at("links.self.href"),
			text("title", "Title of the grant: the name of the user.").at("user.display_name"),
			text("type", "Type of the object: repository_user_permission."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("user_uuid"), named("user_account_id")),
		ids:        map[string]string{"user_uuid": "repository_full_name", "user_account_id": "repository_full_name"},
		copying:    touched("user_uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, on repositoryScope) rowSeq {
				return userGrants(ctx, s, on)
			})
		},
	}
}
