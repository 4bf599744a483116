package bitbucket

import (
	"context"
	"slices"
)

// tableRepositoryGroupPermission returns the table bitbucket_repository_group_permission. A row is an explicit
// permission of a group on a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-groups-get
func tableRepositoryGroupPermission() *table {
	return &table{
		name:        "bitbucket_repository_group_permission",
		description: "A permission that a group was granted on a repository itself, not through the project. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "repository:admin"},
		columns: slices.Concat(groupColumns(), []column{
			text("permission", "The permission: read, write, admin or none."),
			text("self_link", "Address of the grant in the API.").at("links.self.href"),
			text("title", "Title of the grant: the name of the group.").at("group.name"),
			text("type", "Type of the object: repository_group_permission."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("group_slug")),
		ids:        map[string]string{"group_slug": "repository_full_name"},
		copying:    touched("group_slug").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, on repositoryScope) rowSeq {
				return groupGrants(ctx, s, on)
			})
		},
	}
}
