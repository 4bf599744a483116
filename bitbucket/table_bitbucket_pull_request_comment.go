package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tablePullRequestComment returns the table bitbucket_pull_request_comment. A row is a comment on a pull request.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-comments-get
func tablePullRequestComment() *table {
	return &table{
		name:        "bitbucket_pull_request_comment",
		description: "A comment on a pull request, on one of its files or on lines, including replies and deleted comments. Costs one request for each pull request that meets the conditions; bitbucket_pull_request_activity reads the comments of a whole repository in one list.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			integer("id", "Id of the comment."),
			text("content", "Text of the comment. Null if the comment was deleted.").at("content.raw"),
			text("content_html", "Text of the comment as HTML.").at("content.html"),
			timestamp("created_on", "When the comment was written."),
			boolean("deleted", "True if the comment was deleted."),
			text("html_url", "Address of the comment in the browser.").at("links.html.href"),
			integer("inline_from", "Line before the change that the comment is on; the last one of several. Null if it is not on a line.").at("inline.from"),
			text("inline_path", "Path of the file that the comment is on. Null for a comment on the pull request as a whole.").at("inline.path"),
			integer("inline_start_from", "First line before the change of a comment on several lines.").at("inline.start_from"),
			integer("inline_start_to", "First line after the change of a comment on several lines.").at("inline.start_to"),
			integer("inline_to", "Line after the change that the comment is on; the last one of several. Null if it is not on a line.").at("inline.to"),
			integer("parent_id", "Id of the comment that this one replies to.").at("parent.id"),
			boolean("pending", "True if the comment is part of a review that is not published yet. Null if Bitbucket does not report it."),
			text("resolved_by_display_name", "Name of the user who resolved the comment.").at("resolution.user.display_name"),
			text("resolved_by_uuid", "Immutable id of the user who resolved the comment, in braces.").at("resolution.user.uuid"),
			timestamp("resolved_on", "When the comment was resolved. Null if it was not.").at("resolution.created_on"),
			text("self_link", "Address of the comment in the API.").at("links.self.href"),
			text("title", "Title of the comment: its text.").at("content.raw"),
			text("type", "Type of the object: pullrequest_comment."),
			timestamp("updated_on", "When the comment was last changed."),
		}, userColumns(), inPullRequestColumns()),
		keyColumns: append(inPullRequestKeyColumns(),
			filtered("created_on", "created_on", orderOperators),
			filtered("updated_on", "updated_on", orderOperators),
			keyColumn{column: "deleted", operators: equalOperators},
		),
		copying: ofPullRequest("id"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perPullRequest(ctx, func(ctx context.Context, p pullRequestScope) rowSeq {
				if s.isExactly("deleted", false) && p.hasNone("comment_count") { // deleted comments are not counted
					return streams.Each[*row]()
				}
				return p.children(ctx, s, "/comments", 100)
			})
		},
	}
}

// hasNone reports whether the pull request's count of something is 0.
func (p pullRequestScope) hasNone(count string) bool {
	n := p.request.Get(count)
	return n.Exists() && n.Int() == 0
}
