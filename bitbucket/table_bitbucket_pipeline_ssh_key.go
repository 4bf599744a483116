package bitbucket

import (
	"context"
	"slices"
)

// tablePipelineSSHKey: a row is the SSH key of a repository's pipelines.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-ssh-key-pair-get
func tablePipelineSSHKey() *table {
	return &table{
		name:        "bitbucket_pipeline_ssh_key",
		description: "The public half of the SSH key by which the pipelines of a repository reach other hosts; the private one is never shown. It covers the repositories that the connected user administers; those without a key have no row.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("public_key", "The public key."),
			text("title", "Title of the key: the full name of the repository.").in(repositoryPart, "full_name"),
			text("type", "Type of the object: pipeline_ssh_key_pair."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["public_key"] = true // and nothing else, whatever the query reads
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return unlessUnknown(s.getOne(ctx, r, "/pipelines_config/ssh/key_pair"))
			})
		},
	}
}
