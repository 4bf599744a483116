package bitbucket

import (
	"context"
	"slices"
)

// tableSnippetComment returns the table bitbucket_snippet_comment. A row is a comment on a snippet.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-encoded-id-comments-get
func tableSnippetComment() *table {
	return &table{
		name:        "bitbucket_snippet_comment",
		description: "A comment on a snippet. Costs one request for each snippet.",
		scopes:      []string{"account", "snippet"},
		columns: slices.Concat([]column{
			integer("id", "Id of the comment."),
			text("content_html", "Text of the comment as HTML.").at("content.html"),
			text("content_raw", "Text of the comment as written. Null if the comment was deleted.").at("content.raw"),
			timestamp("created_on", "When the comment was written."),
			text("html_url", "Address of the comment in the browser.").at("links.html.href"),
			boolean("is_deleted", "True if the comment was deleted. Bitbucket keeps its place, without the text.").at("deleted"),
			integer("parent_id", "Id of the comment that this one replies to. Null if it is not a reply.").at("parent.id"),
			text("self_link", "Address of the comment in the API.").at("links.self.href"),
			text("title", "Title of the comment: its text.").at("content.raw"),
			text("type", "Type of the object: snippet_comment."),
			timestamp("updated_on", "When the comment was last changed."),
		}, userColumns(), inSnippetColumns()),
		keyColumns: inSnippetKeyColumns(),
		copying:    whole("workspace_uuid", "snippet_id", "id"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perSnippet(ctx, "/comments")
		},
	}
}
