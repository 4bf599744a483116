package bitbucket

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// TestOnRefusal refuses a repository, or does not answer for it. With on_refusal = "skip", it has no rows, and all others have
// theirs. Otherwise the query fails.
func TestOnRefusal(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16})
	o := fake.Organization()
	w := o.Workspaces[0]
	refusals := map[string]struct {
		fault  fakebitbucket.Fault
		reason string
	}{
		"IP allow list": {fakebitbucket.Fault{
			Status: http.StatusForbidden,
			Body:   `{"type": "error", "error": {"message": "To access this repository, an admin must whitelist your IP."}}`,
		}, ReasonRefused},
		"timeout in the service": {fakebitbucket.Fault{Status: 555, Body: `{"type": "error", "error": {"message": "Unable to respond in time"}}`}, ReasonFailed},
	}
	for name, refusal := range refusals {
		for _, tab := range []string{"bitbucket_branch", "bitbucket_pull_request_activity", "bitbucket_deploy_key", "bitbucket_webhook", "bitbucket_commit"} {
			t.Run(name+" "+tab, func(t *testing.T) {
				fake.ClearFaults()
				columns := "repository_full_name"
				skip, fail := connected(t, fake, `on_refusal = "skip"`), connected(t, fake)
				all := columnValues(fail.rows(tableQuery{table: tab, columns: columns}), "repository_full_name")
				behind := all[slices.IndexFunc(all, func(name string) bool { return strings.HasPrefix(name, w.Slug+"/") })]
				fault := refusal.fault
				fault.Kind, fault.Count, fault.Path = fakebitbucket.FaultStatus, -1, "/2.0/repositories/"+behind+"/{rest...}"
				fake.Inject(fault)
				want := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == behind })
				for planName, quals := range map[string][]*proto.Qual{
					"whole":      nil,
					"by name":    {where("repository_full_name", "=", []string{want[0], behind})},
					"name alone": {where("repository_full_name", "=", behind)},
				} {
					want := slices.DeleteFunc(slices.Clone(want), func(name string) bool {
						return planName == "name alone" || planName == "by name" && name != want[0]
					})
					got := columnValues(skip.rows(tableQuery{table: tab, columns: columns, where: quals}), "repository_full_name")
					if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
						t.Errorf("%s: %d rows, want %d: %v", planName, len(got), len(want), slices.Compact(got))
					}
					if _, err := fail.try(context.Background(), tableQuery{table: tab, columns: columns, where: quals}); err == nil {
						t.Errorf("%s: no error where on_refusal is fail", planName)
					}
				}
				skip.wantOmission(Omission{Table: tab, Workspace: w.Slug, Repository: behind, Reason: refusal.reason})
			})
		}
	}
}

// TestRefusedInTheMiddle refuses the third page of a list. None of the list's rows is returned.
func TestRefusedInTheMiddle(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 250, OneWorkspace: true})
	h := connected(t, fake, `on_refusal = "skip"`)
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Count: -1, Path: "/2.0/repositories/{workspace}", Status: http.StatusForbidden,
		Match: func(r *http.Request) bool { return r.URL.Query().Get("page") == "3" },
		Body:  `{"type": "error", "error": {"message": "In order to access this workspace, you must enable two-step verification."}}`,
	})
	for _, tab := range []string{"bitbucket_repository", "bitbucket_branch"} {
		if rows := h.rows(tableQuery{table: tab, columns: "title"}); len(rows) > 0 {
			t.Errorf("%s: %d rows of a workspace whose list was refused", tab, len(rows))
		}
		h.wantOmission(Omission{Table: tab, Workspace: fake.Organization().Workspaces[0].Slug, Reason: ReasonRefused})
	}
}

// TestErrorsOfTheConnectionAreNotSkipped checks that on_refusal does not skip errors that concern the whole connection.
func TestErrorsOfTheConnectionAreNotSkipped(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16})
	h := connected(t, fake, `on_refusal = "skip"`)
	for name, fault := range map[string]fakebitbucket.Fault{
		"missing scope": {
			Status: http.StatusForbidden, Path: "/2.0/repositories/{workspace}/{repo_slug}/refs/branches",
			Body: `{"type": "error", "error": {"message": "Your credentials lack one or more required privilege scopes.", "detail": {"required": ["repository"], "granted": ["account"]}}}`,
		},
		"dead token":    {Status: http.StatusUnauthorized, Path: "/2.0/{rest...}", Body: `{"type": "error", "error": {"message": "Token is invalid or not supported for this endpoint."}}`},
		"not there":     {Status: http.StatusNotFound, Path: "/2.0/user/workspaces", Body: `{"type": "error", "error": {"message": "Resource not found"}}`},
		"the inventory": {Status: http.StatusForbidden, Path: "/2.0/user/workspaces", Body: `{"type": "error", "error": {"message": "Access denied."}}`},
	} {
		fake.ClearFaults()
		fault.Kind, fault.Count = fakebitbucket.FaultStatus, -1
		fake.Inject(fault)
		h := connected(t, fake, `on_refusal = "skip"`)
		if rows, err := h.try(context.Background(), tableQuery{table: "bitbucket_branch", columns: "name"}); err == nil {
			t.Errorf("%s: %d rows and no error", name, len(rows))
		}
	}
	if len(h.Server.Omissions(time.Now().Add(time.Hour))) > 0 {
		t.Error("omissions of the future")
	}
}

