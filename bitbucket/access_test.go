package bitbucket

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// lines returns rows as sorted texts: some columns with bars between them, and JSON as it is written.
func lines(rows []map[string]any, columns ...string) []string {
	all := []string{}
	for _, r := range rows {
		var fields []any
		for _, c := range columns {
			fields = append(fields, r[c])
		}
		all = append(all, joinFields(fields...))
	}
	return sorted(all)
}

// joinFields returns one row as a text of lines.
func joinFields(fields ...any) string {
	var texts []string
	for _, f := range fields {
		switch f := f.(type) {
		case time.Time:
			texts = append(texts, f.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano))
		case *time.Time:
			if f == nil {
				texts = append(texts, "<nil>")
			} else {
				texts = append(texts, f.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano))
			}
		case []any, map[string]any, []string:
			encoded, _ := json.Marshal(f)
			texts = append(texts, string(encoded))
		default:
			texts = append(texts, fmt.Sprint(f))
		}
	}
	return strings.Join(texts, " | ")
}

// checkLines fails the test unless both have the same lines.
func checkLines(t *testing.T, what string, want, got []string) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: the organization has none", what)
	}
	if diff := cmp.Diff(sorted(slices.Clone(want)), got); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", what, diff)
	}
}

// An accessTruth is what a user should see in the tables about access.
type accessTruth struct {
	*organization.Organization
	user *organization.User
}

// workspaces returns the workspaces that the user administers.
func (o accessTruth) workspaces() []*organization.Workspace {
	var all []*organization.Workspace
	for _, w := range o.Workspaces {
		if o.Administers(w, o.user) {
			all = append(all, w)
		}
	}
	return all
}

// repositories returns the repositories that the user administers in the workspaces that the user belongs to.
func (o accessTruth) repositories() []*organization.Repository {
	var all []*organization.Repository
	for _, r := range o.Repositories {
		if o.Membership(r.Workspace, o.user) != nil && o.EffectivePermission(r, o.user) == "admin" {
			all = append(all, r)
		}
	}
	return all
}

// projects returns the projects of the workspaces that the user administers. In other workspaces, it returns those that the
// user administers and that have a repository which the user administers.
func (o accessTruth) projects() []*organization.Project {
	var all []*organization.Project
	for _, p := range o.Projects {
		isSeen := slices.ContainsFunc(o.repositories(), func(r *organization.Repository) bool { return r.Project == p })
		if o.Administers(p.Workspace, o.user) || isSeen && o.AdministersProject(p, o.user) {
			all = append(all, p)
		}
	}
	return all
}

// organizations are the organizations for the tests of tables about access. In one the user administers a workspace, and some
// repositories of another. In the others the user administers no workspace.
var organizations = map[string]fakebitbucket.Options{
	"administrator":         {Repositories: 300, Users: 80, Groups: 15},
	"administrator, seed 7": {Repositories: 310, Users: 85, Groups: 16, Seed: 7, OneWorkspace: true},
	"plain member":          {Repositories: 305, Users: 90, Groups: 17, Seed: 5, PlainMember: true},
	"groups closed":         {Repositories: 300, Users: 80, Groups: 15, Seed: 11, GroupsClosed: true},
}

func forOrganizations(t *testing.T, check func(*testing.T, *fakebitbucket.Server, *host, accessTruth)) {
	for name, options := range organizations {
		t.Run(name, func(t *testing.T) {
			fake := fakebitbucket.Start(t, options)
			o := fake.Organization()
			check(t, fake, connected(t, fake), accessTruth{o, o.Connected})
		})
	}
}

func TestExplicitGrants(t *testing.T) {
	forOrganizations(t, func(t *testing.T, _ *fakebitbucket.Server, h *host, o accessTruth) {
		var users, groups []string
		for _, r := range o.repositories() {
			for _, g := range o.RepositoryGrants {
				switch {
				case g.Repository != r:
				case g.User != nil:
					users = append(users, joinFields(r.FullName(), r.UUID, r.Workspace.Slug, r.Workspace.UUID, g.User.UUID, orNil(g.User.AccountID), g.User.DisplayName, g.User.Type, g.Permission))
				default:
					groups = append(groups, joinFields(r.FullName(), g.Group.Slug, r.Workspace.Slug+":"+g.Group.Slug, g.Group.Name, g.Permission))
				}
			}
		}
		rows := h.rows(tableQuery{table: "bitbucket_repository_user_permission"})
		checkLines(t, "grants to users", users, lines(rows, "repository_full_name", "repository_uuid", "workspace_slug", "workspace_uuid", "user_uuid", "user_account_id", "user_display_name", "user_type", "permission"))
		rows = h.rows(tableQuery{table: "bitbucket_repository_group_permission"})
		checkLines(t, "grants to groups", groups, lines(rows, "repository_full_name", "group_slug", "group_full_slug", "group_name", "permission"))
	})
}

