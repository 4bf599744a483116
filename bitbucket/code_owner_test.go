package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/codeowners"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// isThere reports whether an owner exists, and whether the connected user can see it. Only administrators see addresses and
// groups, and Bitbucket may no longer show a name.
func isThere(o *organization.Organization, r *organization.Repository, codeOwner codeowners.Owner) (found, known bool) {
	members := func(is func(*organization.User) bool) bool {
		return slices.ContainsFunc(o.MembersOf(r.Workspace), func(m *organization.Membership) bool { return is(m.User) })
	}
	switch codeOwner.Kind {
	case codeowners.Email:
		found = members(func(u *organization.User) bool { return strings.EqualFold(u.Email, codeOwner.ID) })
	case codeowners.User:
		found = members(func(u *organization.User) bool { return strings.EqualFold(u.Nickname, codeOwner.ID) })
		return found, found
	case codeowners.Group:
		found = slices.ContainsFunc(o.GroupsOf(r.Workspace), func(g *organization.Group) bool { return g.Slug == codeOwner.ID })
	case codeowners.Team:
		return codeOwner.ID == "writers", true
	}
	return found, o.Administers(r.Workspace, o.Connected)
}

func TestCodeOwner(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	fake.ResetJournal()
	var want []string
	statuses := map[string]int{}
	repositories, files, teams, mails := 0, 0, 0, map[string]bool{}
	for _, r := range withSource(o) {
		repositories++
		sourceFiles := sourceOf(o, r, o.Head(r))
		f := sourceFiles[codeowners.Path]
		if f == nil {
			continue
		}
		files++
		contributors, err := codeowners.Teams([]byte(sourceFiles[codeowners.TeamsPath].Content))
		if err != nil {
			t.Fatal(err)
		}
		mail := ""
		for _, rule := range codeowners.Rules(f.Content) {
			var notFound, unknown []string
			for _, codeOwner := range rule.Owners {
				some := append(slices.Clone(contributors[codeOwner.ID]), codeOwner)
				if codeOwner.Kind != codeowners.Team {
					some = some[len(some)-1:]
				} else {
					teams++
				}
				for _, one := range some {
					found, known := isThere(o, r, one)
					switch statuses[fmt.Sprint(one.Kind, found, known)]++; {
					case !known:
						unknown = append(unknown, one.Name)
					case !found:
						notFound = append(notFound, one.Name)
					}
					if one.Kind == codeowners.Email {
						mail += one.ID
					}
				}
			}
			want = append(want, joinFields(r.FullName(), f.Path, o.Head(r).Hash, rule.Line, rule.Pattern, len(rule.Owners), orNil(rule.Error), jsonArray(notFound), jsonArray(unknown)))
		}
		if o.Administers(r.Workspace, o.Connected) {
			mails[mail] = true
		}
	}
	columns := strings.Fields("repository_full_name path commit_hash line pattern owners error not_found unknown")
	rows := h.rows(tableQuery{table: "bitbucket_code_owner", columns: strings.Join(columns, " ")})
	for _, r := range rows {
		r["owners"] = len(r["owners"].([]any))
		for _, list := range []string{"not_found", "unknown"} {
			if r[list] == nil {
				r[list] = []any{}
			}
		}
	}
	checkLines(t, "rules", want, lines(rows, columns...))
	for _, status := range []string{"email true true", "email false true", "email true false", "group true true", "group false true", "group false false", "user true true", "team true true"} {
		if kind, rest, _ := strings.Cut(status, " "); statuses[kind+rest] == 0 {
			t.Errorf("no owner is %s (found, known)", status)
		}
	}
	got := requested(fake)
	if n := got["/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}"]; n != repositories+files+2*teams {
		t.Errorf("%d requests for files, want one for each of %d repositories, one more for %d files, and two for each of %d that name a team", n, repositories, files, teams)
	}
	if n := got["/workspaces/{workspace}/members"]; n == 0 || n > len(mails)+2 {
		t.Errorf("%d requests for members, want at most one for the addresses of each of %d files, and one for each workspace", n, len(mails))
	}
	if got["/groups/{workspace}"]+got["/1.0/groups/{workspace}"] != 1 {
		t.Errorf("the groups were not requested once: %v", got)
	}
}

