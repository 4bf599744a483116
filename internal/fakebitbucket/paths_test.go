package fakebitbucket

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// permissionByGrants computes a user's permission on a repository from all grants of an organization: the effective permission,
// and the part of it that the API shows.
func permissionByGrants(o *organization.Organization, r *organization.Repository, u *organization.User) (effective, shown string) {
	order := []string{"", "read", "write", "admin"}
	is := map[string]int{"read": 1, "write": 2, "create-repo": 2, "admin": 3, "owner": 3}
	best, seen := 0, 0
	count := func(to *organization.User, group *organization.Group, permission string, hidden bool) {
		if to != u && (group == nil || !slices.Contains(group.Members, u)) {
			return
		}
		best = max(best, is[permission])
		if !hidden {
			seen = max(seen, is[permission])
		}
	}
	for _, m := range o.Memberships {
		if m.Workspace == r.Workspace && m.Permission == "owner" {
			count(m.User, nil, "owner", false)
		}
	}
	for _, g := range o.RepositoryGrants {
		if g.Repository == r {
			count(g.User, g.Group, g.Permission, false)
		}
	}
	for _, g := range o.ProjectGrants {
		if g.Project == r.Project {
			count(g.User, g.Group, g.Permission, false)
		}
	}
	for _, g := range o.HiddenGrants {
		if g.Repository == r {
			count(g.User, g.Group, g.Permission, true)
		}
	}
	return order[best], order[seen]
}

// TestPaths computes the permissions of all users independently, and checks that every combination of paths occurs,
// in several organizations.
func TestPaths(t *testing.T) {
	t.Parallel()
	for seed := range int64(4) {
		t.Run(fmt.Sprint("seed ", seed+1), func(t *testing.T) {
			t.Parallel()
			o := New(Options{Seed: seed + 1}).Organization()
			for _, w := range o.Workspaces[:2] {
				wantKinds, kinds := pathKinds(), map[string]bool{}
				for _, r := range o.RepositoriesOf(w) {
					listed := map[*organization.User]string{}
					for _, p := range o.EffectivePermissionsOn(r) {
						if listed[p.User] != "" {
							t.Errorf("%s: %s is listed twice", r.FullName(), p.User.DisplayName)
						}
						listed[p.User] = p.Permission
					}
					for _, u := range o.Users {
						effective, shown := permissionByGrants(o, r, u)
						if got := o.EffectivePermission(r, u); got != effective || listed[u] != effective {
							t.Errorf("%s, %s: %q, and %q in the list, want %q", r.FullName(), u.DisplayName, got, listed[u], effective)
						}
						if got := o.IsExplained(r, u); got != (shown == effective) {
							t.Errorf("%s, %s: explained %t, but %q of %q is shown", r.FullName(), u.DisplayName, got, shown, effective)
						}
						paths := o.Paths(r, u)
						for name, is := range wantKinds {
							kinds[name] = kinds[name] || is(o, r, u, paths)
						}
					}
				}
				for name := range wantKinds {
					if !kinds[name] {
						t.Errorf("%s: no user has the access %q", w.Slug, name)
					}
				}
				if !slices.ContainsFunc(o.GroupsOf(w), func(g *organization.Group) bool {
					return len(g.Members) == 0 && slices.ContainsFunc(o.RepositoryGrants, func(x *organization.RepositoryGrant) bool { return x.Group == g })
				}) {
					t.Errorf("%s: no group of nobody has a permission", w.Slug)
				}
				if slices.ContainsFunc(o.RepositoryGrants, func(g *organization.RepositoryGrant) bool {
					return g.Group != nil && g.Group.Workspace != g.Repository.Workspace
				}) {
					t.Errorf("%s: a group of another workspace has a permission", w.Slug)
				}
			}
			noDoubles(t, o)
		})
	}
}

// noDoubles checks that no user or group has two grants on one object. The service keeps only one.
func noDoubles(t *testing.T, o *organization.Organization) {
	t.Helper()
	seen := map[string]bool{}
	once := func(on string, u *organization.User, g *organization.Group) {
		key := on + fmt.Sprintf(" %p %p", u, g)
		if seen[key] {
			t.Errorf("two permissions on %s", on)
		}
		seen[key] = true
	}
	for _, g := range o.RepositoryGrants {
		once(g.Repository.FullName(), g.User, g.Group)
	}
	for _, g := range o.ProjectGrants {
		once(g.Project.UUID, g.User, g.Group)
	}
}

