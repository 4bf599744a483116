package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableRepositoryOverride returns the table bitbucket_repository_override. A row is a repository with the settings that
// override its project's.
//
// It is a table of its own, as Bitbucket shows it only to administrators, with another scope and one request for each
// repository. A query of bitbucket_repository should need none of that.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-override-settings-get
func tableRepositoryOverride() *table {
	return &table{
		name:        "bitbucket_repository_override",
		description: "The settings of a repository that override its project's. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "repository:admin"},
		columns: slices.Concat(inRepositoryColumns()[:1], []column{
			boolean("overrides_branching_model", "True if the repository has its own branching model.").at("override_settings.branching_model"),
			boolean("overrides_default_merge_strategy", "True if the repository has its own merge strategies.").at("override_settings.default_merge_strategy"),
			document("override_settings", "All settings, each with whether the repository has its own."),
			text("title", "Title of the row: the full name of the repository.").in(repositoryPart, "full_name"),
			text("type", "Type of the object: repository_inheritance_state."),
		}, inRepositoryColumns()[1:]),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched().withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return single(ctx, s, streams.Each(r.path("/override-settings")), func(ctx context.Context, s *scan, path string) (*row, error) {
					item, err := s.getPart(ctx, path, objectPart)
					if err != nil {
						return nil, err
					}
					return r.row(item), nil
				})
			})
		},
	}
}
