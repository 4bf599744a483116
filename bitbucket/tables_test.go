package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// rowsByKey returns rows by the text of some of their columns.
func rowsByKey(t *testing.T, rows []map[string]any, columns ...string) map[string]map[string]any {
	t.Helper()
	index := map[string]map[string]any{}
	for _, r := range rows {
		var key []string
		for _, c := range columns {
			key = append(key, fmt.Sprint(r[c]))
		}
		k := strings.Join(key, " ")
		if index[k] != nil {
			t.Errorf("two rows of %s", k)
		}
		index[k] = r
	}
	return index
}

// columnsOf returns only some columns of rows.
func columnsOf(rows map[string]map[string]any, columns ...string) map[string]map[string]any {
	kept := map[string]map[string]any{}
	for key, r := range rows {
		kept[key] = map[string]any{}
		for _, c := range columns {
			kept[key][c] = r[c]
		}
	}
	return kept
}

func TestMyWorkspace(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	want := map[string]map[string]any{}
	var administered, others []string
	for _, m := range o.MembershipsOf(o.Connected) {
		w := m.Workspace
		want[w.Slug] = map[string]any{
			"slug": w.Slug, "uuid": w.UUID, "is_administrator": m.Permission == "owner", "permission": m.Permission, "title": w.Slug,
		}
		if m.Permission == "owner" {
			administered = append(administered, w.Slug)
		} else {
			others = append(others, w.Slug)
		}
	}
	rows := rowsByKey(t, h.rows(tableQuery{table: "bitbucket_my_workspace"}), "slug")
	if diff := cmp.Diff(want, columnsOf(rows, "slug", "uuid", "is_administrator", "permission", "title")); diff != "" {
		t.Errorf("rows mismatch (-want +got):\n%s", diff)
	}
	if len(administered) == 0 || len(others) == 0 {
		t.Fatal("the organization lacks a workspace that the connected user administers, or one that the user does not")
	}

	for name, test := range map[string]struct {
		columns      string
		where        []*proto.Qual
		want         []string
		wantRequests map[string]int
	}{
		"without details":  {"slug is_administrator", nil, slices.Concat(administered, others), map[string]int{"/user/workspaces": 1}},
		"administered":     {"slug", []*proto.Qual{where("is_administrator", "=", true)}, administered, map[string]int{"/user/workspaces": 1}},
		"not administered": {"slug", []*proto.Qual{where("is_administrator", "<>", true)}, others, map[string]int{"/user/workspaces": 1}},
		"by slug":          {"slug", []*proto.Qual{where("slug", "=", others[0])}, others[:1], map[string]int{"/user/workspaces": 1}},
		"role of one":      {"slug permission", []*proto.Qual{where("slug", "=", others[0])}, others[:1], map[string]int{"/user/workspaces": 1, "/user/workspaces/{workspace}/permission": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_my_workspace", columns: test.columns, where: test.where})
			if diff := cmp.Diff(sorted(slices.Clone(test.want)), sorted(columnValues(rows, "slug"))); diff != "" {
				t.Errorf("rows mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantRequests, requested(fake)); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWorkspace(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	mine := map[string]string{}
	var foreign *organization.Workspace
	for _, w := range o.Workspaces {
		if o.Membership(w, o.Connected) != nil {
			mine[w.Slug] = w.Name
		} else if !w.IsPrivate {
			foreign = w
		}
	}
	got := map[string]string{}
	for _, r := range h.rows(tableQuery{table: "bitbucket_workspace"}) {
		got[r["slug"].(string)] = fmt.Sprint(r["name"])
	}
	if diff := cmp.Diff(mine, got); diff != "" {
		t.Errorf("rows mismatch (-want +got):\n%s", diff)
	}

	for name, q := range map[string]*proto.Qual{
		"a public one by slug": where("slug", "=", foreign.Slug),
		"a public one by uuid": where("uuid", "=", foreign.UUID),
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_workspace", columns: "slug uuid name", where: []*proto.Qual{q}})
			want := []map[string]any{{"slug": foreign.Slug, "uuid": foreign.UUID, "name": foreign.Name}}
			if len(rows) != 1 || !cmp.Equal(want[0], columnsOf(rowsByKey(t, rows, "slug"), "slug", "uuid", "name")[foreign.Slug]) {
				t.Errorf("rows = %v, want %v", rows, want)
			}
			if diff := cmp.Diff(map[string]int{"/workspaces/{workspace}": 1}, requested(fake)); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_workspace", where: []*proto.Qual{where("slug", "=", "nobodys-workspace")}}); err == nil {
		t.Error("no error for a workspace that does not exist")
	}
}

func TestMyRepository(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 250})
	h := connected(t, fake)
	o := fake.Organization()
	want := map[string]map[string]any{}
	var levels = map[string][]string{}
	for _, r := range o.Repositories {
		if p := o.EffectivePermission(r, o.Connected); p != "" {
			want[r.FullName()] = map[string]any{
				"permission": p, "uuid": r.UUID, "name": r.Name, "is_private": r.IsPrivate,
				"workspace_slug": r.Workspace.Slug, "workspace_uuid": r.Workspace.UUID,
			}
			levels[p] = append(levels[p], r.FullName())
		}
	}
	if len(levels["read"]) == 0 || len(levels["write"]) == 0 || len(levels["admin"]) == 0 {
		t.Fatalf("the organization lacks a level: %v", levels)
	}
	columns := []string{"permission", "uuid", "name", "is_private", "workspace_slug", "workspace_uuid"}
	rows := rowsByKey(t, h.rows(tableQuery{table: "bitbucket_my_repository", columns: "full_name " + strings.Join(columns, " ")}), "full_name")
	if diff := cmp.Diff(want, columnsOf(rows, columns...)); diff != "" {
		t.Errorf("rows mismatch (-want +got):\n%s", diff)
	}
	for level, names := range levels {
		t.Run(level, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_my_repository", columns: "full_name", where: []*proto.Qual{where("permission", "=", level)}})
			if diff := cmp.Diff(sorted(names), sorted(columnValues(rows, "full_name"))); diff != "" {
				t.Errorf("rows mismatch (-want +got):\n%s", diff)
			}
			for _, e := range fake.Journal() {
				if strings.HasSuffix(e.Endpoint, "/permissions/repositories") && !strings.Contains(e.Query.Get("q"), "permission = ") {
					t.Errorf("Bitbucket was sent q=%q", e.Query.Get("q"))
				}
			}
		})
	}
	name := levels["write"][0]
	fake.ResetJournal()
	got := h.rows(tableQuery{table: "bitbucket_my_repository", columns: "full_name repository_full_name", where: []*proto.Qual{where("repository_full_name", "=", name)}})
	if len(got) != 1 || got[0]["full_name"] != name || got[0]["repository_full_name"] != name {
		t.Errorf("by repository_full_name: %v", got)
	}
	if diff := cmp.Diff(map[string]int{"/user/workspaces/{workspace}/permissions/repositories": 1}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
}

func TestProject(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Projects: 12})
	h := connected(t, fake)
	o := fake.Organization()
	listed := rowsByKey(t, h.rows(tableQuery{table: "bitbucket_project"}), "workspace_slug", "key")
	if len(listed) == 0 {
		t.Fatal("no projects")
	}
	for key, r := range listed {
		w := o.Workspace(r["workspace_slug"].(string))
		p := o.Project(w, r["key"].(string))
		want := map[string]any{
			"uuid": p.UUID, "name": p.Name, "is_private": p.IsPrivate, "has_publicly_visible_repos": p.HasPubliclyVisibleRepo,
			"workspace_uuid": w.UUID, "created_on": p.CreatedOn.UTC().Truncate(time.Microsecond),
		}
		for col, value := range want {
			if diff := cmp.Diff(value, r[col]); diff != "" {
				t.Errorf("%s: %s mismatch (-want +got):\n%s", key, col, diff)
			}
		}
	}
	var owned int
	for _, w := range o.Workspaces {
		if o.Administers(w, o.Connected) {
			owned = len(o.ProjectsOf(w))
			rows := h.rows(tableQuery{table: "bitbucket_project", columns: "key", where: []*proto.Qual{where("workspace_slug", "=", w.Slug)}})
			if len(rows) != owned {
				t.Errorf("%d projects in %s, want %d", len(rows), w.Slug, owned)
			}
			p := o.ProjectsOf(w)[0]
			fake.ResetJournal()
			rows = h.rows(tableQuery{table: "bitbucket_project", columns: "key", where: []*proto.Qual{where("workspace_slug", "=", w.Slug), where("key", "=", p.Key)}})
			if len(rows) != 1 || rows[0]["key"] != p.Key {
				t.Errorf("by key: %v", rows)
			}
			if diff := cmp.Diff(map[string]int{"/workspaces/{workspace}/projects/{project_key}": 1}, requested(fake)); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
			rows = h.rows(tableQuery{table: "bitbucket_project", columns: "key workspace_slug", where: []*proto.Qual{where("key", "=", p.Key)}})
			if !slices.Contains(columnValues(rows, "workspace_slug"), w.Slug) {
				t.Errorf("by key in all workspaces: %v", rows)
			}
		}
	}
}

func TestWorkspaceMember(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	want := map[string]map[string]any{}
	var one *organization.Membership
	for _, w := range o.Workspaces {
		if o.Membership(w, o.Connected) == nil {
			continue
		}
		for _, m := range o.MembersOf(w) {
			added, accessed := any(nil), any(nil)
			if m.AddedOn != nil && !w.CentrallyAdministered {
				added = m.AddedOn.UTC().Truncate(time.Millisecond)
			}
			if m.LastAccessed != nil && !w.CentrallyAdministered {
				accessed = m.LastAccessed.UTC().Truncate(time.Millisecond)
			}
			want[w.Slug+" "+m.User.UUID] = map[string]any{
				"permission": m.Permission, "display_name": m.User.DisplayName, "account_id": orNil(m.User.AccountID), "member_type": m.User.Type,
				"uuid": m.User.UUID, "workspace_uuid": w.UUID, "added_on": added, "last_accessed": accessed,
			}
			if m.User.AccountID != "" && m.User != o.Connected {
				one = m
			}
		}
	}
	rows := h.rows(tableQuery{table: "bitbucket_workspace_member"})
	if requests, members := requested(fake)["/users/{selected_user}"], len(rows); requests >= members || requests > len(o.Users) {
		t.Errorf("%d memberships of %d users took %d requests for users", members, len(o.Users), requests)
	}
	for _, r := range rows {
		for _, c := range []string{"added_on", "last_accessed"} {
			if at, ok := r[c].(time.Time); ok {
				r[c] = at.Truncate(time.Millisecond)
			}
		}
	}
	got := columnsOf(rowsByKey(t, rows, "workspace_slug", "user_uuid"), "permission", "display_name", "account_id", "member_type", "uuid", "workspace_uuid", "added_on", "last_accessed")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows mismatch (-want +got):\n%s", diff)
	}

	for name, test := range map[string]struct {
		columns string
		where   []*proto.Qual
		want    func(*organization.Membership) bool
		path    string
	}{
		"owners":       {"user_uuid workspace_slug", []*proto.Qual{where("permission", "=", "owner")}, func(m *organization.Membership) bool { return m.Permission == "owner" }, "/permissions"},
		"by uuid":      {"user_uuid workspace_slug", []*proto.Qual{where("user_uuid", "=", one.User.UUID)}, func(m *organization.Membership) bool { return m.User == one.User }, "/members"},
		"by id":        {"user_uuid workspace_slug", []*proto.Qual{where("account_id", "=", one.User.AccountID)}, func(m *organization.Membership) bool { return m.User == one.User }, "/members"},
		"role of one":  {"user_uuid workspace_slug permission", []*proto.Qual{where("uuid", "=", one.User.UUID)}, func(m *organization.Membership) bool { return m.User == one.User }, "/permissions"},
		"by workspace": {"user_uuid workspace_slug", []*proto.Qual{where("workspace_slug", "=", one.Workspace.Slug)}, func(m *organization.Membership) bool { return m.Workspace == one.Workspace }, "/members"},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for _, w := range o.Workspaces {
				for _, m := range o.MembersOf(w) {
					if o.Membership(w, o.Connected) != nil && test.want(m) {
						want = append(want, w.Slug+" "+m.User.UUID)
					}
				}
			}
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_workspace_member", columns: test.columns, where: test.where})
			var got []string
			for key := range rowsByKey(t, rows, "workspace_slug", "user_uuid") {
				got = append(got, key)
			}
			if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
				t.Errorf("rows mismatch (-want +got):\n%s", diff)
			}
			if requested(fake)["/workspaces/{workspace}"+test.path] == 0 {
				t.Errorf("no request for %s: %v", test.path, requested(fake))
			}
		})
	}
}

