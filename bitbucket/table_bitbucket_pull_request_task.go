package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tablePullRequestTask returns the table bitbucket_pull_request_task. A row is a task of a pull request: something to
// do before the merge.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-tasks-get
func tablePullRequestTask() *table {
	return &table{
		name:        "bitbucket_pull_request_task",
		description: "A task of a pull request. Costs one request for each pull request that meets the conditions; with state = 'UNRESOLVED', only for those with open tasks.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			integer("id", "Id of the task."),
			integer("comment_id", "Id of the comment that the task belongs to. Null if it does not belong to a comment.").at("comment.id"),
			text("content", "Text of the task.").at("content.raw"),
			timestamp("created_on", "When the task was created."),
			text("creator_account_id", "Atlassian account id of the user who created the task.").at("creator.account_id"),
			text("creator_display_name", "Name of the user who created the task.").at("creator.display_name"),
			text("creator_nickname", "Name that the user who created the task chose; not unique.").at("creator.nickname"),
			text("creator_uuid", "Immutable id of the user who created the task, in braces.").at("creator.uuid"),
			text("html_url", "Address of the task in the browser.").at("links.html.href"),
			boolean("pending", "True if the task is part of a review that is not published yet."),
			text("resolved_by_account_id", "Atlassian account id of the user who resolved the task.").at("resolved_by.account_id"),
			text("resolved_by_display_name", "Name of the user who resolved the task.").at("resolved_by.display_name"),
			text("resolved_by_uuid", "Immutable id of the user who resolved the task, in braces.").at("resolved_by.uuid"),
			timestamp("resolved_on", "When the task was resolved. Null if it was not."),
			text("self_link", "Address of the task in the API.").at("links.self.href"),
			text("state", "State of the task: RESOLVED or UNRESOLVED."),
			text("title", "Title of the task: its text.").at("content.raw"),
			timestamp("updated_on", "When the task was last changed."),
		}, inPullRequestColumns()),
		keyColumns: append(inPullRequestKeyColumns(), keyColumn{column: "state", operators: equalOperators}),
		copying:    ofPullRequest("id"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perPullRequest(ctx, func(ctx context.Context, p pullRequestScope) rowSeq {
				if s.isExactly("state", "UNRESOLVED") && p.hasNone("task_count") { // only open tasks are counted
					return streams.Each[*row]()
				}
				return p.children(ctx, s, "/tasks", 100)
			})
		},
	}
}