// pathKinds returns the combinations of paths by name.
func pathKinds() map[string]func(*organization.Organization, *organization.Repository, *organization.User, []organization.Path) bool {
	// only returns a function that reports whether a user has exactly these paths.
	only := func(want ...string) func(*organization.Organization, *organization.Repository, *organization.User, []organization.Path) bool {
		return func(_ *organization.Organization, _ *organization.Repository, _ *organization.User, paths []organization.Path) bool {
			var got []string
			for _, p := range paths {
				to := " user"
				if p.Group != nil {
					to = " group"
				}
				if p.Hidden {
					to = " hidden"
				}
				got = append(got, p.On+to)
			}
			slices.Sort(got)
			return slices.Equal(got, want)
		}
	}
	// compared returns a function that compares the direct permission on the repository with the best one through a
	// group.
	compared := func(sign int) func(*organization.Organization, *organization.Repository, *organization.User, []organization.Path) bool {
		return func(_ *organization.Organization, _ *organization.Repository, _ *organization.User, paths []organization.Path) bool {
			direct, group := "", ""
			for _, p := range paths {
				switch {
				case p.On == "repository" && p.Group == nil && !p.Hidden:
					direct = p.Level()
				case p.Group != nil:
					group = organization.Higher(group, p.Level())
				}
			}
			order := map[bool]int{true: 1, false: -1}[organization.AtLeast(direct, group)]
			if direct == group {
				order = 0
			}
			return direct != "" && group != "" && order == sign
		}
	}
	with := func(is func(organization.Path) bool) func(*organization.Organization, *organization.Repository, *organization.User, []organization.Path) bool {
		return func(_ *organization.Organization, _ *organization.Repository, _ *organization.User, paths []organization.Path) bool {
			return slices.ContainsFunc(paths, is)
		}
	}
	outside := func(is func(organization.Path) bool) func(*organization.Organization, *organization.Repository, *organization.User, []organization.Path) bool {
		return func(o *organization.Organization, r *organization.Repository, u *organization.User, paths []organization.Path) bool {
			return o.Membership(r.Workspace, u) == nil && slices.ContainsFunc(paths, is)
		}
	}
	owner := func(p organization.Path) bool { return p.On == "workspace" }
	hidden := func(p organization.Path) bool { return p.Hidden }
	kinds := map[string]func(*organization.Organization, *organization.Repository, *organization.User, []organization.Path) bool{
		"direct":                        only("repository user"),
		"of a project":                  only("project user"),
		"through a group":               only("repository group"),
		"through a group on a project":  only("project group"),
		"an owner's":                    with(owner),
		"hidden":                        only("repository hidden"),
		"what the group gives too":      compared(0),
		"more than the group gives":     compared(1),
		"less than the group gives":     compared(-1),
		"to create repositories":        with(func(p organization.Path) bool { return p.Permission == "create-repo" }),
		"an outsider's, direct":         outside(func(p organization.Path) bool { return p.On == "repository" && p.Group == nil && !p.Hidden }),
		"an outsider's on a project":    outside(func(p organization.Path) bool { return p.On == "project" && p.Group == nil }),
		"an outsider's through a group": outside(func(p organization.Path) bool { return p.Group != nil }),
		"through two groups": func(_ *organization.Organization, _ *organization.Repository, _ *organization.User, paths []organization.Path) bool {
			groups := map[*organization.Group]bool{}
			for _, p := range paths {
				groups[p.Group] = true
			}
			return len(groups) > 2 || len(groups) == 2 && !groups[nil]
		},
		"an owner's, given besides": func(_ *organization.Organization, _ *organization.Repository, _ *organization.User, paths []organization.Path) bool {
			return slices.ContainsFunc(paths, owner) && slices.ContainsFunc(paths, func(p organization.Path) bool { return !owner(p) && !p.Hidden })
		},
		"on repository and project": func(_ *organization.Organization, _ *organization.Repository, _ *organization.User, paths []organization.Path) bool {
			return slices.ContainsFunc(paths, func(p organization.Path) bool { return p.On == "repository" && p.Group == nil && !p.Hidden }) &&
				slices.ContainsFunc(paths, func(p organization.Path) bool { return p.On == "project" && p.Group == nil })
		},
		"hidden, but shown as well": func(o *organization.Organization, r *organization.Repository, u *organization.User, paths []organization.Path) bool {
			return slices.ContainsFunc(paths, hidden) && o.IsExplained(r, u)
		},
		"more than is shown": func(o *organization.Organization, r *organization.Repository, u *organization.User, paths []organization.Path) bool {
			return len(paths) > 1 && !o.IsExplained(r, u)
		},
	}
	for _, permission := range organization.ProjectPermissions { // each is given directly on a project, including none
		kinds[permission+" on a project"] = func(o *organization.Organization, r *organization.Repository, u *organization.User, _ []organization.Path) bool {
			return slices.ContainsFunc(o.ProjectGrantsOn(r.Project), func(g *organization.ProjectGrant) bool {
				return g.User == u && g.Permission == permission
			})
		}
	}
	for _, permission := range organization.RepositoryPermissions {
		kinds[permission+" on a repository"] = func(o *organization.Organization, r *organization.Repository, u *organization.User, _ []organization.Path) bool {
			return slices.ContainsFunc(o.RepositoryGrantsOn(r), func(g *organization.RepositoryGrant) bool {
				return g.User == u && g.Permission == permission
			})
		}
	}
	return kinds
}