func TestUser(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	other := o.Users[len(o.Users)/2]
	for name, test := range map[string]struct {
		where []*proto.Qual
		want  *organization.User
		path  string
	}{
		"the connected user": {nil, o.Connected, "/user"},
		"by uuid":            {[]*proto.Qual{where("uuid", "=", other.UUID)}, other, "/users/{selected_user}"},
		"by account id":      {[]*proto.Qual{where("account_id", "=", o.Connected.AccountID)}, o.Connected, "/users/{selected_user}"},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_user", where: test.where})
			if len(rows) != 1 || rows[0]["uuid"] != test.want.UUID || rows[0]["display_name"] != test.want.DisplayName || rows[0]["type"] != test.want.Type {
				t.Errorf("rows = %v, want %s", rows, test.want.DisplayName)
			}
			if diff := cmp.Diff(map[string]int{test.path: 1}, requested(fake)); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
		})
	}
	if rows := h.rows(tableQuery{table: "bitbucket_user", where: []*proto.Qual{where("uuid", "=", "{00000000-0000-4000-8000-000000000000}")}}); len(rows) != 0 {
		t.Errorf("rows = %v of a user that does not exist", rows)
	}
	if rows := h.rows(tableQuery{table: "bitbucket_user", where: []*proto.Qual{where("uuid", "=", o.Workspaces[0].Account.UUID)}}); len(rows) != 0 {
		t.Errorf("rows = %v of the account of a workspace", rows)
	}
}

