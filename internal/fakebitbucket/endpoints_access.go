package fakebitbucket

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// accessEndpoints return deploy keys, webhooks, branch restrictions and default reviewers.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-deploy-keys-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-webhooks/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branch-restrictions/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-effective-default-reviewers-get
var accessEndpoints = []endpoint{
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/deploy-keys",
		scopes: "repository repository:admin", tokenScopes: "admin:repository:bitbucket", needs: anAdminsRepository,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.DeployKeys(c.repository), repositoryDeployKey(c.repository))
		}},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/deploy-keys/{key_id}",
		scopes: "repository repository:admin", tokenScopes: "admin:repository:bitbucket", needs: anAdminsRepository,
		get: func(c *call) (any, error) {
			return renderByID(c.org.DeployKeys(c.repository), c.path["key_id"], noSuch("deploy key"), repositoryDeployKey(c.repository))
		},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/deploy-keys",
		scopes: "project project:admin", tokenScopes: "admin:project:bitbucket", needs: anAdminsProject,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.ProjectDeployKeys(c.project), projectDeployKey(c.project))
		}},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/deploy-keys/{key_id}",
		scopes: "project project:admin", tokenScopes: "admin:project:bitbucket", needs: anAdminsProject,
		get: func(c *call) (any, error) {
			return renderByID(c.org.ProjectDeployKeys(c.project), c.path["key_id"], noSuch("deploy key"), projectDeployKey(c.project))
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/hooks",
		scopes: "webhook", tokenScopes: "read:webhook:bitbucket", needs: anAdminsRepository,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.Webhooks(c.repository), repositoryWebhook(c.repository))
		}},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/hooks/{uid}",
		scopes: "webhook", tokenScopes: "read:webhook:bitbucket", needs: anAdminsRepository,
		get: func(c *call) (any, error) {
			return renderByID(c.org.Webhooks(c.repository), c.path["uid"], noSuch("webhook"), repositoryWebhook(c.repository))
		},
	},
	{
		path:   "/2.0/workspaces/{workspace}/hooks",
		scopes: "webhook", tokenScopes: "read:webhook:bitbucket", needs: anOwnersWorkspace,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.WorkspaceWebhooks(c.workspace), workspaceWebhook(c.workspace))
		}},
	},
	{
		path:   "/2.0/workspaces/{workspace}/hooks/{uid}",
		scopes: "webhook", tokenScopes: "read:webhook:bitbucket", needs: anOwnersWorkspace,
		get: func(c *call) (any, error) {
			return renderByID(c.org.WorkspaceWebhooks(c.workspace), c.path["uid"], noSuch("webhook"), workspaceWebhook(c.workspace))
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/branch-restrictions",
		scopes: "repository:admin", tokenScopes: "admin:repository:bitbucket", needs: anAdminsRepository,
		params: "kind pattern",
		list: &listing{of: func(c *call) collection {
			return collect(requestedRestrictions(c), branchRestriction(c.repository))
		}},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/branch-restrictions/{id}",
		scopes: "repository:admin", tokenScopes: "admin:repository:bitbucket", needs: anAdminsRepository,
		get: func(c *call) (any, error) {
			return renderByID(c.org.BranchRestrictions(c.repository), c.path["id"], noSuch("branch restriction"), branchRestriction(c.repository))
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", needs: aRepository,
		get: func(c *call) (any, error) {
			u := reviewerAmong(c.repository.DefaultReviewers, c.org.User(c.path["target_username"]))
			if u == nil {
				return nil, notFound("%s is not a default reviewer", c.path["target_username"])
			}
			return userObject(u), nil
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/effective-default-reviewers",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", needs: aRepository,
		list: &listing{pagelen: 20, of: func(c *call) collection {
			return collect(c.org.EffectiveDefaultReviewers(c.repository), reviewerObject)
		}},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/default-reviewers",
		scopes: "project:admin", tokenScopes: "read:pullrequest:bitbucket", needs: anAdminsProject,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.ProjectDefaultReviewers(c.project), func(u *organization.User) object {
				return reviewerObject(organization.EffectiveReviewer{User: u, From: "project"})
			})
		}},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}",
		scopes: "project:admin", tokenScopes: "read:pullrequest:bitbucket", needs: anAdminsProject,
		get: func(c *call) (any, error) {
			u := c.org.User(c.path["selected_user"])
			if u == nil {
				return nil, notFound("No user with identifier '%s'.", c.path["selected_user"])
			}
			if reviewerAmong(c.org.ProjectDefaultReviewers(c.project), u) == nil {
				return nil, badRequest("%s is not a default reviewer", c.path["selected_user"])
			}
			return userObject(u), nil
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/override-settings",
		scopes: "repository:admin", tokenScopes: "admin:repository:bitbucket", needs: anAdminsRepository,
		get: func(c *call) (any, error) {
			return object{
				{name: "type", value: "repository_inheritance_state"},
				{name: "override_settings", value: overriddenSettings(c.repository)},
			}, nil
		},
	},
}

// findByID returns the element with an ID, or the error that missing makes if it does not exist.
func findByID[T interface{ Identifier() string }](all []T, id string, missing func(id string) error) (found T, err error) {
	for _, x := range all {
		if x.Identifier() == id {
			return x, nil
		}
	}
	return found, missing(id)
}

// renderByID renders the element with an ID, or returns the error that missing makes if it does not exist.
func renderByID[T interface{ Identifier() string }](all []T, id string, missing func(id string) error, render func(T) object) (any, error) {
	x, err := findByID(all, id, missing)
	if err != nil {
		return nil, err
	}
	return render(x), nil
}

// noSuch returns what makes the errors for IDs that nothing of a kind has.
func noSuch(kind string) func(id string) error {
	return func(id string) error { return notFound("There is no %s with the ID %s.", kind, id) }
}
