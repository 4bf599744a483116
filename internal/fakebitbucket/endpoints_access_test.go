package fakebitbucket

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// repositoryPlace and projectPlace return paths below a repository or a project.
func repositoryPlace(r *organization.Repository, what string) string {
	return "/2.0/repositories/" + r.FullName() + "/" + what
}

func projectPlace(p *organization.Project, what string) string {
	return "/2.0/workspaces/" + p.Workspace.Slug + "/projects/" + p.Key + "/" + what
}

// everyOne requests a list of each repository of the first workspace. It checks the lengths of the lists, and returns
// all elements.
func (c caller) everyOne(what string, count func(*organization.Organization, *organization.Repository) int) []map[string]any {
	c.t.Helper()
	var all []map[string]any
	o := c.s.Organization()
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		values, pages := c.all(repositoryPlace(r, what))
		if want := count(o, r); len(values) != want || want > 10 && len(pages) < 2 {
			c.t.Errorf("%s of %s: %d on %d pages, want %d", what, r.FullName(), len(values), len(pages), want)
		}
		all = append(all, values...)
	}
	return all
}

// TestMachines checks that each special case of deploy keys, webhooks and branch restrictions occurs.
func TestMachines(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	keys := c.everyOne("deploy-keys", func(o *organization.Organization, r *organization.Repository) int { return len(o.DeployKeys(r)) })
	hooks := c.everyOne("hooks", func(o *organization.Organization, r *organization.Repository) int { return len(o.Webhooks(r)) })
	rules := c.everyOne("branch-restrictions", func(o *organization.Organization, r *organization.Repository) int {
		return len(o.BranchRestrictions(r))
	})
	workspaceHooks, _ := c.all("/2.0/workspaces/harbor-labs/hooks")
	is := func(name string, want any) func(map[string]any) bool {
		return func(o map[string]any) bool { v, ok := valueAt(o, name); return ok && v == want }
	}
	missing := func(name string) func(map[string]any) bool {
		return func(o map[string]any) bool { _, ok := valueAt(o, name); return !ok }
	}
	like := func(name, part string) func(map[string]any) bool {
		return func(o map[string]any) bool {
			v, _ := valueAt(o, name)
			x, _ := v.(string)
			return strings.HasPrefix(x, part)
		}
	}
	ago := func(name string, older bool) func(map[string]any) bool {
		return func(o map[string]any) bool {
			at, err := time.Parse(time.RFC3339, fmt.Sprint(o[name]))
			return err == nil && older == (start.Sub(at) > 365*24*time.Hour)
		}
	}
	length := func(name string, n int) func(map[string]any) bool {
		return func(o map[string]any) bool { x, _ := o[name].(string); return len(x) == n }
	}
	empty := func(name string) func(map[string]any) bool {
		return func(o map[string]any) bool { v, ok := o[name].([]any); return ok && len(v) == 0 }
	}
	type tests map[string]func(map[string]any) bool
	for what, test := range map[string]struct {
		among []map[string]any
		find  tests
	}{
		"deploy keys": {keys, tests{
			"never used": is("last_used", nil), "not used for long": ago("last_used", true), "used lately": ago("last_used", false),
			"without a label": is("label", ""), "without a comment": is("comment", ""), "of somebody": like("owner.uuid", "{"),
			"of nobody": missing("owner"), "rsa": like("key", "ssh-rsa AAAA"), "ed25519": like("key", "ssh-ed25519 AAAA"),
			"of its repository": like("repository.full_name", "harbor-labs/"), "without its project": missing("repository.project"),
		}},
		"webhooks": {hooks, tests{
			"plain text": like("url", "http://"), "encrypted": like("url", "https://"), "unverified": is("skip_cert_verification", true),
			"verified": is("skip_cert_verification", false), "with a secret": is("secret_set", true), "without a secret": is("secret_set", false),
			"who knows": missing("secret_set"), "active": is("active", true), "inactive": is("active", false),
			"read_only null": is("read_only", nil), "read_only false": is("read_only", false), "null source": is("source", nil),
			"nine digits": length("created_at", len("2025-08-23T15:07:25.469063524Z")), "six digits": length("created_at", len("2015-10-05T01:11:48.096116+00:00")),
			"without a description": is("description", ""), "of its repository": is("subject.type", "repository"),
		}},
		"workspace's webhooks": {workspaceHooks, tests{
			"of an application": is("source", "connect"), "read-only": is("read_only", true), "of the workspace": is("subject.slug", "harbor-labs"),
		}},
		"branch restrictions": {rules, tests{
			"counting": is("value", 2.0), "not counting": is("value", nil), "nobody exempt": empty("users"), "no group exempt": empty("groups"),
			"glob": is("branch_match_kind", "glob"), "of the model": is("branch_match_kind", "branching_model"), "main": is("pattern", "main"),
			"release": is("pattern", "release/*"), "no pattern": is("pattern", ""), "of a type": is("branch_type", "production"), "of no type": missing("branch_type"),
			"a group": func(o map[string]any) bool {
				groups, _ := o["groups"].([]any)
				return len(groups) == 1 && missing("workspace")(groups[0].(map[string]any)) && is("type", "group")(groups[0].(map[string]any))
			},
			"a user": func(o map[string]any) bool { users, _ := o["users"].([]any); return len(users) == 1 },
		}},
	} {
		for name, holds := range test.find {
			if !slices.ContainsFunc(test.among, holds) {
				t.Errorf("%s: none of %d is %s", what, len(test.among), name)
			}
		}
	}
	for _, k := range keys {
		checkKey(t, k["key"].(string))
	}
	kinds := column(rules, "kind")
	slices.Sort(kinds)
	if kinds = slices.Compact(kinds); len(kinds) < 14 {
		t.Errorf("only %q", kinds)
	}
}

