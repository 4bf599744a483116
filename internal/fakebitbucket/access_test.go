package fakebitbucket

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// testPaths returns the paths that tests request, in the workspace that the connected user administers.
func testPaths(s *Server) map[string]string {
	r := aPrivate(s)
	return map[string]string{
		"user":            "/2.0/user",
		"workspaces":      "/2.0/user/workspaces",
		"permission":      "/2.0/user/workspaces/harbor-labs/permission",
		"own repos":       "/2.0/user/workspaces/harbor-labs/permissions/repositories",
		"workspace":       "/2.0/workspaces/harbor-labs",
		"members":         "/2.0/workspaces/harbor-labs/members",
		"permissions":     "/2.0/workspaces/harbor-labs/permissions",
		"all effective":   "/2.0/workspaces/harbor-labs/permissions/repositories",
		"repo effective":  "/2.0/workspaces/harbor-labs/permissions/repositories/" + r.Slug,
		"projects":        "/2.0/workspaces/harbor-labs/projects",
		"project grants":  "/2.0/workspaces/harbor-labs/projects/" + r.Project.Key + "/permissions-config/users",
		"repositories":    "/2.0/repositories/harbor-labs",
		"repository":      "/2.0/repositories/" + r.FullName(),
		"explicit users":  "/2.0/repositories/" + r.FullName() + "/permissions-config/users",
		"explicit groups": "/2.0/repositories/" + r.FullName() + "/permissions-config/groups",
		"deploy keys":     "/2.0/repositories/" + r.FullName() + "/deploy-keys",
		"hooks":           "/2.0/repositories/" + r.FullName() + "/hooks",
		"restrictions":    "/2.0/repositories/" + r.FullName() + "/branch-restrictions",
		"overrides":       "/2.0/repositories/" + r.FullName() + "/override-settings",
		"all reviewers":   "/2.0/repositories/" + r.FullName() + "/effective-default-reviewers",
		"project keys":    "/2.0/workspaces/harbor-labs/projects/" + r.Project.Key + "/deploy-keys",
		"proj. reviewers": "/2.0/workspaces/harbor-labs/projects/" + r.Project.Key + "/default-reviewers",
		"workspace hooks": "/2.0/workspaces/harbor-labs/hooks",
		"groups":          "/1.0/groups/harbor-labs",
		"somebody":        "/2.0/users/" + url.PathEscape(s.Organization().Users[1].AccountID),
	}
}

// aPrivate returns the first private repository of the workspace that the connected user administers.
func aPrivate(s *Server) *organization.Repository {
	o := s.Organization()
	all := o.RepositoriesOf(o.Workspaces[0])
	return all[slices.IndexFunc(all, func(r *organization.Repository) bool { return r.IsPrivate })]
}