// TestCodeOwnerShowsOwners checks the columns about the owner.
func TestCodeOwnerShowsOwners(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	var r *organization.Repository
	for _, one := range withSource(o) {
		if f := sourceOf(o, one, o.Head(one))[codeowners.Path]; f != nil && strings.HasPrefix(f.Content, "# Who") && o.Administers(one.Workspace, o.Connected) {
			r = one
		}
	}
	for _, got := range connected(t, fake).rows(tableQuery{table: "bitbucket_code_owner", columns: "pattern owners", where: []*proto.Qual{where("repository_full_name", "=", r.FullName())}}) {
		for _, one := range got["owners"].([]any) {
			codeOwner := one.(map[string]any)
			switch codeOwner["kind"] {
			case "email", "user":
				u := o.User(fmt.Sprint(codeOwner["user_uuid"]))
				if codeOwner["found"] == true && (u == nil || u.DisplayName != codeOwner["display_name"]) {
					t.Errorf("%s: %v", got["pattern"], codeOwner)
				}
			case "group":
				for _, g := range o.GroupsOf(r.Workspace) {
					if strings.Contains(codeOwner["name"].(string), "/"+g.Slug+":") && codeOwner["members"] != float64(len(g.Members)) {
						t.Errorf("%s: %v, but the group has %d members", got["pattern"], codeOwner, len(g.Members))
					}
				}
				if codeOwner["selection"] != "random(2)" {
					t.Errorf("%s: %v", got["pattern"], codeOwner)
				}
			case "team":
				if contributors, ok := codeOwner["contributors"].([]any); !ok || len(contributors) != 1 {
					t.Errorf("%s: %v", got["pattern"], codeOwner)
				}
			}
		}
	}
}

// TestCodeOwnerInAnotherFile names a file in the query. The plugin reads it instead of Bitbucket's own.
func TestCodeOwnerInAnotherFile(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	var want []string
	for _, r := range withSource(o) {
		if f := sourceOf(o, r, o.Head(r))["CODEOWNERS"]; f != nil {
			for _, rule := range codeowners.Rules(f.Content) {
				want = append(want, joinFields(r.FullName(), "CODEOWNERS", rule.Pattern))
			}
		}
	}
	columns := []string{"repository_full_name", "path", "pattern"}
	rows := connected(t, fake).rows(tableQuery{table: "bitbucket_code_owner", columns: strings.Join(columns, " "), where: []*proto.Qual{where("path", "=", []string{"CODEOWNERS", "../CODEOWNERS", ""})}})
	checkLines(t, "rules", want, lines(rows, columns...))
}

// TestCodeOwnerWithoutAddresses refuses or ignores the search for addresses. No owner counts as gone then.
func TestCodeOwnerWithoutAddresses(t *testing.T) {
	for name, fault := range map[string]fakebitbucket.Fault{
		"refused": {Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Body: `{"type": "error", "error": {"message": "You must be an administrator."}}`},
		"ignored": {Kind: fakebitbucket.FaultHandler, Handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, `{"values": [{"user": {"uuid": "{1}", "display_name": "Ada"}}]}`)
		}},
	} {
		fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
		fault.Path, fault.Count = "/2.0/workspaces/{workspace}/members", -1
		fake.Inject(fault)
		rows, err := connected(t, fake).try(context.Background(), tableQuery{table: "bitbucket_code_owner", columns: "owners"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, r := range rows {
			for _, one := range r["owners"].([]any) {
				if codeOwner := one.(map[string]any); codeOwner["kind"] == "email" && codeOwner["found"] != nil {
					t.Errorf("%s: %v", name, codeOwner)
				}
			}
		}
		if len(rows) == 0 {
			t.Errorf("%s: no rows", name)
		}
	}
}
