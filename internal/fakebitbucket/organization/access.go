package organization

import "iter"

// A Path is one source of a user's access to a repository.
type Path struct {
	On         string // repository, project or workspace
	Group      *Group // the group that has the permission, if it was not given to the user
	Permission string // as it was given: also create-repo on a project, and owner of a workspace
	Hidden     bool   // the API does not show it
}

// Level returns the permission that the path gives on the repository: read, write or admin.
func (p Path) Level() string {
	switch p.On {
	case "workspace":
		return "admin"
	case "project":
		return onRepositories(p.Permission)
	}
	return p.Permission
}

// sources returns all paths to a repository, each with its user. The user is nil if the path is a group's.
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

// paths returns the paths that give a user access to a repository.
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

// Paths returns all paths that give a user access to a repository. Those that the API does not show come last. The
// permission none is not a path, and a repository being public is not one either.
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

// IsExplained reports whether the paths that the API shows explain a user's effective permission on a repository.
// Where the groups of a workspace are closed, the API does not show who has access through one.
func (o *Organization) IsExplained(r *Repository, u *User) bool {
	shown := ""
	for _, p := range o.Paths(r, u) {
		if !p.Hidden && (p.Group == nil || o.GroupsClosed(r.Workspace) == 0) {
			shown = Higher(shown, p.Level())
		}
	}
	return shown == o.EffectivePermission(r, u)
}

// GroupsClosed returns the status with which the 1.0 API refuses the groups of a workspace, even to its owners. It
// returns 0 if the groups are open.
func (o *Organization) GroupsClosed(w *Workspace) int { return o.ClosedGroups[w] }

// EffectivePermission returns the highest permission that a user has on a repository: read, write, admin, or "".
// Users without a permission can still read a public repository.
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

// AdministersProject reports whether a user may administer a project.
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

// VisibleRepositories returns the repositories that a user can read, in all workspaces: those with a permission, and
// the public ones. If the user is nil, it returns only the public ones.
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

// EffectivePermissions returns the permissions of all users on all repositories of a workspace. They are computed
// once.
func (o *Organization) EffectivePermissions(w *Workspace) []EffectivePermission {
	if computed, ok := o.index().effective.Load(w); ok {
		return computed.([]EffectivePermission)
	}
	var all []EffectivePermission
	for _, r := range o.RepositoriesOf(w) {
		all = append(all, o.EffectivePermissionsOn(r)...)
	}
	o.index().effective.Store(w, all)
	return all
}

// EffectivePermissionsOn returns the permissions of all users on one repository: first the members of the workspace,
// then others who have access. It starts from the grants, because going through all users takes longer.
func (o *Organization) EffectivePermissionsOn(r *Repository) []EffectivePermission {
	best := map[*User]string{}
	var holders []*User
	hold := func(u *User, level string) {
		had, isHolder := best[u]
		if !isHolder {
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

// RepositoryGrantsOn returns the grants on a repository that the API shows.
func (o *Organization) RepositoryGrantsOn(r *Repository) []*RepositoryGrant {
	return o.index().repositoryGrants[r]
}

// ProjectGrantsOn returns the grants on a project.
func (o *Organization) ProjectGrantsOn(p *Project) []*ProjectGrant { return o.index().projectGrants[p] }
