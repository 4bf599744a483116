package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// administrators are the tables that only show rows to administrators, and the kind of name that a query can give them.
var administrators = map[string]string{
	"bitbucket_branch_protection":           "repository",
	"bitbucket_branch_restriction":          "repository",
	"bitbucket_deploy_key":                  "repository",
	"bitbucket_group":                       "workspace",
	"bitbucket_group_member":                "workspace",
	"bitbucket_project_default_reviewer":    "project",
	"bitbucket_project_deploy_key":          "project",
	"bitbucket_project_group_permission":    "project",
	"bitbucket_project_user_permission":     "project",
	"bitbucket_repository_access":           "repository",
	"bitbucket_repository_group_permission": "repository",
	"bitbucket_repository_override":         "repository",
	"bitbucket_repository_permission":       "repository",
	"bitbucket_repository_user_permission":  "repository",
	"bitbucket_webhook":                     "repository",
	"bitbucket_workspace_webhook":           "workspace",
}

// naming returns the conditions with which a query names a workspace, project or repository.
func naming(kind, workspace, project, repository string) []*proto.Qual {
	switch kind {
	case "repository":
		return []*proto.Qual{where("repository_full_name", "=", repository)}
	case "project":
		return []*proto.Qual{where("workspace_slug", "=", workspace), where("project_key", "=", project)}
	}
	return []*proto.Qual{where("workspace_slug", "=", workspace)}
}

func TestNamedAndRefusedForTheRole(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{PlainMember: true})
	o := accessTruth{fake.Organization(), fake.Organization().Connected}
	h, strict := connected(t, fake), connected(t, fake, `on_refusal = "strict"`)
	var repository *organization.Repository
	for _, r := range covered(o.Organization, o.user) {
		if o.EffectivePermission(r, o.user) == "read" && !o.AdministersProject(r.Project, o.user) {
			repository = r
			break
		}
	}
	for tableName, kind := range administrators {
		q := tableQuery{table: tableName, where: naming(kind, repository.Workspace.Slug, repository.Project.Key, repository.FullName())}
		if rows := h.rows(q); len(rows) > 0 {
			t.Errorf("%s: %d rows of what the user does not administer", tableName, len(rows))
		}
		left := Omission{Table: tableName, Workspace: repository.Workspace.Slug, Reason: ReasonNotAdministered}
		switch kind {
		case "repository":
			left.Repository = repository.FullName()
		case "project":
			left.Project = repository.Project.Key
		}
		h.wantOmission(left)
		_, err := strict.try(context.Background(), q)
		if err == nil || !strings.Contains(err.Error(), "administers") || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: error = %v, want one that says that the user does not administer it", tableName, err)
		}
	}
}

func TestMissingScopeIsAlwaysAnError(t *testing.T) {
	for _, r := range Requirements() {
		if r.Column != "" || administrators[r.Table] == "" {
			continue
		}
		for _, without := range r.Scopes {
			t.Run(r.Table+" without "+without, func(t *testing.T) { lackingScope(t, r.Table, without) })
		}
	}
}

// lackingScope queries a table without one of the scopes that it needs.
func lackingScope(t *testing.T, tableName, without string) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	var scopes []string
	for _, scope := range fakebitbucket.AllScopes() {
		implies := map[string][]string{
			"project": {"repository"}, "pullrequest": {"repository"}, "pullrequest:write": {"repository", "pullrequest"}, "repository:write": {"repository"},
		}[scope]
		if scope != without && !slices.Contains(implies, without) {
			scopes = append(scopes, scope)
		}
	}
	token := fake.AccessToken(fake.Organization().Connected.UUID, scopes...)
	h := newHost(t, map[string]string{"bitbucket": fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), token)})
	for i := range 3 {
		_, err := h.try(context.Background(), tableQuery{table: tableName})
		if err == nil || !strings.Contains(err.Error(), "needs the scope") || !strings.Contains(err.Error(), without) {
			t.Errorf("query %d: error = %v, want one that names the missing scope", i+1, err)
		}
	}
}

