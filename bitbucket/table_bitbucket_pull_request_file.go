package bitbucket

import (
	"context"
	"slices"
)

// tablePullRequestFile: a row is a file that a pull request changes.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-diffstat-get
func tablePullRequestFile() *table {
	return &table{
		name:        "bitbucket_pull_request_file",
		description: "A file that a pull request changes, and by how many lines. Costs two requests for each pull request that the conditions leave, as Bitbucket answers the first with another address; there is none where the fork that it came from was deleted.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			text("path", "Path of the file; the new one if it was renamed, and the old one if it was removed.").at("new.path").at("old.path"),
			integer("lines_added", "How many lines were added."),
			integer("lines_removed", "How many lines were removed."),
			text("new_path", "Path of the file after the change. Null if it was removed.").at("new.path"),
			text("old_path", "Path of the file before the change. Null if it was added.").at("old.path"),
			text("status", "What happened to the file: added, removed, modified or renamed, or that it has a conflict."),
			text("title", "Title of the file: its path.").at("new.path").at("old.path"),
			text("type", "Type of the object: diffstat."),
		}, inPullRequestColumns()),
		keyColumns: inPullRequestKeyColumns(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perPullRequest(ctx, func(ctx context.Context, p pullRequestScope) rowSeq {
				l := s.withConditionsOn(objectPart).collection(p.path("/diffstat"), 0) // the pages have 500 files anyway
				return unlessUnknown(s.childrenIn(ctx, p, l))                          // they go with the fork that it came from
			})
		},
	}
}
