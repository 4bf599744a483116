package organization

import "slices"

// SetRole makes a user a member of a workspace with a permission: owner, create-project, member or collaborator.
func (c *Current) SetRole(workspaceSlug, userUUID, permission string) {
	c.Update(func(o *Organization) {
		w := Must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
		u := Must(o.User(userUUID), "user", userUUID)
		added := c.now()
		changed := &Membership{Workspace: w, User: u, Permission: permission, AddedOn: &added}
		if old := o.Membership(w, u); old != nil {
			changed.AddedOn, changed.LastAccessed = old.AddedOn, old.LastAccessed
			o.Memberships[slices.Index(o.Memberships, old)] = changed
			return
		}
		o.Memberships = append(o.Memberships, changed)
	})
}

// RemoveMember removes a user from a workspace and its groups, with all grants to the user there.
func (c *Current) RemoveMember(workspaceSlug, userUUID string) {
	c.Update(func(o *Organization) {
		w := Must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
		u := Must(o.User(userUUID), "user", userUUID)
		o.Memberships = slices.DeleteFunc(o.Memberships, func(m *Membership) bool { return m.Workspace == w && m.User == u })
		o.changeRepositoryGrants(func(grants []*RepositoryGrant) []*RepositoryGrant {
			return slices.DeleteFunc(grants, func(g *RepositoryGrant) bool { return g.User == u && g.Repository.Workspace == w })
		})
		o.ProjectGrants = slices.DeleteFunc(o.ProjectGrants, func(g *ProjectGrant) bool {
			return g.User == u && g.Project.Workspace == w
		})
		for _, g := range o.GroupsOf(w) {
			if slices.Contains(g.Members, u) {
				o.replaceGroup(g, slices.DeleteFunc(slices.Clone(g.Members), func(m *User) bool { return m == u }))
			}
		}
	})
}
