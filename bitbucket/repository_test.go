package bitbucket

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// covered returns the repositories that a user sees in the workspaces that the user belongs to.
func covered(o *organization.Organization, u *organization.User) []*organization.Repository {
	var found []*organization.Repository
	for _, r := range o.VisibleRepositories(u) {
		if o.Membership(r.Workspace, u) != nil {
			found = append(found, r)
		}
	}
	return found
}

// fullNames returns the sorted full names of the repositories that satisfy the condition, or of all if it is nil.
func fullNames(repositories []*organization.Repository, satisfied func(*organization.Repository) bool) []string {
	var names []string
	for _, r := range repositories {
		if satisfied == nil || satisfied(r) {
			names = append(names, r.FullName())
		}
	}
	slices.Sort(names)
	return names
}

func sorted(values []string) []string {
	slices.Sort(values)
	return values
}

// requested returns the number of requests of each endpoint since the journal was reset.
func requested(fake *fakebitbucket.Server) map[string]int {
	counts := map[string]int{}
	for _, e := range fake.Journal() {
		counts[strings.TrimPrefix(e.Endpoint, "/2.0")]++
	}
	return counts
}

func TestRepository(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 250})
	h := connected(t, fake)
	o := fake.Organization()
	rows := h.rows(tableQuery{table: "bitbucket_repository", columns: allColumns("bitbucket_repository")})
	if diff := gocmp.Diff(fullNames(covered(o, o.Connected), nil), sorted(columnValues(rows, "full_name"))); diff != "" {
		t.Fatalf("repositories mismatch (-want +got):\n%s", diff)
	}
	for _, got := range rows {
		r := o.Repository(got["full_name"].(string))
		want := map[string]any{
			"uuid": r.UUID, "name": orNil(r.Name), "title": orNil(r.Name), "description": orNil(r.Description), "language": orNil(r.Language),
			"is_private": r.IsPrivate, "fork_policy": r.ForkPolicy, "mainbranch_name": orNil(r.MainBranch),
			"owner_uuid": r.Owner.UUID, "owner_type": r.Owner.Type, "owner_display_name": r.Owner.DisplayName, "owner_account_id": orNil(r.Owner.AccountID),
			"has_issues": r.HasIssues, "has_wiki": r.HasWiki, "scm": "git", "type": "repository", "role": nil,
		}
		if r.Parent != nil {
			want["parent_full_name"], want["parent_uuid"] = r.Parent.FullName(), r.Parent.UUID
		} else {
			want["parent_full_name"], want["parent_uuid"] = nil, nil
		}
		for field, columns := range map[string]map[string]any{
			"slug":       {"slug": r.Slug},
			"size":       {"size": r.Size},
			"created_on": {"created_on": r.CreatedOn.UTC().Truncate(time.Microsecond)},
			"updated_on": {"updated_on": r.UpdatedOn.UTC().Truncate(time.Microsecond)},
			"project":    {"project_key": r.Project.Key, "project_name": r.Project.Name, "project_uuid": r.Project.UUID},
			"workspace":  {"workspace_slug": r.Workspace.Slug, "workspace_uuid": r.Workspace.UUID, "workspace_name": r.Workspace.Name},
		} {
			for col, value := range columns {
				switch {
				case !slices.Contains(r.Missing, field):
					want[col] = value
				case field != "workspace":
					want[col] = nil
				}
			}
		}
		for col, value := range want {
			if slices.Contains(r.Missing, col) {
				value = nil
			}
			if diff := gocmp.Diff(value, got[col]); diff != "" {
				t.Errorf("%s: %s mismatch (-want +got):\n%s", r.FullName(), col, diff)
			}
		}
		for _, col := range []string{"html_url", "self_link"} {
			if link, _ := got[col].(string); !strings.HasPrefix(link, "https://bitbucket.org/") && !strings.HasPrefix(link, "https://api.bitbucket.org/") {
				t.Errorf("%s: %s = %q", r.FullName(), col, link)
			}
		}
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func allColumns(tableName string) string {
	return strings.Join(tableQuery{table: tableName}.columnNames(), " ")
}

func TestRepositoryConditions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 250})
	h := connected(t, fake)
	o := fake.Organization()
	all := covered(o, o.Connected)
	median := slices.Clone(all)
	slices.SortFunc(median, func(a, b *organization.Repository) int { return a.UpdatedOn.Compare(b.UpdatedOn) })
	pick := median[len(median)/2]
	slug := all[0].Workspace.Slug
	type repository = organization.Repository
	known := func(r *repository, fields ...string) bool {
		return !slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(r.Missing, f) })
	}
	for name, test := range map[string]struct {
		where      []*proto.Qual
		wantFilter string // part of the q in each request
		want       func(*repository) bool
	}{
		"workspace":      {[]*proto.Qual{where("workspace_slug", "=", slug)}, "", func(r *repository) bool { return r.Workspace.Slug == slug }},
		"slug":           {[]*proto.Qual{where("slug", "=", pick.Slug)}, "slug = ", func(r *repository) bool { return r.Slug == pick.Slug && known(r, "slug") }},
		"name":           {[]*proto.Qual{where("name", "=", pick.Name)}, "", func(r *repository) bool { return r.Name == pick.Name }},
		"name unlike":    {[]*proto.Qual{where("name", "<>", pick.Name)}, "", func(r *repository) bool { return r.Name != pick.Name }},
		"names":          {[]*proto.Qual{where("name", "=", []string{pick.Name, all[0].Name, "nobody"})}, "", func(r *repository) bool { return r.Name == pick.Name || r.Name == all[0].Name }},
		"like":           {[]*proto.Qual{where("name", "~~", "%a%")}, `name ~ "a"`, func(r *repository) bool { return strings.Contains(r.Name, "a") }},
		"ilike":          {[]*proto.Qual{where("name", "~~*", "P%")}, `name ~ "P"`, func(r *repository) bool { return strings.HasPrefix(strings.ToLower(r.Name), "p") }},
		"project":        {[]*proto.Qual{where("project_key", "=", pick.Project.Key)}, "project.key = ", func(r *repository) bool { return r.Project.Key == pick.Project.Key && known(r, "project") }},
		"language":       {[]*proto.Qual{where("language", "<>", "go")}, "", func(r *repository) bool { return r.Language != "" && r.Language != "go" }},
		"private":        {[]*proto.Qual{where("is_private", "=", true)}, "is_private = true", func(r *repository) bool { return r.IsPrivate }},
		"not private":    {[]*proto.Qual{where("is_private", "<>", true)}, "is_private = false", func(r *repository) bool { return !r.IsPrivate }},
		"fork policy":    {[]*proto.Qual{where("fork_policy", "=", []string{"no_forks", "no_public_forks"})}, "fork_policy IN (", func(r *repository) bool { return r.ForkPolicy != "allow_forks" }},
		"updated since":  {[]*proto.Qual{where("updated_on", ">=", pick.UpdatedOn)}, "updated_on >= ", func(r *repository) bool { return !r.UpdatedOn.Before(pick.UpdatedOn) && known(r, "updated_on") }},
		"updated before": {[]*proto.Qual{where("updated_on", "<", pick.UpdatedOn)}, "updated_on < ", func(r *repository) bool { return r.UpdatedOn.Before(pick.UpdatedOn) && known(r, "updated_on") }},
		"created between": {[]*proto.Qual{where("created_on", ">", pick.CreatedOn.AddDate(-1, 0, 0)), where("created_on", "<=", pick.CreatedOn)}, "created_on > ", func(r *repository) bool {
			return r.CreatedOn.After(pick.CreatedOn.AddDate(-1, 0, 0)) && !r.CreatedOn.After(pick.CreatedOn) && known(r, "created_on")
		}},
		"size":                {[]*proto.Qual{where("size", ">", int(pick.Size))}, "size > ", func(r *repository) bool { return r.Size > pick.Size && known(r, "size") }},
		"size, a fraction":    {[]*proto.Qual{where("size", "<", float64(pick.Size)+0.5)}, "", func(r *repository) bool { return r.Size <= pick.Size && known(r, "size") }},
		"several":             {[]*proto.Qual{where("is_private", "=", true), where("language", "=", "go"), where("workspace_slug", "=", slug)}, " AND ", func(r *repository) bool { return r.IsPrivate && r.Language == "go" && r.Workspace.Slug == slug }},
		"a quote in the name": {[]*proto.Qual{where("name", "=", `nobody" OR name != "`)}, "", func(*repository) bool { return false }},
		"role":                {[]*proto.Qual{where("role", "=", "admin")}, "", func(r *repository) bool { return o.EffectivePermission(r, o.Connected) == "admin" }},
		"full name":           {[]*proto.Qual{where("full_name", "=", pick.FullName())}, "", func(r *repository) bool { return r == pick }},
		"full names":          {[]*proto.Qual{where("full_name", "=", []string{pick.FullName(), all[0].FullName()})}, "", func(r *repository) bool { return r == pick || r == all[0] }},
		"uuid":                {[]*proto.Qual{where("uuid", "=", pick.UUID)}, "", func(r *repository) bool { return r == pick }},
		"full name unlike":    {[]*proto.Qual{where("full_name", "<>", pick.FullName())}, "", func(r *repository) bool { return r != pick }},
		"public, by its name": {[]*proto.Qual{where("full_name", "=", pick.FullName()), where("is_private", "=", !pick.IsPrivate)}, "", func(*repository) bool { return false }},
		"a long list":         {[]*proto.Qual{where("slug", "=", append(manyNames(500), pick.Slug))}, "", func(r *repository) bool { return r.Slug == pick.Slug }},
		"no language":         {[]*proto.Qual{where("language", "=", nil)}, "", func(r *repository) bool { return r.Language == "" }},
		"some language":       {[]*proto.Qual{where("language", "<>", nil)}, "", func(r *repository) bool { return r.Language != "" }},
		"not in a list":       {[]*proto.Qual{where("language", "<>", []string{"go", "ruby"})}, "", func(r *repository) bool { return r.Language != "" }}, // it may be <> ANY
		"missing uuid":        {[]*proto.Qual{where("uuid", "=", "{00000000-0000-4000-8000-000000000000}")}, "", func(*repository) bool { return false }},
		"no uuid":             {[]*proto.Qual{where("uuid", "=", "")}, "", func(*repository) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name", where: test.where})
			if diff := gocmp.Diff(fullNames(all, test.want), sorted(columnValues(rows, "full_name"))); diff != "" {
				t.Errorf("rows mismatch (-want +got):\n%s", diff)
			}
			for _, e := range fake.Journal() {
				if len(e.Query.Get("q")) > maxFilter {
					t.Errorf("Bitbucket was sent a filter of %d bytes", len(e.Query.Get("q")))
				}
				if strings.HasSuffix(e.Endpoint, "/repositories/{workspace}") && !strings.Contains(e.Query.Get("q"), test.wantFilter) {
					t.Errorf("Bitbucket was sent q=%s, want %q in it", e.Query.Get("q"), test.wantFilter)
				}
			}
		})
	}
}