// checkKey checks the parts of an SSH key.
func checkKey(t *testing.T, key string) {
	t.Helper()
	kind, encoded, _ := strings.Cut(key, " ")
	wire, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for len(wire) >= 4 {
		n := binary.BigEndian.Uint32(wire)
		parts, wire = append(parts, string(wire[4:4+n])), wire[4+n:]
	}
	if len(wire) > 0 || parts[0] != kind || len(parts) != map[string]int{"ssh-rsa": 3, "ssh-ed25519": 2}[kind] {
		t.Errorf("%q is not a key", key)
	}
}

// TestAccessItems requests each item of each list, and an item that does not exist.
func TestAccessItems(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	check := func(place, id string) {
		t.Helper()
		values, _ := c.all(place)
		for _, v := range values {
			name, _ := valueAt(v, id)
			if n, ok := name.(float64); ok {
				name = fmt.Sprintf("%.0f", n)
			}
			a := c.get(place + "/" + url.PathEscape(name.(string)))
			got, want := a.object(), v
			if inner, ok := v["user"].(map[string]any); ok { // an item has more fields than an element of the list
				got, want = map[string]any{"uuid": got["uuid"]}, map[string]any{"uuid": inner["uuid"]}
			}
			if id == "uuid" && strings.HasSuffix(place, "/default-reviewers") {
				got, want = map[string]any{"uuid": got["uuid"]}, map[string]any{"uuid": v["uuid"]}
			}
			if diff := cmp.Diff(want, got); diff != "" || a.status != http.StatusOK {
				t.Errorf("%s/%s: %d (-want +got):\n%s", place, name, a.status, diff)
			}
		}
		if a := c.get(place + "/nothing"); a.status != http.StatusNotFound {
			t.Errorf("%s/nothing: %d", place, a.status)
		}
	}
	for _, r := range o.RepositoriesOf(o.Workspaces[0])[:15] {
		check(repositoryPlace(r, "deploy-keys"), "id")
		check(repositoryPlace(r, "hooks"), "uuid")
		check(repositoryPlace(r, "branch-restrictions"), "id")
		check(repositoryPlace(r, "default-reviewers"), "uuid")
	}
	for _, p := range o.ProjectsOf(o.Workspaces[0]) {
		check(projectPlace(p, "deploy-keys"), "id")
		check(projectPlace(p, "default-reviewers"), "user.uuid")
	}
	check("/2.0/workspaces/harbor-labs/hooks", "uuid")
	stranger := url.PathEscape(o.Users[len(o.Users)-1].UUID)
	if a := c.get(projectPlace(o.Projects[0], "default-reviewers/"+stranger)); a.status != http.StatusBadRequest {
		t.Errorf("no reviewer of a project: %d %s", a.status, a.body)
	}
}

