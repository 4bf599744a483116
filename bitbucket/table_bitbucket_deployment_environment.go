package bitbucket

import "slices"

// tableDeploymentEnvironment returns the table bitbucket_deployment_environment. A row is a place that a repository
// deploys to.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-environments-get
func tableDeploymentEnvironment() *table {
	return &table{
		name:        "bitbucket_deployment_environment",
		description: "An environment that a repository deploys to.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the environment, in braces."),
			text("name", "Name of the environment."),
			text("slug", "Short name of the environment."),
			text("category_name", "Category of the environment.").at("category.name"),
			boolean("deployment_gate_enabled", "True if an external system must approve each deployment."),
			boolean("environment_lock_enabled", "True if only one pipeline at a time may deploy to the environment."),
			text("environment_type_name", "Kind of the environment: Test, Staging or Production.").at("environment_type.name"),
			boolean("hidden", "True if the environment is not shown in the interface."),
			text("lock_name", "State of the lock: OPEN, or LOCKED during a deployment.").at("lock.name"),
			integer("rank", "Position of the environment in the order of promotion; 0 is first."),
			boolean("restrictions_admin_only", "True if only administrators of the repository may deploy to the environment.").at("restrictions.admin_only"),
			text("title", "Title of the environment: its name.").at("name"),
			text("type", "Type of the object: deployment_environment."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("uuid").withHistory("lock_name"),
		rows:       inRepositories("/environments"),
	}
}