func manyNames(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("nobody-%d", i))
	}
	return names
}

func TestRepositoryNamedButRefused(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	hidden := ""
	for _, r := range o.Repositories {
		if r.IsPrivate && o.EffectivePermission(r, o.Connected) == "" {
			hidden = r.FullName()
		}
	}
	for name, q := range map[string]*proto.Qual{
		"missing repository": where("full_name", "=", covered(o, o.Connected)[0].Workspace.Slug+"/nothing-here"),
		"hidden repository":  where("full_name", "=", hidden),
		"missing workspace":  where("workspace_slug", "=", "nobodys-workspace"),
		"unknown role":       where("role", "=", "janitor"),
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := h.try(context.Background(), tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{q}})
			if err == nil || len(rows) > 0 {
				t.Fatalf("%d rows, error %v, want an error", len(rows), err)
			}
			if message := err.Error(); strings.Contains(message, "<") || strings.Contains(message, "goroutine") || len(message) > 600 {
				t.Errorf("the error is not one readable sentence: %s", message)
			}
		})
	}
}

func TestRepositoryLimitAndOrder(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 700})
	h := connected(t, fake)
	o := fake.Organization()
	all := covered(o, o.Connected)

	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name", limit: 5}); len(rows) != 5 {
		t.Errorf("LIMIT 5 gave %d rows", len(rows))
	}
	if got := requested(fake)["/repositories/{workspace}"]; got != 1 {
		t.Errorf("LIMIT 5 made %d requests for repositories, want 1", got)
	}
	for _, e := range fake.Journal() {
		if strings.HasSuffix(e.Endpoint, "/repositories/{workspace}") && e.Query.Get("pagelen") != "10" {
			t.Errorf("LIMIT 5 requested pages of %s, want the smallest", e.Query.Get("pagelen"))
		}
	}

	slug := all[0].Workspace.Slug
	fake.ResetJournal()
	inOne := where("workspace_slug", "=", slug)
	if rows := h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{inOne}, limit: 250}); len(rows) != 250 {
		t.Errorf("LIMIT 250 gave %d rows", len(rows))
	}
	if diff := gocmp.Diff(map[string]int{"/repositories/{workspace}": 3}, requested(fake)); diff != "" {
		t.Errorf("requests of LIMIT 250 mismatch (-want +got):\n%s", diff)
	}

	all = slices.DeleteFunc(slices.Clone(all), func(r *organization.Repository) bool {
		return slices.ContainsFunc(r.Missing, func(f string) bool { return f == "size" || f == "updated_on" || f == "created_on" })
	})
	for _, test := range []struct {
		column  string
		order   proto.SortOrder
		compare func(a, b *organization.Repository) int
	}{
		{"size", proto.SortOrder_Desc, func(a, b *organization.Repository) int { return cmp.Compare(b.Size, a.Size) }},
		{"updated_on", proto.SortOrder_Asc, func(a, b *organization.Repository) int { return a.UpdatedOn.Compare(b.UpdatedOn) }},
		{"created_on", proto.SortOrder_Desc, func(a, b *organization.Repository) int { return b.CreatedOn.Compare(a.CreatedOn) }},
	} {
		t.Run(fmt.Sprint("order by ", test.column, " ", test.order), func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{
				table: "bitbucket_repository", columns: "full_name " + test.column, limit: 20,
				order: &proto.SortColumn{Column: test.column, Order: test.order},
				where: []*proto.Qual{where("size", ">=", -1), where("updated_on", ">", time.Unix(0, 0)), where("created_on", ">", time.Unix(0, 0))},
			})
			slices.SortStableFunc(all, test.compare)
			var want []string
			for _, r := range all[:20] {
				want = append(want, r.FullName())
			}
			if diff := gocmp.Diff(want, columnValues(rows, "full_name")); diff != "" {
				t.Errorf("rows mismatch (-want +got):\n%s", diff)
			}
			if got, want := requested(fake)["/repositories/{workspace}"], len(o.MembershipsOf(o.Connected)); got != want {
				t.Errorf("%d requests for repositories, want one for each of %d workspaces", got, want)
			}
		})
	}
}

