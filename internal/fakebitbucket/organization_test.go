package fakebitbucket

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/generate"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// portrait returns the answers of the API about an organization, as one text.
func portrait(o *organization.Organization) string {
	var b []byte
	add := func(x object) { b = append(appendJSON(b, x, allFields), '\n') }
	for _, u := range o.Users {
		add(userObject(u))
	}
	for _, w := range o.Workspaces {
		add(workspaceObject(w))
	}
	for _, m := range o.Memberships {
		add(membershipObject(m))
	}
	for _, p := range o.Projects {
		add(projectObject(p))
	}
	for _, r := range o.Repositories {
		add(repositoryObject(r))
	}
	for _, g := range o.Groups {
		add(legacyGroup(g))
	}
	for _, g := range append(o.RepositoryGrants[:len(o.RepositoryGrants):len(o.RepositoryGrants)], o.HiddenGrants...) {
		add(repositoryGrant(g))
	}
	for _, r := range o.Repositories {
		for _, k := range o.DeployKeys(r) {
			add(repositoryDeployKey(r)(k))
		}
		for _, h := range o.Webhooks(r) {
			add(repositoryWebhook(r)(h))
		}
		for _, x := range o.BranchRestrictions(r) {
			add(branchRestriction(r)(x))
		}
		for _, e := range o.EffectiveDefaultReviewers(r) {
			add(reviewerObject(e))
		}
	}
	for _, g := range o.ProjectGrants {
		add(projectGrant(g))
	}
	return string(b)
}

func TestSeeds(t *testing.T) {
	t.Parallel()
	takesLong(t)
	of := func(seed int64) string {
		return portrait(New(Options{Now: newClock().now, Seed: seed, Repositories: 40}).Organization())
	}
	first := of(0)
	if of(1) != first {
		t.Error("one seed made two organizations")
	}
	if of(2) == first {
		t.Error("two seeds made one organization")
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options                             Options
		home, away, projects, groups, users int
	}{
		"default":       {Options{}, 72, 48, 8, 8, 40},
		"one of each":   {Options{Repositories: 1, Projects: 1, Users: 1, Groups: 1}, 1, 0, 2, 1, 1},
		"one workspace": {Options{Repositories: 300, OneWorkspace: true}, 300, 0, 9, 8, 40},
		"large":         {Options{Repositories: 5000, Projects: 40, Users: 400, Groups: 40}, 3000, 2000, 40, 40, 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := New(test.options).Organization()
			got := []int{
				len(o.RepositoriesOf(o.Workspaces[0])), len(o.RepositoriesOf(o.Workspaces[1])),
				len(o.Projects) - 1, len(o.Groups), len(o.Users) - 1 - generate.Outsiders, // without those of the public workspace
			}
			want := []int{test.home, test.away, test.projects, test.groups, test.users}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			names, ids := map[string]bool{}, map[string]bool{}
			for _, r := range o.Repositories {
				if names[strings.ToLower(r.FullName())] || ids[r.UUID] {
					t.Errorf("two repositories %s %s", r.FullName(), r.UUID)
				}
				names[strings.ToLower(r.FullName())], ids[r.UUID] = true, true
				if r.CreatedOn.After(r.UpdatedOn) || r.Project.Workspace != r.Workspace || !r.IsPrivate && r.Project.IsPrivate {
					t.Errorf("%s contradicts itself: %+v", r.FullName(), r)
				}
			}
			keys := map[string]bool{}
			for _, p := range o.Projects {
				if keys[p.Workspace.Slug+p.Key] {
					t.Errorf("two projects %s", p.Key)
				}
				keys[p.Workspace.Slug+p.Key] = true
			}
			if !o.Administers(o.Workspaces[0], o.Connected) || o.Administers(o.Workspaces[1], o.Connected) ||
				o.Membership(o.Workspaces[2], o.Connected) != nil {
				t.Error("the connected user has other roles")
			}
		})
	}
}