func TestExplicitGrantsOnProjects(t *testing.T) {
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		grantsOn := func(all ...*organization.Project) (users, groups []string) {
			for _, g := range o.ProjectGrants {
				switch p := g.Project; {
				case !slices.Contains(all, p):
				case g.User != nil:
					users = append(users, joinFields(p.Workspace.Slug, p.Key, p.Name, p.UUID, g.User.UUID, g.Permission))
				default:
					groups = append(groups, joinFields(p.Workspace.Slug, p.Key, p.Name, p.UUID, g.Group.Slug, g.Permission))
				}
			}
			return users, groups
		}
		check := func(users, groups []string, quals ...*proto.Qual) {
			t.Helper()
			checkLines(t, "grants to users", users, lines(h.rows(tableQuery{table: "bitbucket_project_user_permission", where: quals}), "workspace_slug", "project_key", "project_name", "project_uuid", "user_uuid", "permission"))
			checkLines(t, "grants to groups", groups, lines(h.rows(tableQuery{table: "bitbucket_project_group_permission", where: quals}), "workspace_slug", "project_key", "project_name", "project_uuid", "group_slug", "permission"))
		}
		users, groups := grantsOn(o.projects()...)
		check(users, groups)
		if len(o.workspaces()) > 0 {
			return
		}
		for _, p := range o.projects() {
			if o.AdministersProject(p, o.user) {
				users, groups := grantsOn(p)
				check(users, groups, where("workspace_slug", "=", p.Workspace.Slug), where("project_key", "=", p.Key))
				return
			}
		}
		t.Error("the user administers no project")
	})
}

func TestGroups(t *testing.T) {
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		var groups, members []string
		for _, w := range o.workspaces() {
			for _, g := range o.GroupsOf(w) {
				groups = append(groups, joinFields(w.Slug, w.UUID, g.Slug, g.Slug, g.Name, orNil(g.Permission), g.AutoAdd, len(g.Members)))
				for _, u := range g.Members {
					members = append(members, joinFields(w.Slug, g.Slug, g.Name, u.UUID, orNil(u.AccountID), u.DisplayName, orNil(u.Nickname), u.Type == "team"))
				}
			}
		}
		tableNames := []string{"bitbucket_group", "bitbucket_group_member"}
		switch {
		case len(groups) == 0:
			for _, tableName := range tableNames {
				if rows := h.rows(tableQuery{table: tableName}); len(rows) != 0 {
					t.Errorf("%s has %d rows for a user who administers no workspace", tableName, len(rows))
				}
			}
		case o.GroupsClosed(o.workspaces()[0]) != 0:
			for _, tableName := range tableNames {
				if rows := h.rows(tableQuery{table: tableName}); len(rows) != 0 {
					t.Errorf("%s has %d rows of groups that are closed", tableName, len(rows))
				}
				h.wantOmission(Omission{Table: tableName, Workspace: o.workspaces()[0].Slug, Reason: ReasonHiddenGroups})
			}
		default:
			fake.ResetJournal()
			checkLines(t, "groups", groups, lines(h.rows(tableQuery{table: "bitbucket_group"}), "workspace_slug", "workspace_uuid", "slug", "group_slug", "name", "permission", "auto_add", "member_count"))
			checkLines(t, "members", members, lines(h.rows(tableQuery{table: "bitbucket_group_member"}), "workspace_slug", "group_slug", "group_name", "user_uuid", "user_account_id", "display_name", "nickname", "is_team"))
			if n := requested(fake)["/1.0/groups/{workspace}"]; n != len(o.workspaces()) {
				t.Errorf("%d requests for the groups of %d workspaces", n, len(o.workspaces()))
			}
		}
	})
}

// grants calls each with every effective permission that the user should see: all in the workspaces that the user administers,
// and in other workspaces those on the repositories that the user administers.
func (o accessTruth) grants(each func(*organization.Repository, *organization.User, string)) {
	for _, r := range o.repositories() {
		for _, u := range o.Users {
			if p := o.EffectivePermission(r, u); p != "" {
				each(r, u, p)
			}
		}
	}
}

