package bitbucket

import (
	"context"
	"slices"
)

// tableProjectDeployKey returns the table bitbucket_project_deploy_key. A row is an SSH key that gives read access to
// all repositories of a project.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-workspaces-workspace-projects-project-key-deploy-keys-get
func tableProjectDeployKey() *table {
	return &table{
		name:        "bitbucket_project_deploy_key",
		description: "An SSH key that gives read access to all repositories of a project. It covers the projects that the connected user administers.",
		scopes:      []string{"account", "project", "project:admin", "repository"},
		columns: slices.Concat([]column{
			integer("id", "Number of the key."),
			text("label", "Name of the key."),
		}, deployKeyColumns("created_by"), inProjectColumns()),
		keyColumns: inProjectKeyColumns(),
		copying:    whole("project_uuid", "id").withHistory("last_used"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredProject(ctx, func(ctx context.Context, p projectScope) rowSeq {
				return s.listIn(ctx, p, s.collection(p.path("/deploy-keys"), 100))
			})
		},
	}
}
