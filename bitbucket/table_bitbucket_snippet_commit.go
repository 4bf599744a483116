package bitbucket

import (
	"context"
	"slices"
)

// tableSnippetCommit returns the table bitbucket_snippet_commit. A row is a commit of a snippet.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-encoded-id-commits-get
func tableSnippetCommit() *table {
	return &table{
		name:        "bitbucket_snippet_commit",
		description: "A commit that changed the files of a snippet. Costs one request for each snippet.",
		scopes:      []string{"account", "snippet"},
		columns: slices.Concat([]column{
			text("hash", "Hash of the commit."),
			text("author_account_id", "Atlassian account id of the author. Null if no account has the author's e-mail address.").at("author.user.account_id"),
			text("author_display_name", "Name of the author's account. Null if no account has the author's e-mail address.").at("author.user.display_name"),
			text("author_raw", "Author as written in Git, as in \"Name <name@example.com>\".").at("author.raw"),
			text("author_uuid", "Immutable id of the author's account, in braces. Null if no account has the author's e-mail address.").at("author.user.uuid"),
			timestamp("date", "When the commit was made."),
			text("diff_url", "Address of the commit's diff in the API.").at("links.diff.href"),
			text("html_url", "Address of the commit in the browser.").at("links.html.href"),
			text("message", "Message of the commit."),
			document("parents", "Parents of the commit."),
			text("self_link", "Address of the commit in the API.").at("links.self.href"),
			text("title", "Title of the commit: its hash.").at("hash"),
			text("type", "Type of the object: snippet_commit."),
		}, inSnippetColumns()),
		keyColumns: inSnippetKeyColumns(),
		copying:    whole("workspace_uuid", "snippet_id", "hash"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perSnippet(ctx, "/commits")
		},
	}
}
