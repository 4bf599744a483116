package organization

import "iter"

// A Path is one way in which a user comes by access to a repository.
type Path struct {
	On         string // repository, project or workspace
	Group      *Group // that the permission was given to, if it wasn't given to the user
	Permission string // as it was given: also create-repo on a project, and owner of a workspace
	Hidden     bool   // the API doesn't show it
}

// Level is what the path gives on the repository: read, write or admin.
func (p Path) Level() string {
	switch p.On {
	case "workspace":
		return "admin"
	case "project":
		return onRepositories(p.Permission)
	}
	return p.Permission
}

// sources are all ways to a repository and the user each is open to, or nil if it is open to a group.
func (o *Organization) sources(r *Repository) iter.Seq2[*User, Path] {
	x := o.index()
	return func(yield func(*User, Path) bool) {
		for _, u := range x.owners[r.Workspace] {
			if !yield(u, Path{On: "workspace", Permission: "owner"}) {
				return
			}
		}
		for _, g := range x.repositoryGrants[r] {
			if g.Permission != "none" && !yield(g.User, Path{"repository", g.Group, g.Permission, false}) {
				return
			}
		}
		for _, g := range x.projectGrants[r.Project] {
			if g.Permission != "none" && !yield(g.User, Path{"project", g.Group, g.Permission, false}) {
				return
			}
		}
		for _, g := range x.hiddenGrants[r] {
			if g.Permission != "none" && !yield(g.User, Path{"repository", g.Group, g.Permission, true}) {
				return
			}
		}
	}
}

// paths are the ways to a repository that are open to a user.
func (o *Organization) paths(r *Repository, u *User) iter.Seq[Path] {
	x := o.index()
	return func(yield func(Path) bool) {
		for to, p := range o.sources(r) {
			if (to == u || p.Group != nil && x.groupMembers[p.Group][u]) && !yield(p) {
				return
			}
		}
	}
}

// Paths are all ways in which a user comes by access to a repository, those that the API doesn't show last. The
// permission none is no path, and neither is it that a repository is public.
func (o *Organization) Paths(r *Repository, u *User) []Path {
	if u == nil {
		return nil
	}
	var all []Path
	for p := range o.paths(r, u) {
		all = append(all, p)
	}
	return all
}

// IsExplained tells whether the paths that the API shows account for a user's effective permission on a repository.
// Where the groups of a workspace are closed it doesn't show who comes in through one.
func (o *Organization) IsExplained(r *Repository, u *User) bool {
	shown := ""
	for _, p := range o.Paths(r, u) {
		if !p.Hidden && (p.Group == nil || o.GroupsClosed(r.Workspace) == 0) {
			shown = Higher(shown, p.Level())
		}
	}
	return shown == o.EffectivePermission(r, u)
}

// GroupsClosed is the status with which the 1.0 API refuses the groups of a workspace even to its owners, or 0.
func (o *Organization) GroupsClosed(w *Workspace) int { return o.ClosedGroups[w] }

// EffectivePermission is the highest permission that a user holds on a repository by any path: read, write, admin, or
// "". A public repository on which the user holds none can still be read.
func (o *Organization) EffectivePermission(r *Repository, u *User) string {
	best := ""
	if u == nil {
		return best
	}
	for p := range o.paths(r, u) {
		best = Higher(best, p.Level())
	}
	return best
}

// AdministersProject tells whether a user may administer a project.
func (o *Organization) AdministersProject(p *Project, u *User) bool {
	if u == nil {
		return false
	}
	if o.Administers(p.Workspace, u) {
		return true
	}
	x := o.index()
	for _, g := range x.projectGrants[p] {
		if g.Permission == "admin" && (g.User == u || g.Group != nil && x.groupMembers[g.Group][u]) {
			return true
		}
	}
	return false
}

// VisibleRepositories are the repositories that a user (nil: anybody) can read: those with a permission and
// the public ones, in all workspaces.
func (o *Organization) VisibleRepositories(u *User) []*Repository {
	var visible []*Repository
	for _, r := range o.Repositories {
		if !r.IsPrivate || o.EffectivePermission(r, u) != "" {
			visible = append(visible, r)
		}
	}
	return visible
}

// An EffectivePermission is the highest permission of a user on a repository.
type EffectivePermission struct {
	Repository *Repository
	User       *User
	Permission string
}

// EffectivePermissions are the permissions of everybody on all repositories of a workspace, computed once.
func (o *Organization) EffectivePermissions(w *Workspace) []EffectivePermission {
	if known, ok := o.index().effective.Load(w); ok {
		return known.([]EffectivePermission)
	}
	var all []EffectivePermission
	for _, r := range o.RepositoriesOf(w) {
		all = append(all, o.EffectivePermissionsOn(r)...)
	}
	o.index().effective.Store(w, all)
	return all
}

// EffectivePermissionsOn are the permissions of everybody on one repository: of members of the workspace, then of others
// who have access. It goes through what was given rather than through who might have been given something.
func (o *Organization) EffectivePermissionsOn(r *Repository) []EffectivePermission {
	best := map[*User]string{}
	var holders []*User
	hold := func(u *User, level string) {
		had, known := best[u]
		if !known {
			holders = append(holders, u)
		}
		best[u] = Higher(had, level)
	}
	for u, p := range o.sources(r) {
		if p.Group == nil {
			hold(u, p.Level())
			continue
		}
		for _, m := range p.Group.Members {
			hold(m, p.Level())
		}
	}
	all := make([]EffectivePermission, 0, len(best))
	list := func(u *User) {
		if p, ok := best[u]; ok {
			all = append(all, EffectivePermission{r, u, p})
			delete(best, u)
		}
	}
	for _, m := range o.MembersOf(r.Workspace) {
		list(m.User)
	}
	for _, u := range holders {
		list(u)
	}
	return all
}

// RepositoryGrantsOn are the grants on a repository that the API shows.
func (o *Organization) RepositoryGrantsOn(r *Repository) []*RepositoryGrant {
	return o.index().repositoryGrants[r]
}

// ProjectGrantsOn are the grants on a project.
func (o *Organization) ProjectGrantsOn(p *Project) []*ProjectGrant { return o.index().projectGrants[p] }
