package bitbucket

import (
	"context"
	"slices"
)

// tablePullRequestFile returns the table bitbucket_pull_request_file. A row is a file that a pull request changes.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-diffstat-get
func tablePullRequestFile() *table {
	return &table{
		name:        "bitbucket_pull_request_file",
		description: "A file that a pull request changes, with the numbers of lines. Costs two requests for each pull request that meets the conditions, as Bitbucket redirects the first one; there are no rows if its fork was deleted.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			text("path", "Path of the file after the change, or before it if the file was removed.").at("new.path").at("old.path"),
			integer("lines_added", "Number of lines that were added."),
			integer("lines_removed", "Number of lines that were removed."),
			text("new_path", "Path of the file after the change. Null if it was removed.").at("new.path"),
			text("old_path", "Path of the file before the change. Null if it was added.").at("old.path"),
			text("status", "What happened to the file: added, removed, modified, renamed or a conflict."),
			text("title", "Title of the file: its path.").at("new.path").at("old.path"),
			text("type", "Type of the object: diffstat."),
		}, inPullRequestColumns()),
		keyColumns: inPullRequestKeyColumns(),
		copying:    ofPullRequest("path"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perPullRequest(ctx, func(ctx context.Context, p pullRequestScope) rowSeq {
				const anyLength = 0                                              // the pages have 500 files anyway
				return unlessUnknown(p.children(ctx, s, "/diffstat", anyLength)) // they are deleted with their fork
			})
		},
	}
}
