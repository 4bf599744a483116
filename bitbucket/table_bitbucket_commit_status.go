package bitbucket

import (
	"context"
	"slices"
)

// tableCommitStatus returns the table bitbucket_commit_status. A row is a build status of a commit.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/#api-repositories-workspace-repo-slug-commit-commit-statuses-get
func tableCommitStatus() *table {
	return &table{
		name:        "bitbucket_commit_status",
		description: "A build status of a commit: the newest of each repository's main branch, or those that the query names by commit_hash. Without a hash it costs two requests for each repository.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("key", "Identifier of the status, unique per commit and build system."),
			text("state", "Result so far: FAILED, INPROGRESS, STOPPED or SUCCESSFUL."),
			timestamp("created_on", "When the status was created.").sorted("created_on"),
			text("description", "Description of the build."),
			text("name", "Name of the build."),
			text("refname", "Branch or tag that the build was for. Null if the build system does not report it."),
			text("self_link", "Address of the status in the API.").at("links.self.href"),
			text("title", "Title of the status: the name of the build.").at("name"),
			text("type", "Type of the object: build."),
			timestamp("updated_on", "When the status last changed.").sorted("updated_on"),
			text("url", "Address of the build in the build system."),
		}, ofCommitColumns()),
		keyColumns: append(ofCommitKeyColumns(),
			filtered("key", "key", nameOperators),
			filtered("state", "state", equalOperators),
			filtered("name", "name", textOperators),
			filtered("refname", "refname", nameOperators),
			filtered("created_on", "created_on", orderOperators),
			filtered("updated_on", "updated_on", orderOperators),
		),
		copying: touched("commit_hash", "key"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perCommit(ctx, func(ctx context.Context, c commitScope) rowSeq {
				return s.listIn(ctx, c, s.collection(c.path("/statuses"), 100))
			})
		},
	}
}
