package bitbucket

import (
	"context"
	"slices"
)

// tableCommitFile returns the table bitbucket_commit_file. A row is a file that a commit changed.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/#api-repositories-workspace-repo-slug-diffstat-spec-get
func tableCommitFile() *table {
	return &table{
		name:        "bitbucket_commit_file",
		description: "A file that a commit changed since its first parent: the newest commit of each repository's main branch, or those that the query names by commit_hash. Without a hash it costs two requests for each repository.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("path", "Path of the file after the commit, or before it if the file was removed.").at("new.path").at("old.path"),
			text("status", "What happened to the file: added, removed, modified or renamed."),
			integer("lines_added", "Number of lines that the commit added to the file."),
			integer("lines_removed", "Number of lines that the commit removed from the file."),
			text("new_path", "Path of the file after the commit. Null if it was removed.").at("new.path"),
			text("old_path", "Path of the file before the commit. Null if it was added.").at("old.path"),
			text("title", "Title of the change: the path of the file.").at("new.path").at("old.path"),
			text("type", "Type of the object: diffstat."),
		}, ofCommitColumns()),
		keyColumns: ofCommitKeyColumns(),
		copying:    touched("commit_hash", "path"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perCommit(ctx, func(ctx context.Context, c commitScope) rowSeq {
				return s.listIn(ctx, c, s.collection(c.repositoryScope.path("/diffstat/{spec}", c.hash), 5000))
			})
		},
	}
}
