package bitbucket

import (
	"context"
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

// seenForks returns the forks that the connected user sees, of the repositories in the user's workspaces.
func seenForks(o *organization.Organization, matches func(parent, fork *organization.Repository) bool) []string {
	var all []string
	for _, r := range covered(o, o.Connected) {
		for _, f := range o.Forks(r) {
			if (!f.IsPrivate || o.EffectivePermission(f, o.Connected) != "") && matches(r, f) {
				all = append(all, joinFields(r.FullName(), r.UUID, r.Workspace.Slug, r.Workspace.UUID, f.FullName(), f.UUID, f.Slug, f.IsPrivate, f.Size, f.CreatedOn, f.ForkPolicy, f.Owner.UUID))
			}
		}
	}
	return all
}

func TestFork(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 250})
	o := fake.Organization()
	parent := o.Repositories[slices.IndexFunc(o.Repositories, func(r *organization.Repository) bool { return !r.IsPrivate })]
	fake.AddRepository(organization.Repository{Workspace: o.Workspaces[2], Slug: "hidden-fork", IsPrivate: true, Parent: parent})
	h := connected(t, fake)
	o = fake.Organization()
	columns := []string{"repository_full_name", "repository_uuid", "workspace_slug", "workspace_uuid", "full_name", "uuid", "slug", "is_private", "size", "created_on", "fork_policy", "owner_uuid"}
	newest := time.Time{}
	elsewhere := 0
	for _, r := range covered(o, o.Connected) {
		for _, f := range o.Forks(r) {
			if f.CreatedOn.After(newest) {
				newest = f.CreatedOn.Truncate(time.Microsecond)
			}
			if f.Workspace != r.Workspace && !f.IsPrivate {
				elsewhere++
			}
		}
	}
	if elsewhere == 0 {
		t.Fatal("no fork is in another workspace")
	}
	for name, test := range map[string]struct {
		where     []*proto.Qual
		holds     func(parent, fork *organization.Repository) bool
		wantQuery string
	}{
		"all":        {nil, func(_, _ *organization.Repository) bool { return true }, ""},
		"of one":     {[]*proto.Qual{where("repository_full_name", "=", parent.FullName())}, func(p, _ *organization.Repository) bool { return p.UUID == parent.UUID }, ""},
		"workspace":  {[]*proto.Qual{where("workspace_slug", "=", "QuarryTools")}, func(p, _ *organization.Repository) bool { return p.Workspace.Slug == "QuarryTools" }, ""},
		"public":     {[]*proto.Qual{where("is_private", "=", false)}, func(_, f *organization.Repository) bool { return !f.IsPrivate }, "q=is_private = false"},
		"private":    {[]*proto.Qual{where("is_private", "<>", false)}, func(_, f *organization.Repository) bool { return f.IsPrivate }, "q=is_private = true"},
		"recent":     {[]*proto.Qual{where("created_on", ">", newest.AddDate(0, -6, 0))}, func(_, f *organization.Repository) bool { return f.CreatedOn.After(newest.AddDate(0, -6, 0)) }, "q=created_on > "},
		"large":      {[]*proto.Qual{where("size", ">", 1<<26)}, func(_, f *organization.Repository) bool { return f.Size > 1<<26 }, "q=size > "},
		"by name":    {[]*proto.Qual{where("name", "~~", "%e%")}, func(_, f *organization.Repository) bool { return strings.Contains(f.Name, "e") }, "q=name ~ "},
		"in a role":  {[]*proto.Qual{where("role", "=", "admin")}, func(_, f *organization.Repository) bool { return o.EffectivePermission(f, o.Connected) == "admin" }, "role=admin"},
		"one uuid":   {[]*proto.Qual{where("uuid", "=", o.Forks(parent)[0].UUID)}, func(_, f *organization.Repository) bool { return f.UUID == o.Forks(parent)[0].UUID }, "q=uuid = "},
		"until then": {[]*proto.Qual{where("updated_on", "<=", newest)}, func(_, f *organization.Repository) bool { return !f.UpdatedOn.After(newest) }, "q=updated_on <= "},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			checkLines(t, name, seenForks(o, test.holds), lines(h.rows(tableQuery{table: "bitbucket_fork", columns: strings.Join(columns, " "), where: test.where}), columns...))
			for _, e := range fake.Journal() {
				parameter, value, _ := strings.Cut(test.wantQuery, "=")
				if strings.HasSuffix(e.Endpoint, "/forks") && !strings.HasPrefix(e.Query.Get(parameter), value) {
					t.Fatalf("a request with %v, without %s", e.Query, test.wantQuery)
				}
			}
		})
	}
	roles := h.rows(tableQuery{table: "bitbucket_fork", columns: "full_name role", where: []*proto.Qual{where("role", "=", []string{"admin", "member"})}})
	for _, role := range []string{"admin", "member"} {
		if !slices.Contains(columnValues(roles, "role"), role) {
			t.Errorf("no fork in the role %s: %v", role, roles)
		}
	}
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_fork", where: []*proto.Qual{where("role", "=", "janitor")}}); err == nil || !strings.Contains(err.Error(), `unknown role "janitor" on a fork`) {
		t.Errorf("error %v for a role that is none", err)
	}
}

