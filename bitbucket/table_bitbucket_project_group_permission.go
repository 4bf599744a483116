package bitbucket

import (
	"context"
	"slices"
)

// tableProjectGroupPermission returns the table bitbucket_project_group_permission. A row is an explicit permission of
// a group on a project.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-groups-get
func tableProjectGroupPermission() *table {
	return &table{
		name:        "bitbucket_project_group_permission",
		description: "A permission that a group was granted on a project, and so on its repositories. It covers the projects that the connected user administers.",
		scopes:      []string{"account", "project", "project:admin", "repository"},
		columns: slices.Concat(groupColumns(), []column{
			text("permission", "The permission: read, write, create-repo, admin or none."),
			text("self_link", "Address of the grant in the API.").at("links.self.href"),
			text("title", "Title of the grant: the name of the group.").at("group.name"),
			text("type", "Type of the object: project_group_permission."),
		}, inProjectColumns()),
		keyColumns: append(inProjectKeyColumns(), named("group_slug")),
		copying:    whole("project_uuid", "group_slug").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredProject(ctx, func(ctx context.Context, on projectScope) rowSeq {
				return groupGrants(ctx, s, on)
			})
		},
	}
}
