package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// machines returns what has access to a repository without being a person, by kind and level, as the connected user sees it:
// each with its ID, when it was created, when it was last used, and its workspace, project or repository.
func machines(o *organization.Organization) map[string][]string {
	all := map[string][]string{}
	add := func(what, id string, created, used *time.Time, w *organization.Workspace, p *organization.Project, r *organization.Repository) {
		var project, repository any
		if p != nil {
			project = p.Key
		}
		if r != nil {
			repository = r.FullName()
		}
		all[what] = append(all[what], joinFields(what, id, created, used, w.Slug, project, repository))
	}
	for _, m := range o.MembershipsOf(o.Connected) {
		w := m.Workspace
		all["oidc_provider workspace"] = append(all["oidc_provider workspace"], joinFields(
			"oidc_provider workspace", "https://api.bitbucket.org/2.0/workspaces/"+w.Slug+"/pipelines-config/identity/oidc", nil, nil, w.Slug, nil, nil))
		for _, p := range o.ProjectsOf(w) {
			if o.AdministersProject(p, o.Connected) {
				for _, k := range o.ProjectDeployKeys(p) {
					add("deploy_key project", fmt.Sprint(k.ID), &k.CreatedOn, k.LastUsed, w, p, nil)
				}
			}
		}
		if o.Administers(w, o.Connected) {
			for _, x := range o.WorkspacePipelinesOf(w).Runners {
				add("runner workspace", x.UUID, &x.CreatedOn, &x.StateOn, w, nil, nil)
			}
			for _, x := range o.WorkspaceWebhooks(w) {
				add("webhook workspace", x.UUID, &x.CreatedAt, nil, w, nil, nil)
			}
			for _, x := range o.WorkspacePipelinesOf(w).Variables {
				add("variable workspace", x.UUID, nil, nil, w, nil, nil)
			}
		}
	}
	for _, r := range covered(o, o.Connected) {
		if o.EffectivePermission(r, o.Connected) != "admin" {
			continue
		}
		for _, k := range o.DeployKeys(r) {
			add("deploy_key repository", fmt.Sprint(k.ID), &k.CreatedOn, k.LastUsed, r.Workspace, nil, r)
		}
		for _, x := range o.Webhooks(r) {
			add("webhook repository", x.UUID, &x.CreatedAt, nil, r.Workspace, nil, r)
		}
		p := o.PipelinesOf(r)
		if !p.Known {
			continue
		}
		for _, x := range p.Runners {
			add("runner repository", x.UUID, &x.CreatedOn, &x.StateOn, r.Workspace, nil, r)
		}
		for _, x := range p.Variables {
			add("variable repository", x.UUID, nil, nil, r.Workspace, nil, r)
		}
		for _, e := range p.Environments {
			for _, x := range e.Variables {
				add("variable environment", x.UUID, nil, nil, r.Workspace, nil, r)
			}
		}
	}
	return all
}

func TestMachineAccess(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	all := machines(o)
	columns := strings.Fields("what id created_on last_used workspace_slug project_key repository_full_name")
	got := func(quals ...*proto.Qual) []string {
		rows := h.rows(tableQuery{table: "bitbucket_machine_access", columns: "kind level id created_on age_days last_used workspace_slug project_key repository_full_name", where: quals})
		for _, r := range rows {
			r["what"] = fmt.Sprint(r["kind"], " ", r["level"])
			created, isKnown := r["created_on"].(time.Time)
			age, hasAge := r["age_days"].(int64)
			if isKnown != hasAge || isKnown && time.Since(created).Hours()/24-float64(age) > 1.1 {
				t.Errorf("%v is %v days old", r["created_on"], r["age_days"])
			}
		}
		return lines(rows, columns...)
	}
	var want []string
	for _, what := range []string{
		"deploy_key repository", "deploy_key project", "runner repository", "runner workspace", "webhook repository", "webhook workspace",
		"variable repository", "variable environment", "variable workspace", "oidc_provider workspace",
	} {
		if len(all[what]) == 0 {
			t.Errorf("the organization has no %s", what)
		}
		want = append(want, all[what]...)
	}
	checkLines(t, "all", want, got())
	fake.ResetJournal()
	checkLines(t, "keys", slices.Concat(all["deploy_key repository"], all["deploy_key project"]), got(where("kind", "=", "deploy_key")))
	for _, e := range fake.Journal() {
		if strings.Contains(e.Path, "/hooks") || strings.Contains(e.Path, "pipelines") {
			t.Errorf("a request for %s, which has no keys", e.Path)
		}
	}
	fake.ResetJournal()
	ofNone := slices.DeleteFunc(slices.Clone(want), func(line string) bool {
		return !strings.Contains(line, " workspace | ") && !strings.Contains(line, " project | ")
	})
	checkLines(t, "of no repository", ofNone, got(where("level", "=", []string{"project", "workspace"})))
	for _, e := range fake.Journal() {
		if strings.HasPrefix(e.Path, "/2.0/repositories/") && strings.Count(e.Path, "/") > 3 {
			t.Errorf("a request for %s, of a repository", e.Path)
		}
	}
	one := o.RepositoriesOf(o.Workspaces[0])[2]
	fake.ResetJournal()
	notOf := func(has string) func(string) bool {
		return func(line string) bool { return !strings.HasSuffix(line, " | "+has) }
	}
	checkLines(t, "a repository", slices.DeleteFunc(slices.Clone(want), notOf(one.FullName())), got(where("repository_full_name", "=", one.FullName())))
	for _, e := range fake.Journal() {
		if strings.HasPrefix(e.Path, "/2.0/workspaces/") {
			t.Errorf("a request for %s, which is not of a repository", e.Path)
		}
	}
	other := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return !strings.Contains(line, " | QuarryTools | ") })
	checkLines(t, "a workspace", other, got(where("workspace_slug", "=", "QuarryTools")))
}

// TestMachineAccessWithoutOIDC uses an API token, for which Bitbucket does not show OIDC providers. The other rows are there,
// and the omission is recorded.
func TestMachineAccessWithoutOIDC(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 6})
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Count: -1, Path: "/2.0/workspaces/{workspace}/pipelines-config/identity/{rest...}",
		Body: `{"type": "error", "error": {"message": "This API is not accessible with this credential."}}`,
	})
	h := connected(t, fake)
	rows, err := h.try(context.Background(), tableQuery{table: "bitbucket_machine_access", columns: "kind"})
	if err != nil || len(rows) == 0 {
		t.Errorf("%d rows, error %v", len(rows), err)
	}
	omitted := h.rows(tableQuery{table: "bitbucket_omission", columns: "table_name message reason"})
	if !slices.ContainsFunc(omitted, func(r map[string]any) bool {
		return strings.Contains(fmt.Sprint(r), "the OIDC providers of workspaces")
	}) {
		t.Errorf("omissions %v", omitted)
	}
}
