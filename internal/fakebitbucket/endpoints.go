package fakebitbucket

import "slices"

// allEndpoints lists the endpoints of the API. Most paths are operations of the OpenAPI document; comments name the
// others.
var allEndpoints []endpoint

// The table and its functions refer to each other, so it is filled in when the package starts.
func init() {
	allEndpoints = slices.Concat(userEndpoints, workspaceEndpoints, projectEndpoints, repositoryEndpoints, accessEndpoints,
		codeEndpoints, pullRequestEndpoints, pipelineEndpoints, sourceEndpoints, watcherForkDownloadEndpoints,
		snippetEndpoints, accountKeyEndpoints, hookEventEndpoints, workspaceKeyEndpoints, goneEndpoints)
	routes = newRoutes(allEndpoints)
}

// goneEndpoints lists endpoints that were removed in 2026.
// https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770
var goneEndpoints = []endpoint{
	{path: "/2.0/repositories", gone: "CHANGE-2770"},
	{path: "/2.0/workspaces", gone: "CHANGE-2770"},
	{path: "/2.0/user/permissions/workspaces", gone: "CHANGE-2770"},
	{path: "/2.0/user/permissions/repositories", gone: "CHANGE-2770"},
}
