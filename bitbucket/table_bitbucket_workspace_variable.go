package bitbucket

import "slices"

// tableWorkspaceVariable returns the table bitbucket_workspace_variable. A row is a variable of the pipelines of all
// repositories of a workspace.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-workspaces-workspace-pipelines-config-variables-get
func tableWorkspaceVariable() *table {
	return &table{
		name:        "bitbucket_workspace_variable",
		description: "A variable of the pipelines of all repositories of a workspace; its value is never requested. It covers the workspaces that the connected user administers.",
		scopes:      []string{"account", "pipeline"},
		columns:     slices.Concat(variableColumns(), inWorkspaceColumns()),
		keyColumns:  []keyColumn{named("workspace_slug")},
		copying:     whole("uuid").withHistory(),
		rows:        inAdministeredWorkspaces("/2.0/workspaces/{workspace}/pipelines-config/variables"),
	}
}
