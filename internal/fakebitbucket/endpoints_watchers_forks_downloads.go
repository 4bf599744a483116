package fakebitbucket

import (
	"net/http"
	"net/url"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// watcherForkDownloadEndpoints return the forks, watchers and downloads of repositories.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-downloads/
var watcherForkDownloadEndpoints = []endpoint{
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/forks", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: aRepository, params: "role",
		list: &listing{
			of:     func(c *call) collection { return repositoriesInRole(c, c.org.Forks(c.repository)) },
			filter: repositoryFields, sort: repositoryFields,
		},
	},
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/watchers", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: aRepository,
		list: &listing{of: func(c *call) collection { return collect(c.org.Watchers(c.repository), userObject) }},
	},
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/downloads", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: aRepositoryWithDownloads,
		list: &listing{of: func(c *call) collection {
			files, _ := c.org.Downloads(c.repository)
			return collect(files, func(d *organization.Download) object { return downloadObject(c.repository, d) })
		}},
	},
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}/downloads/{filename}", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: aRepositoryWithDownloads, get: redirectToDownload,
	},
}

// aRepositoryWithDownloads finds a repository that the caller can read and whose downloads are switched on. The
// documentation does not say how the service answers if they are switched off.
func aRepositoryWithDownloads(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	if _, on := c.org.Downloads(c.repository); !on {
		return notFound("Repository has no downloads.")
	}
	return nil
}

// redirectToDownload redirects the client to the server of the files.
func redirectToDownload(c *call) (any, error) {
	files, _ := c.org.Downloads(c.repository)
	for _, d := range files {
		if d.Name == c.path["filename"] {
			res := textResponse(http.StatusFound, "text/plain", "")
			res.header.Set("Location", "https://downloads.example.com/"+url.PathEscape(d.Name))
			return res, nil
		}
	}
	return nil, notFound("No such download: %s", c.path["filename"])
}