// TestQuirks checks that each special case of real answers occurs in the default organization.
func TestQuirks(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	mine, _ := connected(t, s).all("/2.0/repositories/harbor-labs?pagelen=100")
	theirs, _ := connected(t, s).all("/2.0/repositories/QuarryTools?pagelen=100")
	public, _ := connected(t, s).all("/2.0/repositories/silver-ermine")
	members, _ := connected(t, s).all("/2.0/workspaces/harbor-labs/permissions")
	foreign, _ := connected(t, s).all("/2.0/workspaces/QuarryTools/permissions")
	projects, _ := connected(t, s).all("/2.0/workspaces/harbor-labs/projects")
	repositories := slices.Concat(mine, theirs, public)
	missing := func(name string) func(map[string]any) bool {
		return func(o map[string]any) bool { _, ok := o[name]; return !ok }
	}
	is := func(name string, want any) func(map[string]any) bool {
		return func(o map[string]any) bool {
			got, ok := valueAt(o, name)
			return ok && got == want
		}
	}
	like := func(name, part string) func(map[string]any) bool {
		return func(o map[string]any) bool {
			got, _ := valueAt(o, name)
			text, _ := got.(string)
			return strings.Contains(text, part)
		}
	}
	of := func(from []map[string]any, name string) []map[string]any {
		var all []map[string]any
		for _, o := range from {
			if inner, ok := o[name].(map[string]any); ok {
				all = append(all, inner)
			}
		}
		return all
	}
	users := of(members, "user")
	age := func(older bool) func(map[string]any) bool {
		return func(o map[string]any) bool {
			updated, err := time.Parse(time.RFC3339, fmt.Sprint(o["updated_on"]))
			return err == nil && (older && start.Sub(updated) > 2*365*24*time.Hour || !older && start.Sub(updated) < 14*24*time.Hour)
		}
	}
	tests := map[string]struct {
		among []map[string]any
		holds func(map[string]any) bool
	}{
		"upper case in a slug":    {repositories, func(o map[string]any) bool { return o["slug"] != strings.ToLower(o["slug"].(string)) }},
		"name is not slug":        {repositories, func(o map[string]any) bool { return o["slug"] != o["name"] }},
		"empty language":          {repositories, is("language", "")},
		"some language":           {repositories, is("language", "go")},
		"empty description":       {repositories, is("description", "")},
		"missing description":     {repositories, missing("description")},
		"empty website":           {repositories, is("website", "")},
		"null website":            {repositories, is("website", nil)},
		"missing website":         {repositories, missing("website")},
		"empty repository":        {repositories, func(o map[string]any) bool { return o["mainbranch"] == nil && o["size"] == 33348.0 }},
		"null parent":             {repositories, is("parent", nil)},
		"missing parent":          {repositories, missing("parent")},
		"parent without owner":    {of(repositories, "parent"), missing("owner")},
		"owned by a team":         {of(repositories, "owner"), is("type", "team")},
		"owned by a user":         {of(repositories, "owner"), is("type", "user")},
		"team has no account_id":  {of(repositories, "owner"), missing("account_id")},
		"team has a username":     {of(repositories, "owner"), is("username", "harbor-labs")},
		"large size":              {repositories, func(o map[string]any) bool { return o["size"].(float64) > 1<<32 }},
		"allow_forks":             {repositories, is("fork_policy", "allow_forks")},
		"no_public_forks":         {repositories, is("fork_policy", "no_public_forks")},
		"no_forks":                {repositories, is("fork_policy", "no_forks")},
		"public":                  {repositories, is("is_private", false)},
		"private":                 {repositories, is("is_private", true)},
		"quotes":                  {repositories, like("name", `"`)},
		"backslash":               {repositories, like("name", `\`)},
		"percent":                 {repositories, like("name", "%")},
		"underscore":              {repositories, like("name", "_")},
		"unicode":                 {repositories, like("name", "ö")},
		"emoji":                   {repositories, like("description", "🚀")},
		"line feed":               {repositories, like("description", "\n")},
		"stale":                   {repositories, age(true)},
		"recent":                  {repositories, age(false)},
		"time without fraction":   {repositories, func(o map[string]any) bool { return !strings.Contains(o["created_on"].(string), ".") }},
		"time with fraction":      {repositories, like("created_on", ".")},
		"web site's self link":    {repositories, like("links.self.href", "https://bitbucket.org/!api/2.0/repositories/")},
		"account_id with a colon": {users, like("account_id", "557058:")},
		"account_id of 24 digits": {users, func(o map[string]any) bool { id, _ := o["account_id"].(string); return len(id) == 24 }},
		"null account_id":         {users, is("account_id", nil)},
		"missing account_id":      {users, missing("account_id")},
		"no username":             {users, missing("username")},
		"nickname with a space":   {users, like("nickname", " ")},
		"member is a team":        {users, is("type", "team")},
		"member is an app":        {users, is("type", "app_user")},
		"app without nickname":    {users, func(o map[string]any) bool { return o["type"] == "app_user" && missing("nickname")(o) }},
		"owner":                   {members, is("permission", "owner")},
		"create-project":          {members, is("permission", "create-project")},
		"collaborator":            {members, is("permission", "collaborator")},
		"added_on without a zone": {members, func(o map[string]any) bool {
			a, _ := o["added_on"].(string)
			return len(a) == len("2021-04-02T14:20:48.179")
		}},
		"null added_on":               {members, is("added_on", nil)},
		"null last_accessed":          {members, is("last_accessed", nil)},
		"last_accessed":               {members, like("last_accessed", "+00:00")},
		"centrally administered":      {foreign, is("added_on", nil)},
		"private project":             {projects, is("is_private", true)},
		"public project":              {projects, is("is_private", false)},
		"project with public repos":   {projects, is("has_publicly_visible_repos", true)},
		"project without public ones": {projects, is("has_publicly_visible_repos", false)},
		"null description":            {projects, is("description", nil)},
		"empty project description":   {projects, is("description", "")},
	}
	for name, test := range tests {
		if !slices.ContainsFunc(test.among, test.holds) {
			t.Errorf("%s: none of %d", name, len(test.among))
		}
	}
	nicknames := column(users, "nickname")
	slices.Sort(nicknames)
	if len(slices.Compact(nicknames)) == len(users) {
		t.Error("all nicknames are unique")
	}
	if g := o.GroupsOf(o.Workspaces[0]); !slices.ContainsFunc(g, func(g *organization.Group) bool { return g.AutoAdd }) ||
		!slices.ContainsFunc(g, func(g *organization.Group) bool { return g.Permission == "" }) {
		t.Error("the groups are all alike")
	}
}

// valueAt returns the value at a dotted path of a decoded object, and whether the path exists.
func valueAt(o map[string]any, path string) (any, bool) {
	name, rest, deeper := strings.Cut(path, ".")
	v, ok := o[name]
	if !deeper {
		return v, ok
	}
	inner, _ := v.(map[string]any)
	return valueAt(inner, rest)
}

func TestChanges(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	before := portrait(s.Organization())
	o := s.Organization()
	u := o.Users[2]
	w := o.Workspaces[1]
	var r *organization.Repository
	for _, x := range o.RepositoriesOf(w) {
		if x.IsPrivate && o.EffectivePermission(x, u) == "" {
			r = x
			break
		}
	}
	c := bearer(t, s, s.AccessToken(u.UUID))
	steps := []struct {
		name   string
		change func()
		want   string // the permission on the repository
	}{
		{"nothing", func() {}, ""},
		{"grant", func() { s.GrantRepository(r.FullName(), u.UUID, "read") }, "read"},
		{"another grant", func() { s.GrantRepository(r.FullName(), u.UUID, "write") }, "write"},
		{"grant to a group", func() { s.GrantRepositoryToGroup(r.FullName(), "developers", "admin") }, "write"},
		{"into the group", func() { s.AddGroupMember(w.Slug, "developers", u.UUID) }, "admin"},
		{"less for the group", func() { s.GrantRepositoryToGroup(r.FullName(), "developers", "read") }, "write"},
		{"rename", func() { s.ChangeRepository(r.FullName(), func(x *organization.Repository) { x.Name = "Renamed" }) }, "write"},
		{"revoke", func() { s.RevokeRepository(r.FullName(), u.UUID) }, "read"},
		{"out of the group", func() { s.RemoveGroupMember(w.Slug, "developers", u.UUID) }, ""},
		{"owner", func() { s.SetRole(w.Slug, u.UUID, "owner") }, "admin"},
		{"member", func() { s.SetRole(w.Slug, u.UUID, "member") }, ""},
		{"none", func() { s.GrantRepository(r.FullName(), u.UUID, "none") }, ""},
		{"project", func() { s.GrantProject(w.Slug, r.Project.Key, u.UUID, "create-repo") }, "write"},
		{"less on the project", func() { s.GrantProject(w.Slug, r.Project.Key, u.UUID, "read") }, "read"},
		{"project to a group", func() { s.GrantProjectToGroup(w.Slug, r.Project.Key, "developers", "admin") }, "read"},
		{"into the group again", func() { s.AddGroupMember(w.Slug, "developers", u.UUID) }, "admin"},
		{"less for the group on the project", func() { s.GrantProjectToGroup(w.Slug, r.Project.Key, "developers", "none") }, "read"},
		{"repository to the group", func() { s.GrantRepositoryToGroup(r.FullName(), "developers", "write") }, "write"},
		{"repository from the group", func() { s.RevokeRepositoryFromGroup(r.FullName(), "developers") }, "read"},
		{"hidden", func() { s.GrantHidden(r.FullName(), u.UUID, "admin") }, "admin"},
		{"less hidden", func() { s.GrantHidden(r.FullName(), u.UUID, "write") }, "write"},
		{"rename what is hidden", func() { s.ChangeRepository(r.FullName(), func(x *organization.Repository) { x.Name = "Again" }) }, "write"},
		{"not hidden", func() { s.GrantHidden(r.FullName(), u.UUID, "none") }, "read"},
		{"not on the project", func() { s.RevokeProject(w.Slug, r.Project.Key, u.UUID) }, ""},
		{"hidden again", func() { s.GrantHidden(r.FullName(), u.UUID, "read") }, "read"},
	}
	// The user is not in a group that has the repository, so each step has an effect.
	if slices.Contains(o.Group(w, "developers").Members, u) {
		s.RemoveGroupMember(w.Slug, "developers", u.UUID)
	}
	for _, step := range steps {
		step.change()
		values, _ := c.all("/2.0/user/workspaces/QuarryTools/permissions/repositories" +
			queryString("q", `repository.uuid = "`+r.UUID+`"`))
		got := strings.Join(column(values, "permission"), " ")
		if got != step.want {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
		if a := c.get("/2.0/repositories/%7B%7D/" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(r.UUID)); (a.status == 200) != (step.want != "") {
			t.Errorf("%s: the repository answers %d", step.name, a.status)
		}
	}

	s.AddRepository(organization.Repository{Workspace: w, Slug: "brand-new", IsPrivate: true})
	if a := connected(t, s).get("/2.0/repositories/QuarryTools/brand-new"); a.status != 404 {
		t.Errorf("a new repository is visible without a grant: %d", a.status)
	}
	s.GrantRepository("QuarryTools/brand-new", o.Connected.UUID, "admin")
	if a := connected(t, s).get("/2.0/repositories/QuarryTools/brand-new"); a.status != 200 {
		t.Errorf("a new repository: %d %s", a.status, a.body)
	}
	s.RemoveRepository("QuarryTools/brand-new")
	if a := connected(t, s).get("/2.0/repositories/QuarryTools/brand-new"); a.status != 404 {
		t.Errorf("a removed repository: %d", a.status)
	}
	s.AddGroupMember(w.Slug, "developers", u.UUID)
	s.RemoveMember(w.Slug, u.UUID)
	if values, _ := c.all("/2.0/user/workspaces"); !cmp.Equal(column(values, "workspace.slug"), []string{"harbor-labs"}) {
		t.Errorf("after the removal the user belongs to %q", column(values, "workspace.slug"))
	}
	if slices.Contains(s.Organization().Group(w, "developers").Members, u) {
		t.Error("the removed member is still in a group")
	}
	for _, x := range s.Organization().RepositoriesOf(w) {
		if p := s.Organization().EffectivePermission(x, u); p != "" {
			t.Errorf("the removed member still has %s on %s", p, x.FullName())
		}
	}
	if portrait(o) != before {
		t.Error("the changes modified the organization from before them")
	}
}

// TestConcurrency changes the organization while it is being read, for the race detector.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	r := s.Organization().RepositoriesOf(s.Organization().Workspaces[1])[0]
	done := make(chan bool)
	for range 4 {
		c := connected(t, s)
		go func() {
			defer func() { done <- true }()
			for range 10 {
				c.all("/2.0/repositories/QuarryTools?pagelen=50")
				s.Organization().VisibleRepositories(s.Organization().Connected)
				s.Journal()
			}
		}()
	}
	for i := range 20 {
		s.GrantRepository(r.FullName(), s.Organization().Users[3].UUID, organization.RepositoryPermissions[i%4])
	}
	for range 4 {
		<-done
	}
}
