package fakebitbucket

import (
	"net/url"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// projectEndpoints return projects and the permissions on them.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/
var projectEndpoints = []endpoint{
	{
		path: "/2.0/workspaces/{workspace}/projects", scopes: "project", tokenScopes: "read:project:bitbucket",
		needs: aWorkspace,
		list:  &listing{of: visibleProjects},
	},
	{
		path: "/2.0/workspaces/{workspace}/projects/{project_key}", scopes: "project",
		tokenScopes: "read:project:bitbucket", needs: aProject,
		get: func(c *call) (any, error) { return projectObject(c.project), nil },
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/permissions-config/users",
		scopes: "project:admin", tokenScopes: "read:project:bitbucket", people: true, needs: anAdminsProject,
		list: &listing{of: func(c *call) collection { return collect(projectGrants(c, false), projectGrant) }},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
		scopes: "project:admin", tokenScopes: "read:project:bitbucket", people: true, needs: anAdminsProject,
		get: func(c *call) (any, error) {
			u := c.org.User(c.path["selected_user_id"])
			for _, g := range projectGrants(c, false) {
				if g.User == u {
					return projectGrant(g), nil
				}
			}
			return nil, notFound("No permission found for user %s", c.path["selected_user_id"])
		},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/permissions-config/groups",
		scopes: "project:admin", tokenScopes: "read:project:bitbucket", people: true, needs: anAdminsProject,
		list: &listing{of: func(c *call) collection { return collect(projectGrants(c, true), projectGrant) }},
	},
	{
		path:   "/2.0/workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
		scopes: "project:admin", tokenScopes: "read:project:bitbucket", people: true, needs: anAdminsProject,
		get: func(c *call) (any, error) {
			for _, g := range projectGrants(c, true) {
				if g.Group.Slug == c.path["group_slug"] {
					return projectGrant(g), nil
				}
			}
			return nil, notFound("No permission found for group %s", c.path["group_slug"])
		},
	},
}

func visibleProjects(c *call) collection {
	var visible []*organization.Project
	for _, p := range c.org.ProjectsOf(c.workspace) {
		if c.who.seesProject(c.org, p) {
			visible = append(visible, p)
		}
	}
	return collect(visible, projectObject)
}

// projectGrants returns the explicit grants to groups, or to users, on the requested project.
func projectGrants(c *call, toGroups bool) []*organization.ProjectGrant {
	var grants []*organization.ProjectGrant
	for _, g := range c.org.ProjectGrantsOn(c.project) {
		if toGroups == (g.Group != nil) {
			grants = append(grants, g)
		}
	}
	return grants
}

func projectGrant(g *organization.ProjectGrant) object {
	p := g.Project
	at := linkAPI + "/workspaces/" + p.Workspace.Slug + "/projects/" + p.Key + "/permissions-config/"
	o := grantObject("project", at, g.User, g.Group, permissionLevel{g.Permission, organization.ProjectPermissions})
	return append(o, jsonMember{name: "project", value: lazy(func() any { return embeddedProject(p) })})
}

// grantObject renders an explicit permission of a user or a group.
func grantObject(on, at string, u *organization.User, g *organization.Group, permission permissionLevel) object {
	o := object{{name: "permission", value: permission}}
	if g != nil {
		return append(o,
			jsonMember{name: "type", value: on + "_group_permission"},
			jsonMember{name: "group", value: lazy(func() any {
				return groupObject(g).condensed("type", "name", "slug", "full_slug", "default_permission",
					"email_forwarding_disabled", "account_privilege", "workspace", "owner", "links")
			})},
			jsonMember{name: "links", value: linksOf("self", at+"groups/"+g.Slug)})
	}
	id := u.AccountID // part of a link, the only one that names users by account ID
	if id == "" {
		id = u.UUID
	}
	return append(o,
		jsonMember{name: "type", value: on + "_user_permission"},
		jsonMember{name: "user", value: lazy(func() any { return embeddedUser(u) })},
		jsonMember{name: "links", value: linksOf("self", at+"users/"+url.PathEscape(id))})
}