func TestRepositoryWatcher(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	columns := []string{"repository_full_name", "repository_uuid", "workspace_slug", "user_uuid", "user_account_id", "user_display_name", "user_nickname", "user_type", "title"}
	of := func(repositories []*organization.Repository) []string {
		var all []string
		for _, r := range repositories {
			for _, u := range o.Watchers(r) {
				all = append(all, joinFields(r.FullName(), r.UUID, r.Workspace.Slug, u.UUID, orNil(u.AccountID), u.DisplayName, orNil(u.Nickname), u.Type, u.DisplayName))
			}
		}
		return all
	}
	all := covered(o, o.Connected)
	checkLines(t, "watchers", of(all), lines(h.rows(tableQuery{table: "bitbucket_repository_watcher"}), columns...))
	if got := requested(fake)["/repositories/{workspace}/{repo_slug}/watchers"]; got != len(all) {
		t.Errorf("%d requests for watchers of %d repositories", got, len(all))
	}
	watched := slices.DeleteFunc(slices.Clone(all), func(r *organization.Repository) bool { return len(o.Watchers(r)) == 0 })[:3]
	names := []string{watched[0].FullName(), watched[1].FullName(), watched[2].FullName()}
	fake.ResetJournal()
	checkLines(t, "of some", of(watched), lines(h.rows(tableQuery{table: "bitbucket_repository_watcher", where: []*proto.Qual{where("repository_full_name", "=", names)}}), columns...))
	if got := requested(fake)["/repositories/{workspace}/{repo_slug}/watchers"]; got != 3 {
		t.Errorf("%d requests for watchers of 3 repositories", got)
	}
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_repository_watcher", columns: "user_uuid", limit: 1}); len(rows) != 1 {
		t.Errorf("LIMIT 1 gave %d rows", len(rows))
	}
	if got := requested(fake)["/repositories/{workspace}/{repo_slug}/watchers"]; got > 8 {
		t.Errorf("LIMIT 1 made %d requests", got)
	}
}

func TestDownload(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	columns := []string{"repository_full_name", "workspace_slug", "name", "title", "size", "downloads", "created_on", "user_uuid", "user_display_name"}
	var want []string
	var off, on *organization.Repository
	for _, r := range covered(o, o.Connected) {
		files, isOn := o.Downloads(r)
		if !isOn {
			off = r
		}
		for _, d := range files {
			on = r
			uuid, name := any(nil), any(nil)
			if d.User != nil {
				uuid, name = d.User.UUID, d.User.DisplayName
			}
			want = append(want, joinFields(r.FullName(), r.Workspace.Slug, d.Name, d.Name, d.Size, d.Downloads, d.CreatedOn, uuid, name))
		}
	}
	checkLines(t, "downloads", want, lines(h.rows(tableQuery{table: "bitbucket_download"}), columns...))

	downloads := func(r *organization.Repository) ([]map[string]any, error) {
		return h.try(context.Background(), tableQuery{table: "bitbucket_download", columns: "name", where: []*proto.Qual{where("repository_full_name", "=", r.FullName())}})
	}
	if rows, err := downloads(off); err != nil || len(rows) > 0 {
		t.Errorf("%d rows, error %v of a repository whose downloads are off", len(rows), err)
	}
	h.wantOmission(Omission{Table: "bitbucket_download", Workspace: off.Workspace.Slug, Repository: off.FullName(), Reason: ReasonFeatureOff})
	files, _ := o.Downloads(on)
	if rows, err := downloads(on); err != nil || len(rows) != len(files) {
		t.Errorf("%d of %d downloads, error %v", len(rows), len(files), err)
	}

	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultHandler, Path: "/2.0/repositories/{workspace}/" + on.Slug + "/downloads", Match: func(*http.Request) bool { return true },
		Handler: func(w http.ResponseWriter, req *http.Request) {
			fake.RemoveRepository(on.FullName())
			fake.Answer(w, req)
		},
	})
	rest := h.rows(tableQuery{table: "bitbucket_download", columns: "repository_full_name name"})
	if diff := cmp.Diff(len(want)-len(files), len(rest)); diff != "" {
		t.Errorf("rows without the vanished repository (-want +got):\n%s", diff)
	}
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Path: "/2.0/repositories/{workspace}/{repo_slug}/downloads", Status: 403, Body: `{"type":"error","error":{"message":"No"}}`, Count: -1})
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_download", columns: "name"}); err == nil {
		t.Error("no error for downloads that Bitbucket refuses")
	}
}