func TestRepositoryNamedInOrder(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	some := slices.Clone(covered(o, o.Connected)[:12])
	rows := h.rows(tableQuery{
		table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{where("full_name", "=", fullNames(some, nil))},
		order: &proto.SortColumn{Column: "created_on", Order: proto.SortOrder_Desc},
	})
	slices.SortFunc(some, func(a, b *organization.Repository) int { return b.CreatedOn.Compare(a.CreatedOn) })
	var want []string
	for _, r := range some {
		want = append(want, r.FullName())
	}
	if diff := gocmp.Diff(want, columnValues(rows, "full_name")); diff != "" {
		t.Errorf("rows mismatch (-want +got):\n%s", diff)
	}
}

func TestRepositoryInListIsOneScan(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	names := []string{"nobody"}
	for _, r := range covered(o, o.Connected)[:20] {
		names = append(names, r.Name)
	}
	fake.ResetJournal()
	rows := h.rows(tableQuery{table: "bitbucket_repository", columns: "name", where: []*proto.Qual{where("name", "=", names)}, limit: 7})
	if len(rows) != 7 {
		t.Errorf("LIMIT 7 gave %d rows", len(rows))
	}
	if got := requested(fake)["/repositories/{workspace}"]; got > 2 {
		t.Errorf("an IN list of %d values made %d requests for repositories", len(names), got)
	}
}

