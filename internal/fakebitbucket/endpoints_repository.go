package fakebitbucket

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// repositoryEndpoints return repositories and the permissions on them.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/
var repositoryEndpoints = []endpoint{
	{
		path: "/2.0/repositories/{workspace}", scopes: "repository", tokenScopes: "read:repository:bitbucket",
		public: true, needs: aWorkspace, params: "role",
		list: &listing{of: visibleRepositories, filter: repositoryFields, sort: repositoryFields},
	},
	{
		path: "/2.0/repositories/{workspace}/{repo_slug}", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", public: true, needs: aRepository,
		get: func(c *call) (any, error) { return repositoryObject(c.repository), nil },
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/default-reviewers",
		scopes: "pullrequest", tokenScopes: "read:pullrequest:bitbucket", needs: aRepository,
		list: &listing{of: func(c *call) collection { return collect(c.repository.DefaultReviewers, userObject) }},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/permissions-config/users",
		scopes: "repository:admin", tokenScopes: "read:repository:bitbucket", people: true, needs: anAdminsRepository,
		list: &listing{of: func(c *call) collection { return collect(repositoryGrants(c, false), repositoryGrant) }},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
		scopes: "repository:admin", tokenScopes: "read:repository:bitbucket", people: true, needs: anAdminsRepository,
		get: func(c *call) (any, error) {
			u := c.org.User(c.path["selected_user_id"])
			for _, g := range repositoryGrants(c, false) {
				if g.User == u {
					return repositoryGrant(g), nil
				}
			}
			return nil, notFound("No permission found for user %s", c.path["selected_user_id"])
		},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/permissions-config/groups",
		scopes: "repository:admin", tokenScopes: "read:repository:bitbucket", people: true, needs: anAdminsRepository,
		list: &listing{of: func(c *call) collection { return collect(repositoryGrants(c, true), repositoryGrant) }},
	},
	{
		path:   "/2.0/repositories/{workspace}/{repo_slug}/permissions-config/groups/{group_slug}",
		scopes: "repository:admin", tokenScopes: "read:repository:bitbucket", people: true, needs: anAdminsRepository,
		get: func(c *call) (any, error) {
			for _, g := range repositoryGrants(c, true) {
				if g.Group.Slug == c.path["group_slug"] {
					return repositoryGrant(g), nil
				}
			}
			return nil, notFound("No permission found for group %s", c.path["group_slug"])
		},
	},
}

// repositoryFields lists the fields by which repositories can be filtered and sorted.
var repositoryFields = fieldsOf(map[fieldKind]string{
	textKind: "uuid full_name name slug description scm website language fork_policy mainbranch.name " +
		"project.key project.uuid project.name workspace.slug workspace.uuid owner.uuid owner.nickname " +
		"owner.account_id owner.display_name parent.full_name parent.uuid parent.name",
	booleanKind:  "is_private has_issues has_wiki",
	numberKind:   "size",
	datetimeKind: "created_on updated_on",
	embeddedKind: "parent mainbranch",
})

// roles maps the values of the role parameter to the permissions that they require.
var roles = map[string]string{"member": "read", "contributor": "write", "admin": "admin"}

func visibleRepositories(c *call) collection {
	return repositoriesInRole(c, c.org.RepositoriesOf(c.workspace))
}

// repositoriesInRole returns the repositories that the caller sees in the requested role.
func repositoriesInRole(c *call, among []*organization.Repository) collection {
	role := c.query.Get("role")
	if _, isRole := roles[role]; !isRole && role != "" && role != "owner" {
		c.violate("the role %q is unknown", role)
	}
	var visible []*organization.Repository
	for _, r := range among {
		if c.hasRole(r, role) {
			visible = append(visible, r)
		}
	}
	return collect(visible, repositoryObject)
}

// hasRole reports whether a repository is listed for the caller in a role.
func (c *call) hasRole(r *organization.Repository, role string) bool {
	if role == "owner" {
		return c.who.user != nil && r.Owner == c.who.user
	}
	if required, ok := roles[role]; ok {
		have := c.who.permission(c.org, r)
		return have != "" && organization.AtLeast(have, required)
	}
	return c.who.sees(c.org, r)
}

// repositoryGrants returns the explicit grants to groups, or to users, on the requested repository.
func repositoryGrants(c *call, toGroups bool) []*organization.RepositoryGrant {
	var grants []*organization.RepositoryGrant
	for _, g := range c.org.RepositoryGrantsOn(c.repository) {
		if toGroups == (g.Group != nil) {
			grants = append(grants, g)
		}
	}
	return grants
}

func repositoryGrant(g *organization.RepositoryGrant) object {
	r := g.Repository
	at := linkAPI + "/repositories/" + r.FullName() + "/permissions-config/"
	o := grantObject("repository", at, g.User, g.Group, permissionLevel{g.Permission, organization.RepositoryPermissions})
	return append(o, jsonMember{name: "repository", value: lazy(func() any { return embeddedRepository(r) })})
}
