package bitbucket

import (
	"context"
	"slices"
)

// tablePullRequestCommit returns the table bitbucket_pull_request_commit. A row is a commit of a pull request.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-commits-get
func tablePullRequestCommit() *table {
	return &table{
		name:        "bitbucket_pull_request_commit",
		description: "A commit of a pull request, open or closed. Costs one request for each pull request that meets the conditions; there are no rows if its source branch, or its fork, was deleted.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			text("hash", "Hash of the commit."),
			text("author_account_id", "Atlassian account id of the author. Null if no account has the author's address.").at("author.user.account_id"),
			text("author_display_name", "Name of the author's account.").at("author.user.display_name"),
			text("author_nickname", "Name that the author's account chose; not unique.").at("author.user.nickname"),
			text("author_raw", "Author as written in the commit: mostly a name and an e-mail address.").at("author.raw"),
			text("author_uuid", "Immutable id of the author's account, in braces. Null if no account has the author's address.").at("author.user.uuid"),
			timestamp("date", "When the commit was made."),
			text("html_url", "Address of the commit in the browser.").at("links.html.href"),
			text("message", "Message of the commit."),
			document("parents", "Parents of the commit."),
			text("self_link", "Address of the commit in the API.").at("links.self.href"),
			text("title", "Title of the commit: its hash.").at("hash"),
			text("type", "Type of the object: commit."),
		}, inPullRequestColumns()),
		keyColumns: inPullRequestKeyColumns(),
		copying:    ofPullRequest("hash"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perPullRequest(ctx, func(ctx context.Context, p pullRequestScope) rowSeq {
				return unlessUnknown(p.children(ctx, s, "/commits", 100)) // the commits are deleted with their fork
			})
		},
	}
}
