package bitbucket

import (
	"context"
	"slices"
)

// tablePullRequestStatus returns the table bitbucket_pull_request_status. A row is a build status of a pull request's
// last commit.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-statuses-get
func tablePullRequestStatus() *table {
	return &table{
		name:        "bitbucket_pull_request_status",
		description: "The result of a build, a test or a scan of a pull request's last commit. Costs one request for each pull request that meets the conditions.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			text("key", "Identifier of the status in the build system, unique per commit."),
			text("commit_hash", "Hash of the commit, or its first 12 digits.").at("commit.hash"),
			timestamp("created_on", "When the status was first reported."),
			text("description", "Description of the status by the build system."),
			text("name", "Name of the build."),
			text("refname", "Name of the branch that was built. Null if the build system did not report it."),
			text("self_link", "Address of the status in the API.").at("links.self.href"),
			text("state", "State of the build: SUCCESSFUL, FAILED, INPROGRESS or STOPPED."),
			text("title", "Title of the status: the name of the build, or its key.").at("name").at("key"),
			text("type", "Type of the object: build."),
			timestamp("updated_on", "When the status last changed."),
			text("url", "Address of the build."),
		}, inPullRequestColumns()),
		keyColumns: append(inPullRequestKeyColumns(),
			filtered("created_on", "created_on", orderOperators),
			filtered("key", "key", nameOperators),
			filtered("name", "name", textOperators),
			filtered("state", "state", equalOperators),
			filtered("updated_on", "updated_on", orderOperators),
		),
		copying: ofPullRequest("commit_hash", "key"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perPullRequest(ctx, func(ctx context.Context, p pullRequestScope) rowSeq {
				return p.children(ctx, s, "/statuses", 100)
			})
		},
	}
}