// TestOmissions checks that each omission is recorded once, and is a row of bitbucket_omission.
func TestOmissions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16, PlainMember: true})
	h := connected(t, fake)
	begin := time.Now()
	for range 3 {
		h.rows(tableQuery{table: "bitbucket_workspace_variable"})
		h.rows(tableQuery{table: "bitbucket_deploy_key"})
	}
	all := h.Server.Omissions(begin)
	fake.ResetJournal()
	rows := h.rows(tableQuery{table: "bitbucket_omission"})
	if n := len(fake.Journal()); n > 0 {
		t.Errorf("%d requests for omissions", n)
	}
	mine := slices.DeleteFunc(slices.Clone(all), func(o Omission) bool { return o.Connection != "bitbucket" })
	if len(rows) != len(mine) || len(rows) == 0 {
		t.Fatalf("%d rows of %d omissions: %v", len(rows), len(mine), mine)
	}
	slices.SortFunc(mine, func(a, b Omission) int { return strings.Compare(a.Message, b.Message) })
	slices.SortFunc(rows, func(a, b map[string]any) int { return strings.Compare(a["message"].(string), b["message"].(string)) })
	for i, r := range rows {
		for col, want := range map[string]string{"table_name": mine[i].Table, "reason": mine[i].Reason, "message": mine[i].Message, "advice": mine[i].Advice, "workspace_slug": mine[i].Workspace} {
			if r[col] != any(want) {
				t.Errorf("%s = %v, want %q", col, r[col], want)
			}
		}
	}
	counted := slices.ContainsFunc(mine, func(o Omission) bool {
		return o.Table == "bitbucket_deploy_key" && strings.Contains(o.Message, "covers what the connected user administers: ") && strings.Contains(o.Message, " of ")
	})
	if !counted {
		t.Errorf("no omission says how many repositories there are: %v", mine)
	}
}

func TestOmissionsAreBounded(t *testing.T) {
	var o omissions
	now := time.Now()
	for i := range mostOmissions + 5 {
		o.add(Omission{Repository: strings.Repeat("x", i), At: now})
	}
	o.add(Omission{Repository: "old", At: now.Add(-2 * omissionLife)})
	if n := len(o.since(time.Time{})); n != mostOmissions-1 {
		t.Errorf("%d omissions, want %d", n, mostOmissions-1)
	}
}

// TestEffectiveListIsTheWorkspaces refuses the effective permissions on one repository, as Bitbucket may do if the user does
// not administer the workspace. This is not an error: no plan returns rows of the repository, and there is an omission.
func TestEffectiveListIsTheWorkspaces(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := accessTruth{fake.Organization(), fake.Organization().Connected}
	var one *organization.Repository
	for _, r := range o.repositories() {
		if !o.Administers(r.Workspace, o.user) {
			one = r
		}
	}
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Count: -1, Path: "/2.0/workspaces/{workspace}/permissions/repositories/{repo_slug}", Status: http.StatusForbidden,
		Body: `{"type": "error", "error": {"message": "You must be an administrator of this workspace."}}`,
	})
	for _, tab := range []string{"bitbucket_repository_permission", "bitbucket_repository_access"} {
		h := connected(t, fake)
		if rows := h.rows(tableQuery{table: tab, columns: "repository_full_name"}); len(rows) == 0 {
			t.Errorf("%s: no rows of the workspace that the user administers", tab)
		}
		h.wantOmission(Omission{Table: tab, Workspace: one.Workspace.Slug, Repository: one.FullName(), Reason: ReasonNotAdministered})
		h = connected(t, fake)
		if rows := h.rows(tableQuery{table: tab, where: []*proto.Qual{where("repository_full_name", "=", one.FullName())}}); len(rows) > 0 {
			t.Errorf("%s: %d rows that Bitbucket refuses", tab, len(rows))
		}
		h.wantOmission(Omission{Table: tab, Workspace: one.Workspace.Slug, Repository: one.FullName(), Reason: ReasonNotAdministered})
	}
}
