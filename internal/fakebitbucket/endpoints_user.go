package fakebitbucket

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// userEndpoints return the caller and other users.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/
var userEndpoints = []endpoint{
	{
		path: "/2.0/user", scopes: "account", tokenScopes: "read:user:bitbucket", people: true,
		get: func(c *call) (any, error) { return currentUser(c.who.user), nil },
	},
	{
		path: "/2.0/user/emails", scopes: "email", tokenScopes: "read:user:bitbucket", people: true,
		list: &listing{of: ownEmails},
	},
	{
		path: "/2.0/user/emails/{email}", scopes: "email", tokenScopes: "read:user:bitbucket", people: true,
		get: func(c *call) (any, error) {
			for _, a := range c.org.EmailAddresses(c.who.user) {
				if a.Address == c.path["email"] {
					return emailObject(a), nil
				}
			}
			return nil, notFound("No such email address: %s", c.path["email"])
		},
	},
	{
		path: "/2.0/user/workspaces", scopes: "account", tokenScopes: "read:workspace:bitbucket", people: true,
		params: "administrator",
		list: &listing{
			of: ownWorkspaces, pagelen: 25,
			filter: fieldsOf(map[fieldKind]string{textKind: "slug=workspace.slug workspace.slug"}),
			sort:   fieldsOf(map[fieldKind]string{textKind: "slug=workspace.slug"}),
		},
	},
	{
		path: "/2.0/user/workspaces/{workspace}/permission", scopes: "account",
		tokenScopes: "read:workspace:bitbucket", people: true, needs: ownWorkspace,
		get: func(c *call) (any, error) {
			return membershipObject(c.membership).without([]string{"added_on", "last_accessed"}), nil
		},
	},
	{
		path: "/2.0/user/workspaces/{workspace}/permissions/repositories", scopes: "account repository",
		tokenScopes: "read:repository:bitbucket", people: true, needs: ownWorkspace,
		list: &listing{of: ownPermissions, filter: permissionFields, sort: permissionFields},
	},
	{
		path: "/2.0/users/{selected_user}", tokenScopes: "read:user:bitbucket", needs: aUser,
		get: func(c *call) (any, error) { return userObject(c.user), nil },
	},
}

// permissionFields lists the fields by which effective permissions can be filtered and sorted.
var permissionFields = fieldsOf(map[fieldKind]string{
	textKind: "repository.name repository.full_name repository.uuid user.display_name user.nickname user.uuid " +
		"user.account_id",
	levelKind: "permission",
})

func ownEmails(c *call) collection {
	return collect(c.org.EmailAddresses(c.who.user), emailObject)
}

// ownWorkspaces returns the workspaces of the caller.
func ownWorkspaces(c *call) collection {
	var memberships []*organization.Membership
	for _, m := range c.who.memberships(c.org) {
		owner := m.Permission == "owner"
		if administrator := c.query.Get("administrator"); administrator == "true" && !owner || administrator == "false" && owner {
			continue
		}
		memberships = append(memberships, m)
	}
	return collect(memberships, func(m *organization.Membership) object {
		return workspaceAccess(m.Workspace, m.Permission == "owner")
	})
}

// ownPermissions returns the repositories of a workspace on which the caller has a permission. Public repositories
// without a permission are missing.
func ownPermissions(c *call) collection {
	var permissions []organization.EffectivePermission
	for _, r := range c.org.RepositoriesOf(c.workspace) {
		if p := c.who.permission(c.org, r); p != "" {
			permissions = append(permissions, organization.EffectivePermission{Repository: r, User: c.who.user, Permission: p})
		}
	}
	return repositoryPermissions(permissions)
}
