package bitbucket

import "slices"

// tableWorkspaceVariable: a row is a variable that the pipelines of all repositories of a workspace are given.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-workspaces-workspace-pipelines-config-variables-get
func tableWorkspaceVariable() *table {
	return &table{
		name:        "bitbucket_workspace_variable",
		description: "A variable that the pipelines of all repositories of a workspace are given; its value is never asked for. It covers the workspaces that the connected user administers.",
		scopes:      []string{"account", "pipeline"},
		columns:     slices.Concat(variableColumns(), inWorkspaceColumns()),
		keyColumns:  []keyColumn{named("workspace_slug")},
		rows:        inAdministeredWorkspaces("/2.0/workspaces/{workspace}/pipelines-config/variables"),
	}
}