func TestRateLimit(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Quota: 1000})
	h := connected(t, fake)
	r := h.rows(tableQuery{table: "bitbucket_rate_limit"})[0]
	if r["request_limit"] != int64(1000) || r["remaining"] != int64(999) || r["requests"] != int64(1) {
		t.Errorf("row = %v, want 999 of 1000 left after one request", r)
	}
	if reset, _ := r["reset_at"].(time.Time); time.Until(reset) <= 0 || time.Until(reset) > time.Hour+time.Minute {
		t.Errorf("reset_at = %v, want within the hour", r["reset_at"])
	}
	fake.ResetJournal()
	h.rows(tableQuery{table: "bitbucket_rate_limit"})
	if n := len(fake.Journal()); n != 0 {
		t.Errorf("the second query made %d requests, want none", n)
	}

	refused := fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(fake.Organization().Connected.UUID, "repository"))
	r = newHost(t, map[string]string{"bitbucket": refused}).rows(tableQuery{table: "bitbucket_rate_limit"})[0]
	if r["request_limit"] != int64(1000) {
		t.Errorf("row = %v, want the values in the headers of the refusal", r)
	}

	withoutHeaders := fakebitbucket.Start(t, fakebitbucket.Options{})
	r = connected(t, withoutHeaders).rows(tableQuery{table: "bitbucket_rate_limit"})[0]
	if r["request_limit"] != nil || r["remaining"] != nil || r["observed_at"] != nil || r["requests"] != int64(1) {
		t.Errorf("row = %v, want nulls without headers", r)
	}
}