// allowed returns the names of the places that answer 200.
func (c caller) allowed() []string {
	var names []string
	for name, path := range testPaths(c.s) {
		if a := c.get(path); a.status == http.StatusOK {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestScopes(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	anybody := []string{"somebody", "workspace"}
	account := append([]string{"all effective", "groups", "members", "permission", "permissions", "user", "workspaces"}, anybody...)
	repository := append([]string{"repo effective", "repositories", "repository"}, anybody...)
	tests := map[string]struct{ scopes, want []string }{
		"email":             {[]string{"email"}, anybody},
		"account":           {[]string{"account"}, account},
		"repository":        {[]string{"repository"}, repository},
		"repository:write":  {[]string{"repository:write"}, repository},
		"pullrequest":       {[]string{"pullrequest"}, append([]string{"all reviewers"}, repository...)},
		"pullrequest:write": {[]string{"pullrequest:write"}, append([]string{"all reviewers"}, repository...)},
		"webhook":           {[]string{"webhook"}, append([]string{"hooks", "workspace hooks"}, anybody...)},
		"project":           {[]string{"project"}, append([]string{"projects"}, repository...)},
		"repository:admin":  {[]string{"repository:admin"}, append([]string{"explicit users", "explicit groups", "overrides", "restrictions"}, anybody...)},
		"project:admin":     {[]string{"project:admin"}, append([]string{"proj. reviewers", "project grants"}, anybody...)},
		"repository, its administration": {
			[]string{"repository", "repository:admin"},
			append([]string{"deploy keys", "explicit users", "explicit groups", "overrides", "restrictions"}, repository...),
		},
		"project, its administration": {
			[]string{"project", "project:admin"},
			append([]string{"proj. reviewers", "project grants", "project keys", "projects"}, repository...),
		},
		"account repository": {[]string{"account", "repository"}, slices.Concat(account, repository, []string{"own repos"})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slices.Sort(test.want)
			if diff := cmp.Diff(slices.Compact(test.want), connected(t, s, test.scopes...).allowed()); diff != "" {
				t.Errorf("allowed (-want +got):\n%s", diff)
			}
		})
	}
	if got := connected(t, s).allowed(); len(got) != len(testPaths(s)) {
		t.Errorf("with all scopes only %q are allowed", got)
	}
}

func TestMissingScope(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	a := connected(t, s, "pullrequest:write", "pullrequest", "repository", "account").
		get("/2.0/workspaces/harbor-labs/projects")
	want := map[string]any{
		"type": "error",
		"error": map[string]any{
			"message": "Your credentials lack one or more required privilege scopes.",
			"detail":  map[string]any{"required": []any{"project"}, "granted": []any{"pullrequest:write", "account"}},
		},
	}
	if diff := cmp.Diff(want, a.object()); diff != "" || a.status != http.StatusForbidden {
		t.Errorf("status %d, body (-want +got):\n%s", a.status, diff)
	}
	for header, want := range map[string]string{
		"X-Oauth-Scopes": "pullrequest:write, account", "X-Accepted-Oauth-Scopes": "project", "X-Credential-Type": "oauth2",
	} {
		if got := a.header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	o := s.Organization()
	open := []string{"members", "own repos", "permission", "permissions", "projects", "repositories", "somebody", "user", "workspace", "workspaces"}
	r := aPrivate(s)
	plain := func(level string) *organization.User { // a plain member with this level on the repository of testPaths
		for _, m := range o.MembersOf(o.Workspaces[0]) {
			if m.Permission != "owner" && s.Organization().EffectivePermission(r, m.User) == "" && !o.AdministersProject(r.Project, m.User) {
				s.GrantRepository(r.FullName(), m.User.UUID, level)
				return m.User
			}
		}
		t.Fatal("every member has a permission")
		return nil
	}
	tests := map[string]struct {
		user *organization.User
		want []string
	}{
		"reader": {plain("read"), append([]string{"all reviewers", "repository"}, open...)},
		"administrator": {plain("admin"), append([]string{
			"all reviewers", "deploy keys", "explicit groups", "explicit users", "hooks", "overrides", "repo effective",
			"repository", "restrictions",
		}, open...)},
		"stranger": {o.Users[len(o.Users)-1], []string{"somebody", "user", "workspaces"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, bearer(t, s, s.AccessToken(test.user.UUID)).allowed()); diff != "" {
				t.Errorf("allowed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	member := o.MembersOf(o.Workspaces[0])[2].User
	var hidden *organization.Repository
	for _, r := range o.RepositoriesOf(o.Workspaces[1]) {
		if r.IsPrivate && o.EffectivePermission(r, o.Connected) == "" {
			hidden = r
		}
	}
	c := connected(t, s)
	tests := map[string]struct {
		caller      caller
		path        string
		wantStatus  int
		wantMessage string
	}{
		"bad token":         {bearer(t, s, "x"), "/2.0/user", 401, errToken.message},
		"no token":          {caller{t, s, "", newClient(t)}, "/2.0/user", 401, errToken.message},
		"bad scheme":        {caller{t, s, "Digest x", newClient(t)}, "/2.0/user", 401, errToken.message},
		"no workspace":      {c, "/2.0/workspaces/nothing", 404, "No workspace with identifier 'nothing'."},
		"no repository":     {c, "/2.0/repositories/harbor-labs/nothing", 404, errNoRepository.message},
		"hidden repository": {c, "/2.0/repositories/" + hidden.FullName(), 404, errNoRepository.message},
		"wrong workspace":   {c, "/2.0/repositories/QuarryTools/" + o.Repositories[0].Slug, 404, errNoRepository.message},
		"private workspace": {bearer(t, s, s.AccessToken(o.Users[len(o.Users)-1].UUID)), "/2.0/repositories/harbor-labs", 404, "No workspace with identifier 'harbor-labs'."},
		"not mine":          {c, "/2.0/user/workspaces/silver-ermine/permission", 403, "You do not have access to this workspace."},
		"not a member":      {c, "/2.0/workspaces/silver-ermine/members", 403, "You do not have access to this workspace."},
		"not an owner":      {bearer(t, s, s.AccessToken(member.UUID)), "/2.0/workspaces/harbor-labs/permissions/repositories", 403, "You must be an administrator of this workspace."},
		"groups by uuid":    {c, "/1.0/groups/" + url.PathEscape(o.Workspaces[0].UUID), 403, "Forbidden"},
		"gone":              {c, "/2.0/user/permissions/repositories", 410, "CHANGE-2770 - Functionality has been deprecated"},
		"team":              {c, "/2.0/users/" + url.PathEscape(o.Users[7].UUID), 404, "old-harbor is a team account."},
		"nobody":            {c, "/2.0/users/nobody", 404, "No user with identifier 'nobody'."},
		"no member":         {c, "/2.0/workspaces/harbor-labs/members/nobody", 404, "The user is not a member of this workspace."},
		"uuid elsewhere":    {c, "/2.0/repositories/QuarryTools/" + url.PathEscape(o.Repositories[0].UUID), 404, errNoRepository.message},
		"anybody":           {caller{t, s, "", newClient(t)}, "/2.0/workspaces/silver-ermine/members", 401, errToken.message},
		"no project":        {c, "/2.0/workspaces/harbor-labs/projects/NONE", 404, "Project not found: NONE"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := test.caller.get(test.path)
			if a.status != test.wantStatus || a.message() != test.wantMessage {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, test.wantStatus, test.wantMessage)
			}
		})
	}
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	w, r := o.Workspaces[0], o.Repositories[0]
	wid, rid := url.PathEscape(w.UUID), url.PathEscape(r.UUID)
	tests := map[string]struct{ path, field, want string }{
		"slug in another case": {"/2.0/workspaces/HARBOR-labs", "slug", "harbor-labs"},
		"workspace by uuid":    {"/2.0/workspaces/" + wid, "slug", "harbor-labs"},
		"repository":           {"/2.0/repositories/Harbor-Labs/" + strings.ToUpper(r.Slug), "uuid", r.UUID},
		"repository by uuid":   {"/2.0/repositories/" + wid + "/" + rid, "full_name", r.FullName()},
		"without workspace":    {"/2.0/repositories/%7B%7D/" + rid, "full_name", r.FullName()},
		"user by uuid":         {"/2.0/users/" + url.PathEscape(o.Users[1].UUID), "account_id", o.Users[1].AccountID},
		"user by account id":   {"/2.0/users/" + url.PathEscape(o.Users[1].AccountID), "uuid", o.Users[1].UUID},
		"escaped colon":        {"/2.0/users/" + strings.ReplaceAll(o.Users[1].AccountID, ":", "%3A"), "uuid", o.Users[1].UUID},
		"project":              {"/2.0/workspaces/" + wid + "/projects/plat", "key", "PLAT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.get(test.path); got.status != http.StatusOK || got.object()[test.field] != test.want {
				t.Errorf("%d %s, want %s %s", got.status, got.body, test.field, test.want)
			}
		})
	}
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	names := func(keep func(*organization.Repository) bool) []string {
		var all []string
		for _, r := range o.RepositoriesOf(o.Workspaces[1]) {
			if keep(r) {
				all = append(all, r.FullName())
			}
		}
		return all
	}
	level := func(r *organization.Repository) string { return o.EffectivePermission(r, o.Connected) }
	tests := map[string]struct {
		path string
		want []string
	}{
		"all":         {"/2.0/repositories/QuarryTools?pagelen=100", names(func(r *organization.Repository) bool { return !r.IsPrivate || level(r) != "" })},
		"member":      {"/2.0/repositories/QuarryTools?pagelen=100&role=member", names(func(r *organization.Repository) bool { return level(r) != "" })},
		"contributor": {"/2.0/repositories/QuarryTools?pagelen=100&role=contributor", names(func(r *organization.Repository) bool { return organization.AtLeast(level(r), "write") })},
		"admin":       {"/2.0/repositories/QuarryTools?pagelen=100&role=admin", names(func(r *organization.Repository) bool { return level(r) == "admin" })},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(test.want) == 0 || len(test.want) == len(o.RepositoriesOf(o.Workspaces[1])) {
				t.Errorf("the organization lacks a case: it has %d repositories", len(test.want))
			}
			values, _ := connected(t, s).all(test.path)
			if diff := cmp.Diff(test.want, column(values, "full_name")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	own, _ := connected(t, s).all("/2.0/user/workspaces/QuarryTools/permissions/repositories?pagelen=100")
	if diff := cmp.Diff(tests["member"].want, column(own, "repository.full_name")); diff != "" {
		t.Errorf("own permissions (-want +got):\n%s", diff)
	}
	for i, r := range o.RepositoriesOf(o.Workspaces[1]) {
		if i < len(own) && own[i]["repository"].(map[string]any)["full_name"] == r.FullName() && own[i]["permission"] != level(r) {
			t.Errorf("%s: %v, want %s", r.FullName(), own[i]["permission"], level(r))
		}
	}
	anybody := caller{t, s, "", newClient(t)}
	public, _ := anybody.all("/2.0/repositories/silver-ermine")
	if len(public) != len(o.RepositoriesOf(o.Workspaces[2]))-1 {
		t.Errorf("anybody sees %q", column(public, "full_name"))
	}
}

// TestEffectivePermissions compares the effective permissions of all users with the organization.
func TestEffectivePermissions(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	want := map[string]string{}
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		for _, u := range o.Users {
			if p := o.EffectivePermission(r, u); p != "" {
				want[r.FullName()+" "+u.UUID] = p
			}
		}
	}
	values, _ := connected(t, s).all("/2.0/workspaces/harbor-labs/permissions/repositories?pagelen=100")
	got := map[string]string{}
	users := column(values, "user.uuid")
	for i, name := range column(values, "repository.full_name") {
		got[name+" "+users[i]] = values[i]["permission"].(string)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	basic := func(scopes ...string) caller {
		email, token := s.APIToken(s.Organization().Connected.UUID, scopes...)
		return caller{t, s, "Basic " + base64.StdEncoding.EncodeToString([]byte(email+":"+token)), newClient(t)}
	}
	if a := basic().get("/2.0/user"); a.status != http.StatusOK || a.header.Get("X-Credential-Type") != "api_token" {
		t.Errorf("API token: %d %v", a.status, a.header)
	}
	if got := basic().allowed(); len(got) != len(testPaths(s)) {
		t.Errorf("an API token with all scopes is allowed only %q", got)
	}
	a := basic("write:repository:bitbucket", "read:project:bitbucket").get("/2.0/repositories/harbor-labs")
	if a.status != http.StatusForbidden || !strings.Contains(a.body, `"required":["read:repository:bitbucket"]`) {
		t.Errorf("an API token's scope implied another: %d %s", a.status, a.body)
	}
	workspace := bearer(t, s, s.WorkspaceAccessToken("harbor-labs"))
	want := []string{"all reviewers", "members", "projects", "repositories", "repository", "somebody", "workspace"}
	if diff := cmp.Diff(want, workspace.allowed()); diff != "" {
		t.Errorf("a workspace's access token is allowed (-want +got):\n%s", diff)
	}
}

func TestOwnWorkspaces(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	for query, want := range map[string][]string{
		"": {"harbor-labs", "QuarryTools"}, "?administrator=true": {"harbor-labs"}, "?administrator=false": {"QuarryTools"},
	} {
		values, _ := connected(t, s).all("/2.0/user/workspaces" + query)
		if diff := cmp.Diff(want, column(values, "workspace.slug")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

// TestProjects gives a plain member different rights on projects.
func TestProjects(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	o := s.Organization()
	member := o.MembersOf(o.Workspaces[1])[2].User
	c := bearer(t, s, s.AccessToken(member.UUID))
	closed := o.ProjectsOf(o.Workspaces[1])[0]
	s.Update(func(o *organization.Organization) { // only what the test grants
		o.RepositoryGrants, o.ProjectGrants, o.HiddenGrants = nil, nil, nil
	})
	listed := func() []string {
		values, _ := c.all("/2.0/workspaces/QuarryTools/projects")
		return column(values, "key")
	}
	place := "/2.0/workspaces/QuarryTools/projects/" + closed.Key
	if a := c.get(place); a.status != http.StatusForbidden || slices.Contains(listed(), closed.Key) {
		t.Errorf("a closed project: %d, among %q", a.status, listed())
	}
	for permission, want := range map[string]string{
		"none": "", "read": "read", "write": "write", "create-repo": "write", "admin": "admin",
	} {
		for who, grant := range map[string]*organization.ProjectGrant{
			"user":  {Project: closed, User: member, Permission: permission},
			"group": {Project: closed, Group: o.Group(o.Workspaces[1], "developers"), Permission: permission},
		} {
			s.RemoveGroupMember("QuarryTools", "developers", member.UUID)
			s.AddGroupMember("QuarryTools", "developers", member.UUID)
			s.Update(func(o *organization.Organization) {
				if grant.Group != nil {
					grant.Group = o.Group(o.Workspaces[1], "developers")
				}
				o.ProjectGrants = []*organization.ProjectGrant{grant}
			})
			values, _ := c.all("/2.0/user/workspaces/QuarryTools/permissions/repositories?pagelen=100")
			for _, got := range column(values, "permission") {
				if got != want {
					t.Errorf("%s to a %s gives %s", permission, who, got)
				}
			}
			if (len(values) > 0) != (want != "") {
				t.Errorf("%s to a %s gives permissions on %d repositories", permission, who, len(values))
			}
			if a := c.get(place); (a.status == http.StatusOK) != (want != "") || slices.Contains(listed(), closed.Key) != (want != "") {
				t.Errorf("%s to a %s: the project answers %d and is among %q", permission, who, a.status, listed())
			}
			if a := c.get(place + "/permissions-config/users"); (a.status == http.StatusOK) != (permission == "admin") {
				t.Errorf("%s to a %s: the project's permissions answer %d", permission, who, a.status)
			}
		}
	}
}

// TestExplicitGrants compares the permissions-config lists and their items with the organization.
func TestExplicitGrants(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	want := map[string]string{} // the permission, by the path of the list and the holder
	add := func(place string, u *organization.User, g *organization.Group, permission string) {
		if g != nil {
			want[place+"/groups/"+g.Slug] = permission
		} else {
			want[place+"/users/"+url.PathEscape(u.UUID)] = permission
		}
	}
	lists := map[string]bool{}
	for _, r := range o.RepositoriesOf(o.Workspaces[0])[:20] {
		place := "/2.0/repositories/" + r.FullName() + "/permissions-config"
		lists[place+"/users"], lists[place+"/groups"] = true, true
		for _, g := range o.RepositoryGrants {
			if g.Repository == r {
				add(place, g.User, g.Group, g.Permission)
			}
		}
	}
	for _, p := range o.ProjectsOf(o.Workspaces[0]) {
		place := "/2.0/workspaces/harbor-labs/projects/" + p.Key + "/permissions-config"
		lists[place+"/users"], lists[place+"/groups"] = true, true
		for _, g := range o.ProjectGrants {
			if g.Project == p {
				add(place, g.User, g.Group, g.Permission)
			}
		}
	}
	got := map[string]string{}
	for place := range lists {
		values, _ := c.all(place)
		for _, v := range values {
			id, _ := valueAt(v, "user.uuid")
			if slug, ok := valueAt(v, "group.slug"); ok {
				id = slug
			}
			got[place+"/"+url.PathEscape(id.(string))] = v["permission"].(string)
		}
		if a := c.get(place + "/nobody"); a.status != http.StatusNotFound {
			t.Errorf("%s/nobody: %d", place, a.status)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for place, permission := range want {
		if a := c.get(place); a.status != http.StatusOK || a.object()["permission"] != permission {
			t.Errorf("%s: %d %s, want %s", place, a.status, a.body, permission)
		}
	}
}
