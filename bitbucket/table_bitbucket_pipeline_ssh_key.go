package bitbucket

import (
	"context"
	"slices"
)

// tablePipelineSSHKey returns the table bitbucket_pipeline_ssh_key. A row is the SSH key of a repository's pipelines.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-ssh-key-pair-get
func tablePipelineSSHKey() *table {
	return &table{
		name:        "bitbucket_pipeline_ssh_key",
		description: "The public SSH key with which the pipelines of a repository access other hosts; Bitbucket never shows the private key. It covers the repositories that the connected user administers; a repository without a key has no row.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("public_key", "The public key."),
			text("title", "Title of the key: the full name of the repository.").in(repositoryPart, "full_name"),
			text("type", "Type of the object: pipeline_ssh_key_pair."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched().withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["public_key"] = true // nothing else is selected, whatever the query reads
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return unlessUnknown(s.getOne(ctx, r, "/pipelines_config/ssh/key_pair"))
			})
		},
	}
}
