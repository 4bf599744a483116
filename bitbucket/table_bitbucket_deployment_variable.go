package bitbucket

import (
	"context"
	"slices"
)

// tableDeploymentVariable returns the table bitbucket_deployment_variable. A row is a variable that the steps that
// deploy to an environment are given.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-deployments-config-environments-environment-uuid-variables-get
func tableDeploymentVariable() *table {
	return &table{
		name:        "bitbucket_deployment_variable",
		description: "A variable of the steps that deploy to an environment; its value is never requested. It covers the repositories that the connected user administers, and costs one request for each repository and each environment.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat(variableColumns(), []column{
			text("environment_name", "Name of the environment.").in(parentPart, "name"),
			text("environment_type", "Kind of the environment: Test, Staging or Production.").in(parentPart, "environment_type.name"),
			text("environment_uuid", "Immutable id of the environment, in braces.").in(parentPart, "uuid"),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("environment_uuid"), named("environment_name"), named("environment_type")),
		copying:    touched("uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				const variablesOf = "/deployments_config/environments/{environment_uuid}"
				return s.perChild(ctx, r, "/environments", variablesOf, func(ctx context.Context, of childScope) rowSeq {
					return s.listIn(ctx, of, s.collection(of.path("/variables"), 100))
				})
			})
		},
	}
}