func TestEffectivePermissions(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		want := map[string][]string{} // by the columns of the condition
		one := o.repositories()[0]
		somebody := o.Users[2]
		o.grants(func(r *organization.Repository, u *organization.User, permission string) {
			l := joinFields(r.FullName(), r.Workspace.Slug, r.Workspace.UUID, r.Name, r.UUID, u.UUID, orNil(u.AccountID), u.DisplayName, permission)
			want[""] = append(want[""], l)
			want[permission] = append(want[permission], l)
			if r == one {
				want["repository"] = append(want["repository"], l)
			}
			if u == somebody {
				want["user"] = append(want["user"], l)
			}
		})
		for name, test := range map[string]struct {
			where []*proto.Qual
			want  []string
		}{
			"all":                  {nil, want[""]},
			"administrators":       {[]*proto.Qual{where("permission", "=", "admin")}, want["admin"]},
			"not administrators":   {[]*proto.Qual{where("permission", "<>", "admin")}, append(slices.Clone(want["read"]), want["write"]...)},
			"one repository":       {[]*proto.Qual{where("repository_full_name", "=", one.FullName())}, want["repository"]},
			"one repository, uuid": {[]*proto.Qual{where("repository_uuid", "=", one.UUID)}, want["repository"]},
			"one user":             {[]*proto.Qual{where("user_uuid", "=", somebody.UUID)}, want["user"]},
			"one account":          {[]*proto.Qual{where("user_account_id", "=", somebody.AccountID)}, want["user"]},
		} {
			if test.where != nil && !strings.HasSuffix(t.Name(), "r") { // these two are enough, and faster than all
				continue
			}
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_repository_permission", where: test.where})
			checkLines(t, name, test.want, lines(rows, "repository_full_name", "workspace_slug", "workspace_uuid", "repository_name", "repository_uuid", "user_uuid", "user_account_id", "user_display_name", "permission"))
			for _, e := range fake.Journal() {
				if test.where != nil && strings.Contains(e.Endpoint, "/workspaces/{workspace}/permissions/repositories") && !strings.HasPrefix(e.Endpoint, "/2.0/user") && (e.Query.Get("q") != "") != (name != "not administrators") {
					t.Errorf("%s: q is %q", name, e.Query.Get("q"))
				}
			}
		}
		fake.ResetJournal()
		h.rows(tableQuery{table: "bitbucket_repository_permission", columns: "permission", where: []*proto.Qual{where("repository_full_name", "=", one.FullName())}})
		if n := len(fake.Journal()); n > 1 {
			t.Errorf("%d requests for a repository with fewer than 100 users: %v", n, requested(fake))
		}
	})
}

func TestRepositoryAccess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	columns := []string{"repository_full_name", "user_uuid", "permission", "project_key", "paths", "is_direct", "via_group", "via_project", "is_workspace_owner", "is_member", "workspace_permission", "is_explained", "unreadable"}
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		var want []string
		unexplained, kinds := 0, map[string]int{}
		o.grants(func(r *organization.Repository, u *organization.User, permission string) {
			fields := o.access(r, u, permission)
			if fields[len(fields)-2] == false {
				unexplained++
			}
			for _, p := range o.Paths(r, u) {
				kinds[fmt.Sprint(p.On, p.Group != nil)]++
			}
			want = append(want, joinFields(fields...))
		})
		if unexplained == 0 && len(o.workspaces()) > 0 || len(kinds) < 5 {
			t.Errorf("the organization lacks a kind of path: %v, %d rows without an explanation", kinds, unexplained)
		}
		checkLines(t, "access", want, lines(h.rows(tableQuery{table: "bitbucket_repository_access"}), columns...))
	})
}

