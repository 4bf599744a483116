package bitbucket

import (
	"context"
	"slices"
)

// tableTag returns the table bitbucket_tag. A row is a tag of a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-tags-get
func tableTag() *table {
	return &table{
		name:        "bitbucket_tag",
		description: "A tag of a repository, with the commit that it marks.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("name", "Name of the tag."),
			timestamp("date", "When the tag was made. Null for a lightweight tag."),
			text("html_url", "Address of the tag in the browser.").at("links.html.href"),
			document("links", "Addresses of the tag and its commits."),
			text("message", "Message of the tag. Null for a lightweight tag."),
			text("self_link", "Address of the tag in the API.").at("links.self.href"),
		}, signatureColumns("tagger", "tagger", "who made the tag"), []column{
			text("tagger_type", "Type of the account that made the tag: user, app_user or team. Null if no account has the e-mail address.").at("tagger.user.type"),
			document("target", "The commit that the tag marks."),
		}, signatureColumns("target_author", "target.author", "the author of the commit that the tag marks"), []column{
			timestamp("target_date", "Date of the commit that the tag marks.").at("target.date").sorted("target.date"),
			text("target_hash", "Hash of the commit that the tag marks.").at("target.hash"),
			text("target_message", "Message of the commit that the tag marks.").at("target.message"),
			text("title", "Title of the tag: its name.").at("name"),
			text("type", "Type of the object: tag."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(),
			filtered("name", "name", textOperators),
			filtered("target_date", "target.date", orderOperators),
			filtered("target_hash", "target.hash", nameOperators),
		),
		ids:     map[string]string{"name": "repository_full_name"},
		copying: touched("name"),
		rows:    func(ctx context.Context, s *scan) rowSeq { return refRows(ctx, s, "/refs/tags") },
	}
}
