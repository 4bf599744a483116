package bitbucket

import "slices"

// tableDownload returns the table bitbucket_download. A row is a file that was uploaded to a repository's downloads.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-downloads/#api-repositories-workspace-repo-slug-downloads-get
func tableDownload() *table {
	return &table{
		name:        "bitbucket_download",
		description: "A file in the downloads of a repository. Costs one request for each repository.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("name", "Name of the file, unique in the repository."),
			timestamp("created_on", "When the file was uploaded."),
			integer("downloads", "How often the file was downloaded."),
			text("self_link", "Address of the file in the API, which redirects to the stored file.").at("links.self.href"),
			integer("size", "Size of the file in bytes."),
			text("title", "Title of the download: the name of the file.").at("name"),
			text("type", "Type of the object: download."),
		}, userColumns(), inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("name"),
		rows:       inRepositories("/downloads"),
	}
}