// access returns the expected row for a user's access, in the order of the test's columns.
func (o accessTruth) access(r *organization.Repository, u *organization.User, permission string) []any {
	administers := o.Administers(r.Workspace, o.user)
	groupsKnown, projectKnown := administers && o.GroupsClosed(r.Workspace) == 0, o.AdministersProject(r.Project, o.user)
	paths := []any{}
	var direct, group, project, maybeGroup, maybeProject, maybeExplains bool
	highest := ""
	add := func(on, permission string, g *organization.Group, known bool) {
		p := map[string]any{"on": on, "holder": "user", "permission": permission}
		if g != nil {
			p["holder"], p["group_slug"], p["group_name"] = "group", g.Slug, g.Name
		}
		if !known {
			p["membership"] = "unknown"
		}
		paths = append(paths, p)
	}
	gives := func(permission string) string {
		if permission == "create-repo" {
			return "write"
		}
		return permission
	}
	levels := []string{"", "read", "write", "admin"}
	see := func(on, granted string, grantee *organization.User, g *organization.Group) {
		mine := grantee == u || g != nil && slices.Contains(g.Members, u)
		known := g == nil || groupsKnown
		level := slices.Index(levels, gives(granted))
		if granted == "none" || known && !mine || !known && level > slices.Index(levels, permission) {
			return
		}
		add(on, granted, g, known)
		if !known {
			maybeGroup, maybeProject = true, maybeProject || on == "project"
			maybeExplains = maybeExplains || gives(granted) == permission
			return
		}
		direct, group, project = direct || g == nil, group || g != nil, project || on == "project"
		if level > slices.Index(levels, highest) {
			highest = gives(granted)
		}
	}
	for _, toGroups := range []bool{false, true} {
		for _, g := range o.RepositoryGrants {
			if g.Repository == r && toGroups == (g.Group != nil) {
				see("repository", g.Permission, g.User, g.Group)
			}
		}
	}
	if projectKnown {
		for _, toGroups := range []bool{false, true} {
			for _, g := range o.ProjectGrants {
				if g.Project == r.Project && toGroups == (g.Group != nil) {
					see("project", g.Permission, g.User, g.Group)
				}
			}
		}
	}
	if o.Administers(r.Workspace, u) {
		add("workspace", "owner", nil, true)
		highest = "admin"
	}
	unreadable := []any{}
	if !groupsKnown {
		unreadable = append(unreadable, "groups")
	}
	if !projectKnown {
		unreadable = append(unreadable, "project")
	}
	orUnknown := func(is, unknown bool) any {
		if !is && unknown {
			return nil
		}
		return is
	}
	role := any(nil)
	if m := o.Membership(r.Workspace, u); m != nil {
		role = m.Permission
	}
	return []any{r.FullName(), u.UUID, permission, r.Project.Key, paths,
		orUnknown(direct, !projectKnown), orUnknown(group, maybeGroup || !projectKnown), orUnknown(project, maybeProject || !projectKnown),
		o.Administers(r.Workspace, u), role != nil, role, orUnknown(highest == permission, maybeExplains || !projectKnown), unreadable}
}

// If the plugin can read everything, the table must show the same access paths as the fake.
func TestAccessIsExplainedWhereTheSourceShows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 300, Users: 80, Groups: 15, OneWorkspace: true})
	o := fake.Organization()
	hidden := 0
	for _, got := range connected(t, fake).rows(tableQuery{table: "bitbucket_repository_access", columns: "repository_full_name user_uuid is_explained paths"}) {
		r, u := o.Repository(got["repository_full_name"].(string)), o.User(got["user_uuid"].(string))
		if got["is_explained"] != o.IsExplained(r, u) {
			t.Errorf("%s, %s: is_explained = %v", r.FullName(), u.DisplayName, got["is_explained"])
		}
		if !o.IsExplained(r, u) {
			hidden++
		}
		shown := slices.DeleteFunc(o.Paths(r, u), func(p organization.Path) bool { return p.Hidden })
		if len(shown) != len(got["paths"].([]any)) {
			t.Errorf("%s, %s: paths = %v, want %d", r.FullName(), u.DisplayName, got["paths"], len(shown))
		}
	}
	if hidden == 0 {
		t.Error("each access has an explanation")
	}
}

func TestRequestsOfRepositoryAccess(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const repositories = 500
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: repositories, OneWorkspace: true})
	h := connected(t, fake)
	o := accessTruth{fake.Organization(), fake.Organization().Connected}
	rows := 0
	o.grants(func(*organization.Repository, *organization.User, string) { rows++ })
	fake.ResetJournal()
	h.rows(tableQuery{table: "bitbucket_repository_access"})
	got, ofRepositories := requested(fake), 0
	for endpoint, n := range got {
		if strings.HasPrefix(endpoint, "/repositories/") {
			ofRepositories += n
		}
	}
	if ofRepositories > 2*repositories || ofRepositories > 1000 {
		t.Errorf("%d requests of the quota for repositories, of 1,000 in an hour: %v", ofRepositories, got)
	}
	most := 2*repositories + 2*len(o.projects()) + (rows+99)/100 + 1 /* groups */ + 1 /* members */ + len(o.Workspaces)
	if n := len(fake.Journal()); n > most {
		t.Errorf("%d requests, want no more than %d: %v", n, most, got)
	}

	fake.ResetJournal()
	one := o.repositories()[0].FullName()
	if rows := connected(t, fake).rows(tableQuery{table: "bitbucket_repository_access", where: []*proto.Qual{where("repository_full_name", "=", one)}}); len(rows) == 0 {
		t.Error("no rows")
	}
	got = requested(fake)
	beyond := len(fake.Journal()) - got["/user/workspaces"] - got["/workspaces/{workspace}/permissions"] // the inventory
	if beyond > 6 {
		t.Errorf("%d requests for one repository besides the inventory, want 6: %v", beyond, got)
	}
}