func TestWorkspacesOfTheConnection(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	var first, second, foreign string
	for _, w := range o.Workspaces {
		switch {
		case o.Administers(w, o.Connected):
			first = w.Slug
		case o.Membership(w, o.Connected) != nil:
			second = w.Slug
		default:
			foreign = w.Slug
		}
	}
	for name, test := range map[string]struct {
		workspaces   string
		where        []*proto.Qual
		want         []string
		wantRequests int // requests for the inventory
	}{
		"all":                     {"", nil, []string{first, second}, 1},
		"one by name":             {fmt.Sprintf("workspaces = [%q]", second), nil, []string{second}, 0},
		"a public one by name":    {fmt.Sprintf("workspaces = [%q]", foreign), nil, []string{foreign}, 0},
		"a pattern":               {fmt.Sprintf("workspaces = [%q]", first[:3]+"*"), nil, []string{first}, 1},
		"another case":            {fmt.Sprintf("workspaces = [%q]", strings.ToUpper(first[:3])+"*"), nil, []string{first}, 1},
		"the query's, covered":    {fmt.Sprintf("workspaces = [%q, %q]", first, second), []*proto.Qual{where("workspace_slug", "=", first)}, []string{first}, 0},
		"the query's, left out":   {fmt.Sprintf("workspaces = [%q]", second), []*proto.Qual{where("workspace_slug", "=", first)}, nil, 0},
		"the query's, no pattern": {"", []*proto.Qual{where("workspace_slug", "=", foreign)}, []string{foreign}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := connected(t, fake, test.workspaces)
			fake.ResetJournal()
			found := columnValues(h.rows(tableQuery{table: "bitbucket_repository", columns: "workspace_slug", where: test.where}), "workspace_slug")
			if diff := cmp.Diff(sorted(slices.Clone(test.want)), slices.Compact(sorted(found))); diff != "" {
				t.Errorf("workspaces mismatch (-want +got):\n%s", diff)
			}
			if got := requested(fake)["/user/workspaces"]; got != test.wantRequests {
				t.Errorf("%d requests for the inventory, want %d", got, test.wantRequests)
			}
		})
	}
}

