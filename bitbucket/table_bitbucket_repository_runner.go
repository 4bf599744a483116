package bitbucket

import "slices"

// tableRepositoryRunner returns the table bitbucket_repository_runner. A row is a self-hosted runner of a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-runners-get
func tableRepositoryRunner() *table {
	return &table{
		name:        "bitbucket_repository_runner",
		description: "A self-hosted runner that runs steps of a repository. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "runner"},
		columns:     slices.Concat(runnerColumns(), inRepositoryColumns()),
		keyColumns:  inRepositoryKeyColumns(),
		copying:     touched("uuid").withHistory(runnerState...),
		rows:        inAdministeredRepositories("/pipelines-config/runners"),
	}
}

// runnerColumns returns the columns of any runner. Of its OAuth client they have only the id: Bitbucket returns the
// secret of a new one.
func runnerColumns() []column {
	return []column{
		text("uuid", "Immutable id of the runner, in braces."),
		text("name", "Name of the runner."),
		timestamp("created_on", "When the runner was created."),
		document("labels", "Labels that steps use to select the runner."),
		text("oauth_client_id", "Id of the OAuth client that the runner connects as.").at("oauth_client.id"),
		boolean("state_cordoned", "True if the runner takes no new steps.").at("state.cordoned"),
		text("state_status", "State of the runner: UNREGISTERED, ONLINE, OFFLINE, DISABLED, ENABLED or UNHEALTHY.").at("state.status"),
		timestamp("state_updated_on", "When the runner last reported its state.").at("state.updated_on"),
		text("state_version", "Version of the runner. Null if it was never started.").at("state.version.version"),
		text("state_version_current", "Current version of the runner software.").at("state.version.current"),
		text("title", "Title of the runner: its name.").at("name"),
		text("type", "Type of the object: pipeline_runner."),
		timestamp("updated_on", "When the runner was last changed."),
	}
}

// runnerState are the columns of a runner that change while it works.
var runnerState = []string{
	"state_cordoned", "state_status", "state_updated_on", "state_version", "state_version_current", "updated_on",
}
