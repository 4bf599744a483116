package fakebitbucket

import (
	"net/http"
	"strings"
)

// workspaceEndpoints return workspaces, their members, groups and permissions.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/
var workspaceEndpoints = []endpoint{
	{
		path: "/2.0/workspaces/{workspace}", tokenScopes: "read:workspace:bitbucket", needs: aWorkspace,
		get: func(c *call) (any, error) { return workspaceObject(c.workspace), nil },
	},
	{
		path: "/2.0/workspaces/{workspace}/members", scopes: "account", tokenScopes: "read:workspace:bitbucket",
		needs: membersByAddress,
		list: &listing{
			pagelen: 50,
			of: func(c *call) collection {
				if asksForAddresses(c) {
					return collect(c.org.MembersOf(c.workspace), memberWithAddress)
				}
				return collect(c.org.MembersOf(c.workspace), memberObject)
			},
			filter: fieldsOf(map[fieldKind]string{textKind: "user.nickname user.account_id user.uuid user.email"}),
		},
	},
	{
		path: "/2.0/workspaces/{workspace}/members/{member}", scopes: "account",
		tokenScopes: "read:workspace:bitbucket", needs: aMember,
		get: func(c *call) (any, error) { return memberObject(c.membership), nil },
	},
	{
		path: "/2.0/workspaces/{workspace}/permissions", scopes: "account",
		tokenScopes: "read:workspace:bitbucket", people: true, needs: aMembersWorkspace,
		list: &listing{
			pagelen: 50,
			of:      func(c *call) collection { return collect(c.org.MembersOf(c.workspace), membershipObject) },
			filter: fieldsOf(map[fieldKind]string{
				textKind: "user.nickname user.account_id user.uuid", levelKind: "permission",
			}),
		},
	},
	{
		path: "/2.0/workspaces/{workspace}/permissions/repositories", scopes: "account",
		tokenScopes: "read:repository:bitbucket", people: true, needs: anOwnersWorkspace,
		list: &listing{of: allPermissions, filter: permissionFields, sort: permissionFields},
	},
	{
		path: "/2.0/workspaces/{workspace}/permissions/repositories/{repo_slug}", scopes: "repository",
		tokenScopes: "read:repository:bitbucket", people: true, needs: anAdminsRepository,
		list: &listing{of: permissionsOn, filter: permissionFields, sort: permissionFields},
	},
	{
		// The groups of the 1.0 API, which are not in the OpenAPI document and have no successor.
		// https://support.atlassian.com/bitbucket-cloud/docs/groups-endpoint/
		path: "/1.0/groups/{workspace}", scopes: "account", tokenScopes: "read:permission:bitbucket", people: true,
		needs: aGroupsWorkspace, get: legacyGroups,
	},
}

// mostAddresses is the number of addresses that one search for members may contain.
const mostAddresses = 90

func asksForAddresses(c *call) bool { return strings.Contains(c.query.Get("q"), "user.email") }

// membersByAddress finds a workspace that the caller belongs to. Only its administrators and its own tokens may
// search for members by address.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-get
func membersByAddress(c *call) error {
	if err := aMembersWorkspace(c); err != nil || !asksForAddresses(c) {
		return err
	}
	if c.who.workspace == nil && !c.who.administers(c.org, c.workspace) {
		return forbidden("You must be an administrator of this workspace to filter by email.")
	}
	if strings.Count(c.query.Get("q"), "@") > mostAddresses {
		return badRequest("Too many email addresses")
	}
	return nil
}

func allPermissions(c *call) collection {
	return repositoryPermissions(c.org.EffectivePermissions(c.workspace))
}

func permissionsOn(c *call) collection {
	return repositoryPermissions(c.org.EffectivePermissionsOn(c.repository))
}

// aGroupsWorkspace finds a workspace that the caller administers by its slug. The 1.0 API does not know UUIDs. Some
// workspaces refuse administrators, too.
func aGroupsWorkspace(c *call) error {
	if isUUID(c.path["workspace"]) {
		return forbidden("Forbidden")
	}
	if err := anOwnersWorkspace(c); err != nil {
		return err
	}
	if status := c.org.GroupsClosed(c.workspace); status != 0 {
		return &apiError{status: status, message: http.StatusText(status)}
	}
	return nil
}

// legacyGroups returns a bare list, without pages.
func legacyGroups(c *call) (any, error) {
	groups := c.org.GroupsOf(c.workspace)
	list := make([]object, len(groups))
	for i, g := range groups {
		list[i] = legacyGroup(g)
	}
	return list, nil
}
