package bitbucket

import "slices"

// tablePipelineCache returns the table bitbucket_pipeline_cache. A row is a cache that the pipelines of a repository
// share.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-caches-get
func tablePipelineCache() *table {
	return &table{
		name:        "bitbucket_pipeline_cache",
		description: "A version of a cache that the pipelines of a repository share.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the cache, in braces."),
			text("name", "Name of the cache."),
			timestamp("created_on", "When the cache was created."),
			integer("file_size_bytes", "Compressed size of the cache in bytes."),
			text("key_hash", "Hash of the key files of this version of the cache. Null for a cache without a key."),
			text("path", "Path of the cached files in the step."),
			text("pipeline_uuid", "Immutable id of the pipeline that created the cache, in braces."),
			text("step_uuid", "Immutable id of the step that created the cache, in braces."),
			text("title", "Title of the cache: its name.").at("name"),
			text("type", "Type of the object: pipeline_cache."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("uuid"),
		rows:       inRepositories("/pipelines-config/caches"),
	}
}
