package fakebitbucket

import (
	"maps"
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
	o.HiddenGrants = slices.Clone(o.HiddenGrants)
	o.groupsClosed = maps.Clone(o.groupsClosed)
	change(&o)
	s.org.Store(o.ready())
}

// Restore makes the organization what it was, for a test that goes on with it.
func (s *Server) Restore(o *Organization) {
	s.change.Lock()
	defer s.change.Unlock()
	s.org.Store(o)
}

func must[T any](v *T, what, id string) *T {
	if v == nil {
		panic("fakebitbucket: no " + what + " " + id)
	}
	return v
}

// changeRepositoryGrants changes the grants on repositories, those that the API doesn't show too.
func (o *Organization) changeRepositoryGrants(change func([]*RepositoryGrant) []*RepositoryGrant) {
	o.RepositoryGrants = change(o.RepositoryGrants)
	o.HiddenGrants = change(o.HiddenGrants)
}

// GrantRepository gives a user an explicit permission on a repository (read, write, admin or none), in place
// of the one they have.
func (s *Server) GrantRepository(fullName, userUUID, permission string) {
	s.update(func(o *Organization) {
		r, u := must(o.Repository(fullName), "repository", fullName), must(o.User(userUUID), "user", userUUID)
		o.RepositoryGrants = append(withoutGrant(o.RepositoryGrants, r, u, nil),
			&RepositoryGrant{Repository: r, User: u, Permission: permission})
	})
}

// RevokeRepository takes a user's explicit permission on a repository away. What a group or the project gives
// remains.
func (s *Server) RevokeRepository(fullName, userUUID string) {
	s.update(func(o *Organization) {
		r, u := must(o.Repository(fullName), "repository", fullName), must(o.User(userUUID), "user", userUUID)
		o.RepositoryGrants = withoutGrant(o.RepositoryGrants, r, u, nil)
	})
}

// GrantRepositoryToGroup gives a group, named by its slug, an explicit permission on a repository, in place of
// the one it has.
func (s *Server) GrantRepositoryToGroup(fullName, groupSlug, permission string) {
	s.update(func(o *Organization) {
		r := must(o.Repository(fullName), "repository", fullName)
		g := must(o.group(r.Workspace, groupSlug), "group", groupSlug)
		o.RepositoryGrants = append(withoutGrant(o.RepositoryGrants, r, nil, g),
			&RepositoryGrant{Repository: r, Group: g, Permission: permission})
	})
}

// RevokeRepositoryFromGroup takes a group's explicit permission on a repository away.
func (s *Server) RevokeRepositoryFromGroup(fullName, groupSlug string) {
	s.update(func(o *Organization) {
		r := must(o.Repository(fullName), "repository", fullName)
		g := must(o.group(r.Workspace, groupSlug), "group", groupSlug)
		o.RepositoryGrants = withoutGrant(o.RepositoryGrants, r, nil, g)
	})
}

// GrantHidden gives a user access to a repository that the API doesn't show, in place of what they have so.
func (s *Server) GrantHidden(fullName, userUUID, permission string) {
	s.update(func(o *Organization) {
		r, u := must(o.Repository(fullName), "repository", fullName), must(o.User(userUUID), "user", userUUID)
		o.HiddenGrants = append(withoutGrant(o.HiddenGrants, r, u, nil),
			&RepositoryGrant{Repository: r, User: u, Permission: permission})
	})
}

// withoutGrant is the grants without the one to a user, or to a group, on a repository.
func withoutGrant(grants []*RepositoryGrant, r *Repository, u *User, to *Group) []*RepositoryGrant {
	return slices.DeleteFunc(grants, func(g *RepositoryGrant) bool {
		return g.Repository == r && g.User == u && g.Group == to
	})
}

// GrantProject gives a user an explicit permission on a project (read, write, create-repo, admin or none), in place of
// the one they have.
func (s *Server) GrantProject(workspaceSlug, projectKey, userUUID, permission string) {
	s.update(func(o *Organization) {
		p, u := o.mustProject(workspaceSlug, projectKey), must(o.User(userUUID), "user", userUUID)
		o.ProjectGrants = append(withoutProjectGrant(o.ProjectGrants, p, u, nil),
			&ProjectGrant{Project: p, User: u, Permission: permission})
	})
}

// RevokeProject takes a user's explicit permission on a project away.
func (s *Server) RevokeProject(workspaceSlug, projectKey, userUUID string) {
	s.update(func(o *Organization) {
		p, u := o.mustProject(workspaceSlug, projectKey), must(o.User(userUUID), "user", userUUID)
		o.ProjectGrants = withoutProjectGrant(o.ProjectGrants, p, u, nil)
	})
}

// GrantProjectToGroup gives a group, named by its slug, an explicit permission on a project, in place of the one it has.
func (s *Server) GrantProjectToGroup(workspaceSlug, projectKey, groupSlug, permission string) {
	s.update(func(o *Organization) {
		p := o.mustProject(workspaceSlug, projectKey)
		g := must(o.group(p.Workspace, groupSlug), "group", groupSlug)
		o.ProjectGrants = append(withoutProjectGrant(o.ProjectGrants, p, nil, g),
			&ProjectGrant{Project: p, Group: g, Permission: permission})
	})
}

func (o *Organization) mustProject(workspaceSlug, projectKey string) *Project {
	w := must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
	return must(o.Project(w, projectKey), "project", projectKey)
}

// withoutProjectGrant is the grants without the one to a user, or to a group, on a project.
func withoutProjectGrant(grants []*ProjectGrant, p *Project, u *User, to *Group) []*ProjectGrant {
	return slices.DeleteFunc(grants, func(g *ProjectGrant) bool {
		return g.Project == p && g.User == u && g.Group == to
	})
}

// CloseGroups has the 1.0 API refuse the groups of a workspace with a status, even to its owners; 0 opens them again.
func (s *Server) CloseGroups(workspaceSlug string, status int) {
	s.update(func(o *Organization) {
		o.groupsClosed[must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)] = status
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
		o.changeRepositoryGrants(func(grants []*RepositoryGrant) []*RepositoryGrant {
			for i, g := range grants {
				if g.Repository == old {
					grants[i] = &RepositoryGrant{&changed, g.User, g.Group, g.Permission}
				}
			}
			return grants
		})
	})
}

// RemoveRepository deletes a repository and the grants on it.
func (s *Server) RemoveRepository(fullName string) {
	s.update(func(o *Organization) {
		r := must(o.Repository(fullName), "repository", fullName)
		o.Repositories = slices.DeleteFunc(o.Repositories, func(x *Repository) bool { return x == r })
		o.changeRepositoryGrants(func(grants []*RepositoryGrant) []*RepositoryGrant {
			return slices.DeleteFunc(grants, func(g *RepositoryGrant) bool { return g.Repository == r })
		})
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

// RemoveMember takes a user out of a workspace and its groups, with all grants to them there.
func (s *Server) RemoveMember(workspaceSlug, userUUID string) {
	s.update(func(o *Organization) {
		w := must(o.Workspace(workspaceSlug), "workspace", workspaceSlug)
		u := must(o.User(userUUID), "user", userUUID)
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