// TestCoverageIsVisible checks that a table for administrators covers the workspaces and repositories that the user
// administers, according to bitbucket_my_workspace and bitbucket_my_repository. It makes no request for others.
func TestCoverageIsVisible(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	workspaces := columnValues(h.rows(tableQuery{table: "bitbucket_my_workspace", columns: "slug", where: []*proto.Qual{where("is_administrator", "=", true)}}), "slug")
	repositories := columnValues(h.rows(tableQuery{table: "bitbucket_my_repository", columns: "full_name", where: []*proto.Qual{where("permission", "=", "admin")}}), "full_name")
	if len(workspaces) == 0 || len(repositories) == 0 {
		t.Fatal("the user administers nothing")
	}
	fake.ResetJournal()
	checkLines(t, "repositories covered", repositories, lines(h.rows(tableQuery{table: "bitbucket_repository_override", columns: "repository_full_name"}), "repository_full_name"))
	for _, e := range fake.Journal() {
		if e.Status != http.StatusOK {
			t.Errorf("the request for %s failed with status %d", e.Path, e.Status)
		}
	}
	for tableName, kind := range administrators {
		fake.ResetJournal()
		h.rows(tableQuery{table: tableName})
		for _, e := range fake.Journal() {
			if e.Status != http.StatusOK && tableName != "bitbucket_repository_access" && kind != "project" { // only a request shows if the user can read a project
				t.Errorf("%s (%s): the request for %s failed with status %d", tableName, kind, e.Path, e.Status)
			}
		}
	}
}

func TestNothingAdministeredInANamedWorkspace(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	w := o.Workspaces[0]
	reader := o.Users[0]
	for _, u := range o.Users {
		if m := o.Membership(w, u); m != nil && m.Permission == "member" && len((accessTruth{o, u}).repositories()) == 0 {
			reader = u
		}
	}
	h := newHost(t, map[string]string{"bitbucket": connectionTo(fake, reader.UUID)})
	strict := newHost(t, map[string]string{"bitbucket": connectionTo(fake, reader.UUID) + "\non_refusal = \"strict\""})
	for tableName, kind := range administrators {
		if kind != "repository" {
			continue
		}
		if rows := h.rows(tableQuery{table: tableName}); len(rows) != 0 {
			t.Errorf("%s has %d rows for a user who administers nothing", tableName, len(rows))
		}
		q := tableQuery{table: tableName, where: []*proto.Qual{where("workspace_slug", "=", w.Slug)}}
		if rows := h.rows(q); len(rows) != 0 {
			t.Errorf("%s has %d rows in a workspace in which the user administers nothing", tableName, len(rows))
		}
		_, err := strict.try(context.Background(), q)
		if err == nil || !strings.Contains(err.Error(), "administers") || !strings.Contains(err.Error(), w.Slug) {
			t.Errorf("%s: error = %v, want one that says that the user administers nothing there", tableName, err)
		}
	}
}

func TestAccessGivenAndTaken(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	r := o.RepositoriesOf(o.Workspaces[0])[0]
	var u *organization.User
	for _, m := range o.MembersOf(r.Workspace) {
		if o.EffectivePermission(r, m.User) == "" {
			u = m.User
		}
	}
	level := func() string {
		t.Helper()
		quals := []*proto.Qual{where("repository_full_name", "=", r.FullName()), where("user_uuid", "=", u.UUID)}
		var all []string
		for _, tableName := range []string{"bitbucket_repository_permission", "bitbucket_repository_user_permission", "bitbucket_repository_access"} {
			all = append(all, strings.Join(columnValues(h.rows(tableQuery{table: tableName, where: quals}), "permission"), ","))
		}
		for _, got := range h.rows(tableQuery{table: "bitbucket_repository_user_permission", columns: "user_uuid repository_full_name permission"}) {
			if got["user_uuid"] == u.UUID && got["repository_full_name"] == r.FullName() {
				all = append(all, "all: "+got["permission"].(string))
			}
		}
		return strings.Join(all, " ")
	}
	if got := level(); got != "  " {
		t.Errorf("before: %q", got)
	}
	fake.GrantRepository(r.FullName(), u.UUID, "write")
	if got := level(); got != "write write write all: write" {
		t.Errorf("after the grant: %q", got)
	}
	fake.RevokeRepository(r.FullName(), u.UUID)
	if got := level(); got != "  " {
		t.Errorf("after the revocation: %q", got)
	}
}

