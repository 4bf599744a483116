package fakebitbucket

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// The functions below find the objects that the path names, before the endpoint answers. They refuse callers without
// the role.

// aWorkspace finds any workspace that the caller may look up. Private workspaces do not exist for other callers.
func aWorkspace(c *call) error {
	w := c.org.Workspace(c.path["workspace"])
	if w == nil || w.IsPrivate && !c.who.belongsTo(c.org, w) {
		return notFound("No workspace with identifier '%s'.", c.path["workspace"])
	}
	c.workspace = w
	return nil
}

// aMembersWorkspace finds a workspace that the caller belongs to.
func aMembersWorkspace(c *call) error {
	if err := aWorkspace(c); err != nil {
		return err
	}
	if !c.who.belongsTo(c.org, c.workspace) {
		return forbidden("You do not have access to this workspace.")
	}
	return nil
}

// anOwnersWorkspace finds a workspace that the caller administers.
func anOwnersWorkspace(c *call) error {
	if err := aMembersWorkspace(c); err != nil {
		return err
	}
	if !c.who.administers(c.org, c.workspace) {
		return forbidden("You must be an administrator of this workspace.")
	}
	return nil
}

// ownWorkspace finds a workspace that the caller belongs to. All other workspaces, including unknown ones, are
// forbidden.
func ownWorkspace(c *call) error {
	w := c.org.Workspace(c.path["workspace"])
	if w != nil {
		c.membership = c.who.membership(c.org, w)
	}
	if c.membership == nil {
		return forbidden("You do not have access to this workspace.")
	}
	c.workspace = w
	return nil
}

// aRepository finds a repository that the caller can read.
func aRepository(c *call) error {
	w := c.org.Workspace(c.path["workspace"])
	id := c.path["repo_slug"]
	var r *organization.Repository
	switch {
	case isUUID(id):
		r = c.org.Repository(id)
		if r != nil && c.path["workspace"] != "{}" && r.Workspace != w {
			r = nil
		}
	case w != nil:
		r = c.org.Repository(w.Slug + "/" + id)
	}
	if r == nil || !c.who.sees(c.org, r) {
		return errNoRepository
	}
	c.workspace, c.repository = r.Workspace, r
	return nil
}

// anAdminsRepository finds a repository that the caller may administer.
func anAdminsRepository(c *call) error {
	if err := aRepository(c); err != nil {
		return err
	}
	if c.who.permission(c.org, c.repository) != "admin" {
		return forbidden("You must be an administrator of this repository.")
	}
	return nil
}

// aProject finds a project that the caller can see.
func aProject(c *call) error {
	if err := aWorkspace(c); err != nil {
		return err
	}
	c.project = c.org.Project(c.workspace, c.path["project_key"])
	if c.project == nil {
		return notFound("Project not found: %s", c.path["project_key"])
	}
	if !c.who.seesProject(c.org, c.project) {
		return forbidden("You do not have access to this project.")
	}
	return nil
}

// anAdminsProject finds a project that the caller may administer.
func anAdminsProject(c *call) error {
	if err := aProject(c); err != nil {
		return err
	}
	if !c.org.AdministersProject(c.project, c.who.user) {
		return forbidden("You must be an administrator of this project.")
	}
	return nil
}

// aUser finds a person or an application by UUID or account ID. The accounts of workspaces are not found.
func aUser(c *call) error {
	c.user = c.org.User(c.path["selected_user"])
	if c.user == nil {
		return notFound("No user with identifier '%s'.", c.path["selected_user"])
	}
	if c.user.Type == "team" {
		return notFound("%s is a team account.", c.user.Account)
	}
	return nil
}

// aMember finds a member of a workspace that the caller belongs to.
func aMember(c *call) error {
	if err := aMembersWorkspace(c); err != nil {
		return err
	}
	if u := c.org.User(c.path["member"]); u != nil {
		c.membership = c.org.Membership(c.workspace, u)
	}
	if c.membership == nil {
		return notFound("The user is not a member of this workspace.")
	}
	return nil
}

func isUUID(s string) bool { return len(s) > 2 && s[0] == '{' && s[len(s)-1] == '}' }