// TestNamedButNotCovered names what the connection doesn't cover. It is neither requested nor shown.
func TestNamedButNotCovered(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	w, other := o.Workspaces[0], o.Workspaces[1]
	r := o.RepositoriesOf(w)[0]
	h := connected(t, fake, fmt.Sprintf("workspaces = [%q]", other.Slug))
	for name, test := range map[string]struct {
		query        tableQuery
		wantRequests int
	}{
		"repository by name":   {tableQuery{table: "bitbucket_repository", where: []*proto.Qual{where("full_name", "=", r.FullName())}}, 0},
		"repository by uuid":   {tableQuery{table: "bitbucket_repository", where: []*proto.Qual{where("uuid", "=", r.UUID)}}, 1},
		"workspace by slug":    {tableQuery{table: "bitbucket_workspace", where: []*proto.Qual{where("slug", "=", w.Slug)}}, 0},
		"workspace by uuid":    {tableQuery{table: "bitbucket_workspace", where: []*proto.Qual{where("uuid", "=", w.UUID)}}, 1},
		"membership":           {tableQuery{table: "bitbucket_my_workspace", columns: "slug", where: []*proto.Qual{where("slug", "=", w.Slug)}}, 1},
		"permission by name":   {tableQuery{table: "bitbucket_my_repository", where: []*proto.Qual{where("full_name", "=", r.FullName())}}, 0},
		"members of workspace": {tableQuery{table: "bitbucket_workspace_member", where: []*proto.Qual{where("workspace_slug", "=", w.Slug)}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			if rows := h.rows(test.query); len(rows) != 0 {
				t.Errorf("%d rows, want none", len(rows))
			}
			if got := len(fake.Journal()); got != test.wantRequests {
				t.Errorf("%d requests, want %d", got, test.wantRequests)
			}
		})
	}
}

