package organization

import "slices"

// GrantRepository gives a user an explicit permission on a repository: read, write, admin or none. It replaces the
// user's former one.
func (c *Current) GrantRepository(fullName, userUUID, permission string) {
	c.Update(func(o *Organization) {
		r, u := Must(o.Repository(fullName), "repository", fullName), Must(o.User(userUUID), "user", userUUID)
		o.RepositoryGrants = append(withoutGrant(o.RepositoryGrants, r, u, nil),
			&RepositoryGrant{Repository: r, User: u, Permission: permission})
	})
}

// RevokeRepository removes a user's explicit permission on a repository. Permissions through a group or the project
// remain.
func (c *Current) RevokeRepository(fullName, userUUID string) {
	c.Update(func(o *Organization) {
		r, u := Must(o.Repository(fullName), "repository", fullName), Must(o.User(userUUID), "user", userUUID)
		o.RepositoryGrants = withoutGrant(o.RepositoryGrants, r, u, nil)
	})
}

// GrantRepositoryToGroup gives a group, named by its slug, an explicit permission on a repository. It replaces the
// group's former one.
func (c *Current) GrantRepositoryToGroup(fullName, groupSlug, permission string) {
	c.Update(func(o *Organization) {
		r := Must(o.Repository(fullName), "repository", fullName)
		g := Must(o.Group(r.Workspace, groupSlug), "group", groupSlug)
		o.RepositoryGrants = append(withoutGrant(o.RepositoryGrants, r, nil, g),
			&RepositoryGrant{Repository: r, Group: g, Permission: permission})
	})
}

// RevokeRepositoryFromGroup removes a group's explicit permission on a repository.
func (c *Current) RevokeRepositoryFromGroup(fullName, groupSlug string) {
	c.Update(func(o *Organization) {
		r := Must(o.Repository(fullName), "repository", fullName)
		g := Must(o.Group(r.Workspace, groupSlug), "group", groupSlug)
		o.RepositoryGrants = withoutGrant(o.RepositoryGrants, r, nil, g)
	})
}

// GrantHidden gives a user access to a repository that the API does not show. It replaces the user's former hidden
// access.
func (c *Current) GrantHidden(fullName, userUUID, permission string) {
	c.Update(func(o *Organization) {
		r, u := Must(o.Repository(fullName), "repository", fullName), Must(o.User(userUUID), "user", userUUID)
		o.HiddenGrants = append(withoutGrant(o.HiddenGrants, r, u, nil),
			&RepositoryGrant{Repository: r, User: u, Permission: permission})
	})
}

// withoutGrant returns the grants except the one to a user, or to a group, on a repository.
func withoutGrant(grants []*RepositoryGrant, r *Repository, u *User, to *Group) []*RepositoryGrant {
	return slices.DeleteFunc(grants, func(g *RepositoryGrant) bool {
		return g.Repository == r && g.User == u && g.Group == to
	})
}

// changeRepositoryGrants changes the grants on repositories, including those that the API does not show.
func (o *Organization) changeRepositoryGrants(change func([]*RepositoryGrant) []*RepositoryGrant) {
	o.RepositoryGrants = change(o.RepositoryGrants)
	o.HiddenGrants = change(o.HiddenGrants)
}

// GrantProject gives a user an explicit permission on a project: read, write, create-repo, admin or none. It replaces
// the user's former one.
func (c *Current) GrantProject(workspaceSlug, projectKey, userUUID, permission string) {
	c.Update(func(o *Organization) {
		p, u := o.mustProject(workspaceSlug, projectKey), Must(o.User(userUUID), "user", userUUID)
		o.ProjectGrants = append(withoutProjectGrant(o.ProjectGrants, p, u, nil),
			&ProjectGrant{Project: p, User: u, Permission: permission})
	})
}

// RevokeProject removes a user's explicit permission on a project.
func (c *Current) RevokeProject(workspaceSlug, projectKey, userUUID string) {
	c.Update(func(o *Organization) {
		p, u := o.mustProject(workspaceSlug, projectKey), Must(o.User(userUUID), "user", userUUID)
		o.ProjectGrants = withoutProjectGrant(o.ProjectGrants, p, u, nil)
	})
}

// GrantProjectToGroup gives a group, named by its slug, an explicit permission on a project. It replaces the group's
// former one.
func (c *Current) GrantProjectToGroup(workspaceSlug, projectKey, groupSlug, permission string) {
	c.Update(func(o *Organization) {
		p := o.mustProject(workspaceSlug, projectKey)
		g := Must(o.Group(p.Workspace, groupSlug), "group", groupSlug)
		o.ProjectGrants = append(withoutProjectGrant(o.ProjectGrants, p, nil, g),
			&ProjectGrant{Project: p, Group: g, Permission: permission})
	})
}

func (o *Organization) mustProject(workspaceSlug, projectKey string) *Project {
	w := Must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
	return Must(o.Project(w, projectKey), "project", projectKey)
}

// withoutProjectGrant returns the grants except the one to a user, or to a group, on a project.
func withoutProjectGrant(grants []*ProjectGrant, p *Project, u *User, to *Group) []*ProjectGrant {
	return slices.DeleteFunc(grants, func(g *ProjectGrant) bool {
		return g.Project == p && g.User == u && g.Group == to
	})
}