func TestRepositoriesOfManyNames(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	names := fullNames(covered(o, o.Connected)[:60], nil)
	for name, qual := range map[string]*proto.Qual{
		"full names": where("full_name", "=", names),
		"uuids": where("uuid", "=", func() []string {
			var uuids []string
			for _, n := range names {
				uuids = append(uuids, o.Repository(n).UUID)
			}
			return uuids
		}()),
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{qual}})
			if diff := gocmp.Diff(names, sorted(columnValues(rows, "full_name"))); diff != "" {
				t.Errorf("rows mismatch (-want +got):\n%s", diff)
			}
			if n := len(fake.Journal()); n > 5 {
				t.Errorf("60 repositories took %d requests", n)
			}
		})
	}
	fake.ResetJournal()
	h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{where("full_name", "=", names), where("full_name", "<>", names[:30]), where("is_private", "=", true)}, limit: 1})
	if n := requested(fake)["/repositories/{workspace}/{repo_slug}"]; n > 0 {
		t.Errorf("%d lookups of repositories that other conditions exclude", n)
	}
	token := fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(o.Connected.UUID, "repository"))
	var uuids []string
	for _, n := range names[:11] {
		uuids = append(uuids, o.Repository(n).UUID)
	}
	if rows := newHost(t, map[string]string{"bitbucket": token}).rows(tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{where("uuid", "=", uuids)}}); len(rows) != 11 {
		t.Errorf("%d of 11 repositories, for a token that can't list the workspaces", len(rows))
	}
	missing := where("full_name", "=", append(slices.Clone(names), o.Workspaces[0].Slug+"/nothing-here"))
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_repository", columns: "full_name", where: []*proto.Qual{missing}}); err == nil || !strings.Contains(err.Error(), "nothing-here") {
		t.Errorf("error = %v, want one that names the missing repository", err)
	}
}