// TestNamedInTwoWays names things in several ways, in the query or the connection. Each row appears once, and under its own
// name only.
func TestNamedInTwoWays(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	w := o.Workspaces[0]
	own := len(o.RepositoriesOf(w))
	upper, twice := strings.ToUpper, func(values ...string) any { return values }
	for name, test := range map[string]struct {
		config string
		query  tableQuery
		want   int
	}{
		"connection":                 {fmt.Sprintf("workspaces = [%q, %q]", w.Slug, w.Slug), tableQuery{table: "bitbucket_repository"}, own},
		"connection, another case":   {fmt.Sprintf("workspaces = [%q]", upper(w.Slug)), tableQuery{table: "bitbucket_repository"}, own},
		"user by uuid and by id":     {"", tableQuery{table: "bitbucket_user", where: []*proto.Qual{where("uuid", "=", twice(o.Connected.UUID, o.Connected.AccountID))}}, 1},
		"a workspace beside pattern": {fmt.Sprintf("workspaces = [%q, %q]", o.Workspaces[2].Slug, w.Slug[:3]+"*"), tableQuery{table: "bitbucket_workspace"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := connected(t, fake, test.config)
			if rows := h.rows(test.query); len(rows) != test.want {
				t.Errorf("%d rows, want %d", len(rows), test.want)
			}
		})
	}
	if _, err := connected(t, fake, `workspaces = ["nobodys-workspace", "h*"]`).try(context.Background(), tableQuery{table: "bitbucket_repository"}); err == nil {
		t.Error("no error for a workspace that the connection names and that does not exist, beside a pattern")
	}
}

func TestProjectOfSeveralWorkspaces(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	first, second := o.Workspaces[0], o.Workspaces[1]
	for _, p := range o.ProjectsOf(first) {
		if o.Project(second, p.Key) != nil {
			continue
		}
		rows := h.rows(tableQuery{table: "bitbucket_project", columns: "key", where: []*proto.Qual{where("workspace_slug", "=", []string{first.Slug, second.Slug}), where("key", "=", p.Key)}})
		if len(rows) != 1 {
			t.Errorf("%d rows of %s, which only one of two workspaces has", len(rows), p.Key)
		}
		if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_project", where: []*proto.Qual{where("workspace_slug", "=", second.Slug), where("key", "=", p.Key)}}); err == nil {
			t.Errorf("no error for %s in %s", p.Key, second.Slug)
		}
		return
	}
	t.Fatal("both workspaces have the same projects")
}

