package bitbucket

import "slices"

// tableRepositoryVariable returns the table bitbucket_repository_variable. A row is a variable of a repository's
// pipelines.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-variables-get
func tableRepositoryVariable() *table {
	return &table{
		name:        "bitbucket_repository_variable",
		description: "A variable of all pipelines of a repository; its value is never requested. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns:     slices.Concat(variableColumns(), inRepositoryColumns()),
		keyColumns:  inRepositoryKeyColumns(),
		copying:     touched("uuid").withHistory(),
		rows:        inAdministeredRepositories("/pipelines_config/variables"),
	}
}

// variableColumns returns the columns of any variable. Bitbucket returns the values of unsecured ones, but these are
// mostly secrets as well.
func variableColumns() []column {
	return []column{
		text("uuid", "Immutable id of the variable, in braces."),
		text("key", "Name of the variable."),
		boolean("secured", "True if the value is hidden from everybody and in logs; false if everybody who sees the variable can read it."),
		text("title", "Title of the variable: its name.").at("key"),
		text("type", "Type of the object: pipeline_variable."),
	}
}