// TestEffectiveList compares a workspace's list of effective permissions with the organization.
func TestEffectiveList(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	o := s.Organization()
	w := o.Workspaces[0]
	want := map[string]string{}
	for _, r := range o.RepositoriesOf(w) {
		for _, u := range o.Users {
			if p, _ := permissionByGrants(o, r, u); p != "" {
				want[r.FullName()+" "+r.Project.Key+" "+u.UUID] = p
			}
		}
	}
	got := map[string]string{}
	values, _ := connected(t, s).all("/2.0/workspaces/harbor-labs/permissions/repositories?pagelen=100" +
		"&fields=next,values.permission,values.user.uuid,values.repository.full_name,values.repository.project.key")
	for _, v := range values {
		repository, _ := valueAt(v, "repository.full_name")
		project, _ := valueAt(v, "repository.project.key")
		user, _ := valueAt(v, "user.uuid")
		got[fmt.Sprint(repository, " ", project, " ", user)] = v["permission"].(string)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(values) != len(want) {
		t.Errorf("%d of %d (-want +got):\n%s", len(values), len(want), diff)
	}
	values, _ = connected(t, s).all("/2.0/workspaces/harbor-labs/permissions/repositories")
	if project, ok := valueAt(values[0], "repository.project"); ok {
		t.Errorf("the project is in the answer, without a request for it: %v", project)
	}
}

func TestGroupsClosed(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	c := connected(t, s)
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, 0} {
		s.CloseGroups("harbor-labs", status)
		want := status
		if status == 0 {
			want = http.StatusOK
		}
		if a := c.get("/1.0/groups/harbor-labs"); a.status != want || status != 0 && a.message() != http.StatusText(status) {
			t.Errorf("%d: %d %s", status, a.status, a.body)
		}
		o := s.Organization()
		for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
			for _, u := range o.Users {
				paths := o.Paths(r, u)
				if len(paths) == 1 && paths[0].Group != nil && o.IsExplained(r, u) != (status == 0) {
					t.Fatalf("%d: access through a group alone is explained: %t", status, status != 0)
				}
			}
		}
	}
	closed := Start(t, Options{GroupsClosed: true})
	if a := connected(t, closed).get("/1.0/groups/harbor-labs"); a.status != http.StatusForbidden || a.message() != "Forbidden" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestPlainMember(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{PlainMember: true})
	o := s.Organization()
	c := connected(t, s)
	values, _ := c.all("/2.0/user/workspaces?administrator=false")
	if diff := cmp.Diff([]string{"harbor-labs", "QuarryTools"}, column(values, "workspace.slug")); diff != "" {
		t.Errorf("plain member of (-want +got):\n%s", diff)
	}
	var administered []string
	for _, w := range o.Workspaces[:2] {
		levels := map[string]int{}
		for _, r := range o.RepositoriesOf(w) {
			levels[o.EffectivePermission(r, o.Connected)]++
		}
		for _, level := range []string{"", "read", "write", "admin"} {
			if levels[level] == 0 {
				t.Errorf("%s: no repository with %q: %v", w.Slug, level, levels)
			}
		}
		for _, p := range o.ProjectsOf(w) {
			if o.AdministersProject(p, o.Connected) {
				administered = append(administered, w.Slug)
			}
		}
		if a := c.get("/2.0/workspaces/" + w.Slug + "/permissions/repositories"); a.status != http.StatusForbidden {
			t.Errorf("%s: all permissions answer %d", w.Slug, a.status)
		}
	}
	if !slices.Equal(administered, []string{"harbor-labs"}) {
		t.Errorf("projects are administered in %q", administered)
	}
	noDoubles(t, o)
}

// TestEveryoneReads lists 100,000 permissions of a workspace.
func TestEveryoneReads(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := Start(t, manyPermissions)
	a := connected(t, s).get("/2.0/workspaces/harbor-labs/permissions/repositories?pagelen=1")
	var page listPage
	if a.decode(&page); page.Size == nil || *page.Size < 100_000 {
		t.Errorf("only %s", a.body)
	}
	o := s.Organization()
	r := o.Repositories[17]
	values, _ := connected(t, s).all("/2.0/workspaces/harbor-labs/permissions/repositories" +
		queryString("pagelen", "100", "q", fmt.Sprintf("repository.full_name = %q", r.FullName())))
	if want := len(o.EffectivePermissionsOn(r)); len(values) != want || want < 200 {
		t.Errorf("%d on one repository, want %d", len(values), want)
	}
	for _, name := range column(values, "repository.full_name") {
		if !strings.EqualFold(name, r.FullName()) {
			t.Fatalf("%s is listed", name)
		}
	}
}
