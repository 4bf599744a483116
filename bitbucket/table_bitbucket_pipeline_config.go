package bitbucket

import (
	"context"
	"slices"
)

// tablePipelineConfig returns the table bitbucket_pipeline_config. A row is the pipelines configuration of a
// repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-get
func tablePipelineConfig() *table {
	return &table{
		name:        "bitbucket_pipeline_config",
		description: "Whether pipelines are turned on in a repository. It covers the repositories that the connected user administers; a repository in which pipelines were never turned on has no row.",
		scopes:      []string{"account", "repository", "repository:admin"},
		columns: slices.Concat([]column{
			boolean("enabled", "True if pipelines are turned on."),
			text("title", "Title of the configuration: the full name of the repository.").in(repositoryPart, "full_name"),
			text("type", "Type of the object: repository_pipelines_configuration."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["enabled"] = true
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return s.unlessOff(r, s.getOne(ctx, r, "/pipelines_config"))
			})
		},
	}
}
