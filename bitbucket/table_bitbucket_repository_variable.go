package bitbucket

import "slices"

// tableRepositoryVariable: a row is a variable that the pipelines of a repository are given.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-variables-get
func tableRepositoryVariable() *table {
	return &table{
		name:        "bitbucket_repository_variable",
		description: "A variable that all pipelines of a repository are given; its value is never asked for. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns:     slices.Concat(variableColumns(), inRepositoryColumns()),
		keyColumns:  inRepositoryKeyColumns(),
		rows:        inAdministeredRepositories("/pipelines_config/variables"),
	}
}

// variableColumns are those of any variable. Bitbucket tells the values of those that are not secured, which are mostly
// secrets all the same.
func variableColumns() []column {
	return []column{
		text("uuid", "Immutable id of the variable, in braces."),
		text("key", "Name of the variable."),
		boolean("secured", "True if the value is hidden in logs and from everybody; false if whoever may see the variable reads it."),
		text("title", "Title of the variable: its name.").at("key"),
		text("type", "Type of the object: pipeline_variable."),
	}
}
