package organization

import "slices"

// CloseGroups makes the 1.0 API refuse the groups of a workspace with a status, even to its owners. The status 0
// opens them again.
func (c *Current) CloseGroups(workspaceSlug string, status int) {
	c.Update(func(o *Organization) {
		o.ClosedGroups[Must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)] = status
	})
}

// AddGroupMember adds a user to a group of a workspace.
func (c *Current) AddGroupMember(workspaceSlug, groupSlug, userUUID string) {
	c.changeGroup(workspaceSlug, groupSlug, func(o *Organization, members []*User) []*User {
		return append(members, Must(o.User(userUUID), "user", userUUID))
	})
}

// RemoveGroupMember removes a user from a group of a workspace.
func (c *Current) RemoveGroupMember(workspaceSlug, groupSlug, userUUID string) {
	c.changeGroup(workspaceSlug, groupSlug, func(_ *Organization, members []*User) []*User {
		return slices.DeleteFunc(members, func(u *User) bool { return u.UUID == userUUID })
	})
}

func (c *Current) changeGroup(workspaceSlug, groupSlug string, change func(*Organization, []*User) []*User) {
	c.Update(func(o *Organization) {
		w := Must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
		g := Must(o.Group(w, groupSlug), "group", groupSlug)
		o.replaceGroup(g, change(o, slices.Clone(g.Members)))
	})
}

// replaceGroup replaces a group with one that has other members. The grants to it move with it.
func (o *Organization) replaceGroup(old *Group, members []*User) {
	changed := *old
	changed.Members = members
	o.Groups[slices.Index(o.Groups, old)] = &changed
	o.changeRepositoryGrants(func(grants []*RepositoryGrant) []*RepositoryGrant {
		for i, g := range grants {
			if g.Group == old {
				grants[i] = &RepositoryGrant{g.Repository, g.User, &changed, g.Permission}
			}
		}
		return grants
	})
	for i, g := range o.ProjectGrants {
		if g.Group == old {
			o.ProjectGrants[i] = &ProjectGrant{g.Project, g.User, &changed, g.Permission}
		}
	}
}
