package fakebitbucket

import (
	"slices"
)

// The methods here change the organization while it is served: the next answer tells the new state. They
// panic if what they name doesn't exist, as that is a mistake of the caller.

// update makes the next organization from a copy of the current one.
func (s *Server) update(change func(*Organization)) {
	s.change.Lock()
	defer s.change.Unlock()
	o := *s.Organization()
	o.Repositories = slices.Clone(o.Repositories)
	o.Groups = slices.Clone(o.Groups)
	o.Memberships = slices.Clone(o.Memberships)
	o.RepositoryGrants = slices.Clone(o.RepositoryGrants)
	o.ProjectGrants = slices.Clone(o.ProjectGrants)
	change(&o)
	s.org.Store(o.ready())
}

func must[T any](v *T, what, id string) *T {
	if v == nil {
		panic("fakebitbucket: no " + what + " " + id)
	}
	return v
}

// GrantRepository gives a user an explicit permission on a repository (read, write, admin or none), in place
// of the one they have.
func (s *Server) GrantRepository(fullName, userUUID, permission string) {
	s.update(func(o *Organization) {
		r, u := must(o.Repository(fullName), "repository", fullName), must(o.User(userUUID), "user", userUUID)
		o.RepositoryGrants = append(withoutGrant(o.RepositoryGrants, r, u),
			&RepositoryGrant{Repository: r, User: u, Permission: permission})
	})
}

// RevokeRepository takes a user's explicit permission on a repository away. What a group or the project gives
// remains.
func (s *Server) RevokeRepository(fullName, userUUID string) {
	s.update(func(o *Organization) {
		r, u := must(o.Repository(fullName), "repository", fullName), must(o.User(userUUID), "user", userUUID)
		o.RepositoryGrants = withoutGrant(o.RepositoryGrants, r, u)
	})
}

func withoutGrant(grants []*RepositoryGrant, r *Repository, u *User) []*RepositoryGrant {
	return slices.DeleteFunc(grants, func(g *RepositoryGrant) bool { return g.Repository == r && g.User == u })
}

// GrantRepositoryToGroup gives a group, named by its slug, an explicit permission on a repository, in place of
// the one it has.
func (s *Server) GrantRepositoryToGroup(fullName, groupSlug, permission string) {
	s.update(func(o *Organization) {
		r := must(o.Repository(fullName), "repository", fullName)
		g := must(o.group(r.Workspace, groupSlug), "group", groupSlug)
		o.RepositoryGrants = slices.DeleteFunc(o.RepositoryGrants, func(old *RepositoryGrant) bool {
			return old.Repository == r && old.Group == g
		})
		o.RepositoryGrants = append(o.RepositoryGrants, &RepositoryGrant{Repository: r, Group: g, Permission: permission})
	})
}

// AddGroupMember puts a user into a group of a workspace.
func (s *Server) AddGroupMember(workspaceSlug, groupSlug, userUUID string) {
	s.changeGroup(workspaceSlug, groupSlug, func(o *Organization, members []*User) []*User {
		return append(members, must(o.User(userUUID), "user", userUUID))
	})
}

// RemoveGroupMember takes a user out of a group of a workspace.
func (s *Server) RemoveGroupMember(workspaceSlug, groupSlug, userUUID string) {
	s.changeGroup(workspaceSlug, groupSlug, func(_ *Organization, members []*User) []*User {
		return slices.DeleteFunc(members, func(u *User) bool { return u.UUID == userUUID })
	})
}

func (s *Server) changeGroup(workspaceSlug, groupSlug string, change func(*Organization, []*User) []*User) {
	s.update(func(o *Organization) {
		w := must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
		g := must(o.group(w, groupSlug), "group", groupSlug)
		o.replaceGroup(g, change(o, slices.Clone(g.Members)))
	})
}

// replaceGroup replaces a group by one with other members, and with it the grants to it.
func (o *Organization) replaceGroup(old *Group, members []*User) {
	changed := *old
	changed.Members = members
	o.Groups[slices.Index(o.Groups, old)] = &changed
	for i, g := range o.RepositoryGrants {
		if g.Group == old {
			o.RepositoryGrants[i] = &RepositoryGrant{g.Repository, g.User, &changed, g.Permission}
		}
	}
	for i, g := range o.ProjectGrants {
		if g.Group == old {
			o.ProjectGrants[i] = &ProjectGrant{g.Project, g.User, &changed, g.Permission}
		}
	}
}