func TestRepositoryThatVanishesDuringAScan(t *testing.T) {
	for name, take := range map[string]func(*fakebitbucket.Server, *organization.Repository){
		"deleted": func(s *fakebitbucket.Server, r *organization.Repository) { s.RemoveRepository(r.FullName()) },
		"taken away": func(s *fakebitbucket.Server, r *organization.Repository) {
			s.RevokeRepository(r.FullName(), s.Organization().Connected.UUID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, tableName := range []string{"bitbucket_repository_user_permission", "bitbucket_deploy_key", "bitbucket_repository_permission", "bitbucket_repository_access", "bitbucket_repository_override"} {
				fake := fakebitbucket.Start(t, fakebitbucket.Options{PlainMember: true})
				o := accessTruth{fake.Organization(), fake.Organization().Connected}
				h := connected(t, fake)
				before := h.rows(tableQuery{table: tableName}) // and the inventory is cached
				var gone *organization.Repository
				for _, r := range o.repositories() {
					for _, got := range before {
						if got["repository_full_name"] == r.FullName() && !o.AdministersProject(r.Project, o.user) {
							gone = r
						}
					}
				}
				take(fake, gone)
				if now := fake.Organization(); now.Repository(gone.FullName()) != nil && now.EffectivePermission(gone, o.user) == "admin" {
					t.Fatal("the user still administers it")
				}
				var want []string
				for _, r := range before {
					if r["repository_full_name"] != gone.FullName() {
						want = append(want, joinFields(r["repository_full_name"], r["title"]))
					}
				}
				checkLines(t, tableName, want, lines(h.rows(tableQuery{table: tableName}), "repository_full_name", "title"))
				_, err := h.try(context.Background(), tableQuery{table: tableName, where: []*proto.Qual{where("repository_full_name", "=", gone.FullName())}})
				if err == nil {
					t.Errorf("%s: no error for a named repository that is gone", tableName)
				}
			}
		})
	}
}

// TestRefusalsThatAreNoAnswer checks that a server error, or the web page of a proxy, does not look like a deleted repository.
func TestRefusalsThatAreNoAnswer(t *testing.T) {
	for name, fault := range map[string]fakebitbucket.Fault{
		"a web page, not found": {Kind: fakebitbucket.FaultHTML, Status: http.StatusNotFound},
		"a web page, forbidden": {Kind: fakebitbucket.FaultHTML, Status: http.StatusForbidden},
		"not found":             {Kind: fakebitbucket.FaultStatus, Status: http.StatusNotFound, Body: `{"type":"error","error":{"message":"no such thing"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			fake := fakebitbucket.Start(t, fakebitbucket.Options{})
			h := connected(t, fake)
			fault.Path, fault.Count, fault.Skip = "/2.0/repositories/{workspace}/{repo_slug}/{rest...}", -1, 3
			fake.Inject(fault)
			for _, tableName := range []string{"bitbucket_repository_user_permission", "bitbucket_deploy_key", "bitbucket_webhook"} {
				if rows, err := h.try(context.Background(), tableQuery{table: tableName}); err == nil {
					t.Errorf("%s: %d rows and no error", tableName, len(rows))
				}
			}
		})
	}
}

func TestScansShareTheRepositories(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 250, OneWorkspace: true})
	h := connected(t, fake)
	tableNames := []string{"bitbucket_deploy_key", "bitbucket_webhook", "bitbucket_branch_restriction", "bitbucket_default_reviewer", "bitbucket_repository_override"}
	inParallel(len(tableNames), len(tableNames), func(i int) {
		if _, err := h.try(context.Background(), tableQuery{table: tableNames[i-1]}); err != nil {
			t.Error(err)
		}
	})
	got := requested(fake)
	if got["/repositories/{workspace}"] != 4 || got["/user/workspaces"] != 1 { // three pages, and the empty workspace
		t.Errorf("the inventory took %d and %d requests, want 4 and 1", got["/repositories/{workspace}"], got["/user/workspaces"])
	}
}

func TestLimitOverRepositories(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 500, OneWorkspace: true})
	for i, tableName := range []string{"bitbucket_repository_override", "bitbucket_repository_user_permission", "bitbucket_repository_permission", "bitbucket_repository_access"} {
		h := connected(t, fake, fmt.Sprintf("max_wait = \"%ds\"", 50+i)) // a connection with nothing in its cache
		fake.ResetJournal()
		if rows := h.rows(tableQuery{table: tableName, limit: 5}); len(rows) != 5 {
			t.Errorf("%s: %d rows, want 5", tableName, len(rows))
		}
		if n := len(fake.Journal()); n > 25 {
			t.Errorf("%s: %d requests for 5 rows: %v", tableName, n, requested(fake))
		}
	}
	settle(t)
}

// TestNamedWorkspaceIsTheSame checks that a row is the same whether the query names the workspace or not.
func TestNamedWorkspaceIsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	slug := fake.Organization().Workspaces[0].Slug
	for tableName := range administrators {
		columns := strings.Fields(allColumns(tableName))
		var all []map[string]any
		for _, r := range h.rows(tableQuery{table: tableName}) {
			if r["workspace_slug"] == slug {
				all = append(all, r)
			}
		}
		checkLines(t, tableName, lines(all, columns...), lines(h.rows(tableQuery{table: tableName, where: []*proto.Qual{where("workspace_slug", "=", slug)}}), columns...))
	}
}
