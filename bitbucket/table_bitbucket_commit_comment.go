package bitbucket

import (
	"context"
	"slices"
)

// tableCommitComment returns the table bitbucket_commit_comment. A row is a comment on a commit.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/#api-repositories-workspace-repo-slug-commit-commit-comments-get
func tableCommitComment() *table {
	return &table{
		name:        "bitbucket_commit_comment",
		description: "A comment on a commit: the newest of each repository's main branch, or those that the query names by commit_hash. Without a hash it costs two requests for each repository.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			integer("id", "Identifier of the comment."),
			text("content_html", "Text of the comment as HTML.").at("content.html"),
			text("content_raw", "Text of the comment as it was written. Null once the comment is deleted.").at("content.raw"),
			timestamp("created_on", "When the comment was written.").sorted("created_on"),
			boolean("deleted", "True if the comment was deleted. Bitbucket keeps its place."),
			text("html_url", "Address of the comment in the browser.").at("links.html.href"),
			document("inline", "Where in a file the comment is. Null for a comment on the commit as a whole."),
			integer("inline_from", "Line of the file before the commit that the comment is on.").at("inline.from"),
			text("inline_path", "File that the comment is on. Null for a comment on the commit as a whole.").at("inline.path"),
			integer("inline_to", "Line of the file after the commit that the comment is on.").at("inline.to"),
			integer("parent_id", "Identifier of the comment that this one replies to.").at("parent.id"),
			text("self_link", "Address of the comment in the API.").at("links.self.href"),
			text("title", "Title of the comment: its text.").at("content.raw"),
			text("type", "Type of the object: commit_comment."),
			timestamp("updated_on", "When the comment was last changed.").sorted("updated_on"),
			text("user_account_id", "Atlassian account id of the author. Null for an author that is not a person, or whose account is deleted.").at("user.account_id"),
			text("user_display_name", "Name of the author. Null if the account is deleted.").at("user.display_name"),
			text("user_uuid", "Immutable id of the author, in braces. Null if the account is deleted.").at("user.uuid"),
		}, ofCommitColumns()),
		keyColumns: append(ofCommitKeyColumns(),
			filtered("id", "id", orderOperators),
			filtered("deleted", "deleted", equalOperators).set(),
			filtered("created_on", "created_on", orderOperators),
			filtered("updated_on", "updated_on", orderOperators),
		),
		ids:     map[string]string{"id": "repository_full_name"},
		copying: touched("id"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perCommit(ctx, func(ctx context.Context, c commitScope) rowSeq {
				return s.listIn(ctx, c, s.collection(c.path("/comments"), 100))
			})
		},
	}
}