func TestRepositoryOrderByTwoColumnsReadsWholePages(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 300, OneWorkspace: true})
	h := connected(t, fake)
	req := h.request([]string{"bitbucket"}, tableQuery{table: "bitbucket_repository", columns: "full_name", limit: 5, where: []*proto.Qual{where("workspace_slug", "=", fake.Organization().Workspaces[0].Slug)}})
	req.QueryContext.SortOrder = []*proto.SortColumn{{Column: "updated_on", Order: proto.SortOrder_Asc}, {Column: "size", Order: proto.SortOrder_Asc}}
	stream := &rowStream{ctx: context.Background()}
	if err := h.Execute(req, stream); err != nil || len(stream.rows) != 5 {
		t.Errorf("%d rows, error %v", len(stream.rows), err)
	}
	for _, e := range fake.Journal() {
		if e.Query.Get("pagelen") != "100" {
			t.Errorf("requests for pages of %s", e.Query.Get("pagelen"))
		}
	}
}

func TestRepositoryRequestsTheColumnsOfTheQuery(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{OneWorkspace: true})
	h := connected(t, fake)
	bytes := func(columns string) (n int64) {
		fake.ResetJournal()
		h.rows(tableQuery{table: "bitbucket_repository", columns: columns})
		for _, e := range fake.Journal() {
			n += e.Bytes
		}
		return n
	}
	few, all := bytes("full_name size updated_on"), bytes(allColumns("bitbucket_repository"))
	if few*5 > all {
		t.Errorf("three columns took %d bytes, all took %d", few, all)
	}
}

func TestRepositoryFillsInTheColumnsOfTheQuery(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	for _, r := range connected(t, fake).rows(tableQuery{table: "bitbucket_repository", columns: "name", limit: 3}) {
		if r["name"] == nil || r["title"] != nil {
			t.Errorf("name %v, title %v: want only the name", r["name"], r["title"])
		}
	}
}

func TestRepositoryGrantedAndRevoked(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	var hidden *organization.Repository
	for _, r := range o.Repositories {
		if r.IsPrivate && o.Membership(r.Workspace, o.Connected) != nil && o.EffectivePermission(r, o.Connected) == "" {
			hidden = r
		}
	}
	seen := func(tableName string) bool {
		return slices.Contains(columnValues(h.rows(tableQuery{table: tableName, columns: "full_name"}), "full_name"), hidden.FullName())
	}
	for _, tableName := range []string{"bitbucket_repository", "bitbucket_my_repository"} {
		if seen(tableName) {
			t.Fatalf("%s shows %s before the grant", tableName, hidden.FullName())
		}
		fake.GrantRepository(hidden.FullName(), o.Connected.UUID, "read")
		if !seen(tableName) {
			t.Errorf("%s does not show %s after the grant", tableName, hidden.FullName())
		}
		fake.RevokeRepository(hidden.FullName(), o.Connected.UUID)
		if seen(tableName) {
			t.Errorf("%s still shows %s after the revocation", tableName, hidden.FullName())
		}
	}
}