func (o *Organization) group(w *Workspace, slug string) *Group {
	for _, g := range o.GroupsOf(w) {
		if g.Slug == slug {
			return g
		}
	}
	return nil
}

// AddRepository adds a repository. Its workspace must be set; what else is empty gets a plain value.
func (s *Server) AddRepository(r Repository) *Repository {
	s.update(func(o *Organization) {
		g := &generator{now: s.now(), org: o, Rand: seeded(uint64(len(o.Repositories)), r.Slug)}
		if r.Project == nil {
			r.Project = o.ProjectsOf(r.Workspace)[0]
		}
		if r.UUID == "" {
			r.UUID = g.uuid()
		}
		if r.Owner == nil {
			r.Owner = r.Workspace.Account
		}
		if r.Name == "" {
			r.Name = r.Slug
		}
		if r.ForkPolicy == "" {
			r.ForkPolicy = "allow_forks"
		}
		if r.CreatedOn.IsZero() {
			r.CreatedOn, r.UpdatedOn = g.now, g.now
		}
		o.Repositories = append(o.Repositories, &r)
	})
	return &r
}

// ChangeRepository replaces a repository by a changed copy: another name, owner or visibility.
func (s *Server) ChangeRepository(fullName string, change func(*Repository)) {
	s.update(func(o *Organization) {
		old := must(o.Repository(fullName), "repository", fullName)
		changed := *old
		change(&changed)
		o.Repositories[slices.Index(o.Repositories, old)] = &changed
		for i, g := range o.RepositoryGrants {
			if g.Repository == old {
				o.RepositoryGrants[i] = &RepositoryGrant{&changed, g.User, g.Group, g.Permission}
			}
		}
	})
}

// RemoveRepository deletes a repository and the grants on it.
func (s *Server) RemoveRepository(fullName string) {
	s.update(func(o *Organization) {
		r := must(o.Repository(fullName), "repository", fullName)
		o.Repositories = slices.DeleteFunc(o.Repositories, func(x *Repository) bool { return x == r })
		o.RepositoryGrants = slices.DeleteFunc(o.RepositoryGrants, func(g *RepositoryGrant) bool { return g.Repository == r })
	})
}

// AddWebhook adds a webhook to a repository, as its latest.
func (s *Server) AddWebhook(fullName string, h Webhook) {
	s.update(func(o *Organization) {
		r := must(o.Repository(fullName), "repository", fullName)
		replace(o, "webhooks", r.UUID, append([]*Webhook{&h}, o.Webhooks(r)...))
	})
}

// SetRole makes a user a member of a workspace with a role: owner, create-project, member or collaborator.
func (s *Server) SetRole(workspaceSlug, userUUID, permission string) {
	s.update(func(o *Organization) {
		w := must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
		u := must(o.User(userUUID), "user", userUUID)
		added := s.now()
		changed := &Membership{Workspace: w, User: u, Permission: permission, AddedOn: &added}
		if old := o.Membership(w, u); old != nil {
			changed.AddedOn, changed.LastAccessed = old.AddedOn, old.LastAccessed
			o.Memberships[slices.Index(o.Memberships, old)] = changed
			return
		}
		o.Memberships = append(o.Memberships, changed)
	})
}

// RemoveMember takes a user out of a workspace and its groups, with all explicit grants to them there.
func (s *Server) RemoveMember(workspaceSlug, userUUID string) {
	s.update(func(o *Organization) {
		w := must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
		u := must(o.User(userUUID), "user", userUUID)
		o.Memberships = slices.DeleteFunc(o.Memberships, func(m *Membership) bool { return m.Workspace == w && m.User == u })
		o.RepositoryGrants = slices.DeleteFunc(o.RepositoryGrants, func(g *RepositoryGrant) bool {
			return g.User == u && g.Repository.Workspace == w
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
