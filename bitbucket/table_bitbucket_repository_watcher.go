package bitbucket

import "slices"

// tableRepositoryWatcher returns the table bitbucket_repository_watcher. A row is a user who watches a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-watchers-get
func tableRepositoryWatcher() *table {
	return &table{
		name:        "bitbucket_repository_watcher",
		description: "A user who gets notifications about a repository. Costs one request for each repository.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("user_uuid", "Immutable id of the user, in braces.").at("uuid"),
			text("user_account_id", "Atlassian account id of the user. Null for a user that is not a person.").at("account_id"),
			text("user_display_name", "Name of the user.").at("display_name"),
			text("user_nickname", "Name that the user chose; not unique.").at("nickname"),
			text("user_type", "Type of the user: user, app_user or team.").at("type"),
			text("avatar_url", "Address of the user's picture.").at("links.avatar.href"),
			text("html_url", "Address of the user's profile in the browser.").at("links.html.href"),
			text("title", "Title of the watcher: the name of the user.").at("display_name"),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("user_uuid"),
		rows:       inRepositories("/watchers"),
	}
}