// TestRestrictionsByKindAndPattern filters the restrictions of a repository by kind and pattern.
func TestRestrictionsByKindAndPattern(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	all := o.RepositoriesOf(o.Workspaces[0])
	r := all[slices.IndexFunc(all, func(r *organization.Repository) bool { return len(o.BranchRestrictions(r)) > 12 })]
	for name, filter := range map[string][2]string{
		"kind": {"push", ""}, "pattern": {"", r.MainBranch}, "both": {"force", "release/*"}, "neither": {"", ""}, "unknown": {"x", "y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parameters, want := url.Values{}, []float64{}
			for i, parameter := range []string{"kind", "pattern"} {
				if filter[i] != "" {
					parameters.Set(parameter, filter[i])
				}
			}
			for _, b := range o.BranchRestrictions(r) {
				if (filter[0] == "" || b.Kind == filter[0]) && (filter[1] == "" || b.Pattern == filter[1]) {
					want = append(want, float64(b.ID))
				}
			}
			values, _ := connected(t, s).all(repositoryPlace(r, "branch-restrictions") + "?" + parameters.Encode())
			got := []float64{}
			for _, v := range values {
				got = append(got, v["id"].(float64))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSecrets checks that the secrets of webhooks are in none of the answers about them.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	hooks := slices.Clone(o.WorkspaceWebhooks(o.Workspaces[0]))
	answers := c.get("/2.0/workspaces/harbor-labs/hooks?fields=*,values.*").body
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		answers += c.get(repositoryPlace(r, "hooks?pagelen=100&fields=*,values.*,values.secret")).body
		for _, h := range o.Webhooks(r) {
			answers += c.get(repositoryPlace(r, "hooks/"+url.PathEscape(h.UUID))).body
		}
		hooks = append(hooks, o.Webhooks(r)...)
	}
	secrets := 0
	for _, h := range hooks {
		if h.Secret == "" {
			continue
		}
		secrets++
		if strings.Contains(answers, h.Secret) {
			t.Errorf("the secret of %s is in an answer", h.UUID)
		}
		if !strings.Contains(answers, h.UUID) {
			t.Errorf("%s is in no answer", h.UUID)
		}
	}
	if secrets < 10 {
		t.Errorf("only %d of %d webhooks have a secret", secrets, len(hooks))
	}
	r := o.RepositoriesOf(o.Workspaces[0])[0]
	s.AddWebhook(r.FullName(), organization.Webhook{UUID: "{1b5cb3e2-4a8b-4a55-8f61-65ab33b7c1f0}", Secret: "swordfish", Modern: true})
	a := c.get(repositoryPlace(r, "hooks"))
	if !strings.Contains(a.body, `"secret_set":true`) || strings.Contains(a.body, "swordfish") || !strings.Contains(a.body, "1b5cb3e2") {
		t.Errorf("an added webhook: %s", a.body)
	}
}

// TestReviewers compares the default reviewers of repositories and projects with the organization.
func TestReviewers(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	from := map[string]int{}
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		values, _ := c.all(repositoryPlace(r, "effective-default-reviewers"))
		got := []string{}
		for _, v := range values {
			id, _ := valueAt(v, "user.uuid")
			got = append(got, fmt.Sprint(v["type"], v["reviewer_type"], id))
			from[v["reviewer_type"].(string)]++
		}
		want := []string{}
		for _, u := range r.DefaultReviewers {
			want = append(want, "default_reviewerrepository"+u.UUID)
		}
		for _, u := range o.ProjectDefaultReviewers(r.Project) {
			if !slices.Contains(r.DefaultReviewers, u) {
				want = append(want, "default_reviewerproject"+u.UUID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.FullName(), diff)
		}
	}
	if from["repository"] == 0 || from["project"] == 0 {
		t.Errorf("reviewers are only %v", from)
	}
	for _, p := range o.ProjectsOf(o.Workspaces[0]) {
		values, _ := c.all(projectPlace(p, "default-reviewers"))
		want := []string{}
		for _, u := range o.ProjectDefaultReviewers(p) {
			want = append(want, u.UUID)
		}
		if diff := cmp.Diff(want, column(values, "user.uuid")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.Key, diff)
		}
	}
}

// TestOverrides checks both places that show which settings of its project a repository replaces.
func TestOverrides(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	seen := map[string]bool{}
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		a := c.get(repositoryPlace(r, "override-settings")).object()
		want := map[string]any{
			"type": "repository_inheritance_state",
			"override_settings": map[string]any{
				"default_merge_strategy": r.OverridesMergeStrategy, "branching_model": r.OverridesBranchingModel,
			},
		}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.FullName(), diff)
		}
		if embedded := c.get("/2.0/repositories/" + r.FullName()).object()["override_settings"]; !cmp.Equal(embedded, want["override_settings"]) {
			t.Errorf("%s says %v of itself", r.FullName(), embedded)
		}
		seen[fmt.Sprint(r.OverridesMergeStrategy, r.OverridesBranchingModel)] = true
	}
	if len(seen) != 4 {
		t.Errorf("only %v", seen)
	}
}
