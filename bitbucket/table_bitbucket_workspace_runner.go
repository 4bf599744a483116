package bitbucket

import "slices"

// tableWorkspaceRunner returns the table bitbucket_workspace_runner. A row is a self-hosted runner of a workspace, for
// all its repositories.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-workspaces-workspace-pipelines-config-runners-get
func tableWorkspaceRunner() *table {
	return &table{
		name:        "bitbucket_workspace_runner",
		description: "A self-hosted runner that runs steps of all repositories of a workspace. It covers the workspaces that the connected user administers.",
		scopes:      []string{"account", "runner"},
		columns:     slices.Concat(runnerColumns(), inWorkspaceColumns()),
		keyColumns:  []keyColumn{named("workspace_slug")},
		copying:     whole("uuid").withHistory(runnerState...),
		rows:        inAdministeredWorkspaces("/2.0/workspaces/{workspace}/pipelines-config/runners"),
	}
}