func TestMyRepositoryLooksUpFewDetails(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 500, OneWorkspace: true})
	o := fake.Organization()
	h := connected(t, fake)
	r := o.RepositoriesOf(o.Workspaces[0])[3]
	for name, test := range map[string]struct {
		query tableQuery
		want  map[string]int
	}{
		"named": {tableQuery{table: "bitbucket_my_repository", columns: "full_name size", where: []*proto.Qual{where("full_name", "=", r.FullName())}},
			map[string]int{"/user/workspaces/{workspace}/permissions/repositories": 1, "/repositories/{workspace}/{repo_slug}": 1}},
		"limited": {tableQuery{table: "bitbucket_my_repository", columns: "full_name size", limit: 2, where: []*proto.Qual{where("workspace_slug", "=", o.Workspaces[0].Slug)}},
			map[string]int{"/user/workspaces/{workspace}/permissions/repositories": 1, "/repositories/{workspace}/{repo_slug}": 2}},
		"all": {tableQuery{table: "bitbucket_my_repository", columns: "full_name size", where: []*proto.Qual{where("workspace_slug", "=", o.Workspaces[0].Slug)}},
			map[string]int{"/user/workspaces/{workspace}/permissions/repositories": 5, "/repositories/{workspace}": 5}},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			for _, got := range h.rows(test.query) {
				if want := o.Repository(got["full_name"].(string)).Size; got["size"] != want {
					t.Errorf("size of %s is %v, want %d", got["full_name"], got["size"], want)
				}
			}
			if diff := cmp.Diff(test.want, requested(fake)); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMyRepositoryIsTheSameNamedOrNot checks that a row is the same for any requests.
func TestMyRepositoryIsTheSameNamedOrNot(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	slug := fake.Organization().Workspaces[1].Slug
	h := connected(t, fake)
	all := map[string]map[string]any{}
	for key, r := range rowsByKey(t, h.rows(tableQuery{table: "bitbucket_my_repository"}), "full_name") {
		if r["workspace_slug"] == slug {
			all[key] = r
		}
	}
	ofWorkspace := rowsByKey(t, h.rows(tableQuery{table: "bitbucket_my_repository", where: []*proto.Qual{where("workspace_slug", "=", slug)}}), "full_name")
	columns := tableQuery{table: "bitbucket_my_repository"}.columnNames()
	if diff := cmp.Diff(columnsOf(all, columns...), columnsOf(ofWorkspace, columns...)); diff != "" {
		t.Errorf("rows mismatch (-all +named):\n%s", diff)
	}
}

// TestMyRepositoryThatVanishesDuringTheScan revokes the access to a repository between two lists of a scan. Its row is missing,
// without an error.
func TestMyRepositoryThatVanishesDuringTheScan(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	slug := fake.Organization().Workspaces[0].Slug
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/user/workspaces/{workspace}/permissions/repositories", Kind: fakebitbucket.FaultStatus, Status: http.StatusOK, Count: -1,
		Body: `{"values":[{"type":"repository_permission","permission":"read","repository":{"full_name":"` + slug + `/gone","name":"gone","uuid":"{00000000-0000-4000-8000-000000000000}"}}]}`,
	})
	if rows := h.rows(tableQuery{table: "bitbucket_my_repository", columns: "full_name size", where: []*proto.Qual{where("workspace_slug", "=", slug)}}); len(rows) != 0 {
		t.Errorf("rows = %v, want none", rows)
	}

	there := fake.Organization().RepositoriesOf(fake.Organization().Workspaces[0])
	fake.ClearFaults()
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/user/workspaces/{workspace}/permissions/repositories", Kind: fakebitbucket.FaultHandler, Count: -1,
		Handler: func(w http.ResponseWriter, r *http.Request) {
			items := `{"permission":"read","repository":{"full_name":"` + slug + `/gone","name":"gone","uuid":"{00000000-0000-4000-8000-000000000000}"}}`
			for _, r := range there[:12] {
				items += fmt.Sprintf(`,{"permission":"read","repository":{"full_name":%q,"name":"n","uuid":%q}}`, r.FullName(), r.UUID)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"values":[%s]}`, items)
		},
	})
	for _, limit := range []int64{1, 2, 11, 12} {
		rows := h.rows(tableQuery{table: "bitbucket_my_repository", columns: "full_name size", limit: limit, where: []*proto.Qual{where("workspace_slug", "=", slug)}})
		if int64(len(rows)) != limit {
			t.Errorf("LIMIT %d gave %d rows, with one of 13 gone", limit, len(rows))
		}
	}
}

func TestProjectsOfManyKeys(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	all := h.rows(tableQuery{table: "bitbucket_project", columns: "key workspace_slug"})
	fake.ResetJournal()
	rows := h.rows(tableQuery{table: "bitbucket_project", columns: "key workspace_slug", where: []*proto.Qual{where("key", "=", append(manyNames(60), columnValues(all, "key")...))}})
	if len(rows) != len(all) {
		t.Errorf("%d projects, want %d", len(rows), len(all))
	}
	if n := len(fake.Journal()); n > 3 {
		t.Errorf("%d requests, want a list for each workspace", n)
	}
}

func TestAggregator(t *testing.T) {
	first := fakebitbucket.Start(t, fakebitbucket.Options{Seed: 1})
	second := fakebitbucket.Start(t, fakebitbucket.Options{Seed: 2})
	h := newHost(t, map[string]string{
		"one": connectionTo(first, first.Organization().Connected.UUID),
		"two": connectionTo(second, second.Organization().Connected.UUID),
	})
	rows, err := h.tryOn(context.Background(), []string{"one", "two"}, tableQuery{table: "bitbucket_repository", columns: "full_name"})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for name, fake := range map[string]*fakebitbucket.Server{"one": first, "two": second} {
		for _, full := range fullNames(covered(fake.Organization(), fake.Organization().Connected), nil) {
			want = append(want, name+" "+full)
		}
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r["sp_connection_name"], " ", r["full_name"]))
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("rows mismatch (-want +got):\n%s", diff)
	}
}

// TestAggregatorInOrder queries an aggregator in an order. Steampipe does not sort these rows itself.
func TestAggregatorInOrder(t *testing.T) {
	first := fakebitbucket.Start(t, fakebitbucket.Options{Seed: 1})
	second := fakebitbucket.Start(t, fakebitbucket.Options{Seed: 2})
	h := newHost(t, map[string]string{
		"one": connectionTo(first, first.Organization().Connected.UUID),
		"two": connectionTo(second, second.Organization().Connected.UUID),
	})
	var want []time.Time
	for _, fake := range []*fakebitbucket.Server{first, second} {
		for _, r := range covered(fake.Organization(), fake.Organization().Connected) {
			want = append(want, r.UpdatedOn.UTC().Truncate(time.Microsecond))
		}
	}
	slices.SortFunc(want, func(a, b time.Time) int { return b.Compare(a) })
	for name, limit := range map[string]int64{"all": 0, "limited": 10} {
		t.Run(name, func(t *testing.T) {
			rows, err := h.tryOn(context.Background(), []string{"one", "two"}, tableQuery{
				table: "bitbucket_repository", columns: "full_name updated_on", limit: limit,
				order: &proto.SortColumn{Column: "updated_on", Order: proto.SortOrder_Desc},
			})
			if err != nil {
				t.Fatal(err)
			}
			got, want := []time.Time(nil), want
			for _, r := range rows {
				got = append(got, r["updated_on"].(time.Time))
			}
			if limit > 0 { // each connection has its own limit; the host takes the first rows of all
				got, want = got[:limit], want[:limit]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
		})
	}
	second.Inject(failing(""))
	if _, err := h.tryOn(context.Background(), []string{"one", "two"}, tableQuery{
		table: "bitbucket_repository", columns: "updated_on", order: &proto.SortColumn{Column: "updated_on", Order: proto.SortOrder_Desc},
	}); err == nil || !strings.Contains(err.Error(), "two: ") {
		t.Errorf("error = %v, want the error of connection two", err)
	}
	settle(t)
}

func TestQueriesShareTheInventory(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	for range 5 {
		h.rows(tableQuery{table: "bitbucket_repository", columns: "name"})
		h.rows(tableQuery{table: "bitbucket_project", columns: "name"})
		h.rows(tableQuery{table: "bitbucket_workspace_member", columns: "display_name"})
	}
	if got := requested(fake)["/user/workspaces"]; got != 1 {
		t.Errorf("15 queries requested the workspaces %d times, want once", got)
	}
}

// TestWorkspaceUUIDIsTheSameNamedOrNot checks that rows that only belong to a workspace show its uuid, whether the query names
// it or not.
func TestWorkspaceUUIDIsTheSameNamedOrNot(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	w := o.Workspaces[0]
	h := connected(t, fake)
	quals := []*proto.Qual{where("workspace_slug", "=", w.Slug)}
	for _, tab := range tables {
		if !slices.ContainsFunc(tab.columns, func(c column) bool { return c.name == "workspace_uuid" && c.from()[0].part == workspacePart }) {
			continue
		}
		rows := h.rows(tableQuery{table: tab.name, columns: "workspace_slug workspace_uuid", where: quals})
		for _, r := range rows {
			if r["workspace_uuid"] != w.UUID {
				t.Errorf("%s: %v", tab.name, r)
			}
		}
		if len(rows) == 0 {
			t.Errorf("%s: no rows in %s", tab.name, w.Slug)
		}
	}
}
