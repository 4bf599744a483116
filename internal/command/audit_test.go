package command

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// auditOf runs an audit and reads its JSON document.
func auditOf(t *testing.T, args ...string) (jsonReport, outcome) {
	t.Helper()
	got := runCommand(t, "", append([]string{"audit", "--output", "json"}, args...)...)
	var report jsonReport
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("exit code %d, %s, no document: %v", got.code, got.err, err)
	}
	return report, got
}

// quiet is a control that passes everywhere.
var quiet = []string{"--control", "repository_inactive", "--var", "inactive_repository_days=100000"}

func TestAudit(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	report, got := auditOf(t, "--config", configOf(t, fake))
	if got.code != exitFailed || !regexp.MustCompile(`^Error: \d+ of \d+ controls alarm\n$`).MatchString(got.err) {
		t.Errorf("exit code %d and %q, want %d and how many alarm", got.code, got.err, exitFailed)
	}
	var controls []string
	for _, c := range report.Controls {
		controls = append(controls, c.Control)
		counts := map[string]int{}
		for _, s := range audit.Statuses {
			counts[string(s)] = 0
		}
		for _, r := range c.Resources {
			counts[r.Status]++
		}
		if diff := cmp.Diff(counts, c.Counts); diff != "" || c.Counts["ok"] == 0 || c.Counts["alarm"] == 0 {
			t.Errorf("%s: some should be ok, and some alarm; counts (-resources +said):\n%s", c.Control, diff)
		}
	}
	var all []string
	for _, c := range audit.Controls {
		all = append(all, c.Name)
	}
	if diff := cmp.Diff(all, controls); diff != "" {
		t.Errorf("controls (-all +judged):\n%s", diff)
	}
	asked := map[string]int{}
	for _, e := range fake.Journal() {
		asked[e.EscapedPath]++
	}
	for url, n := range asked {
		if strings.HasSuffix(url, "/branch-restrictions") && n > 1 {
			t.Errorf("%s was asked for %d times", url, n)
		}
	}
}

func TestAuditQuiet(t *testing.T) {
	t.Parallel()
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	for _, format := range auditFormats {
		got := runCommand(t, "", append([]string{"audit", "--config", config, "--output", format}, quiet...)...)
		if got.code != exitOK || got.err != "" || !strings.Contains(got.out, "repository_inactive") {
			t.Errorf("%s: exit code %d, %q and %q", format, got.code, got.err, got.out)
		}
	}
}

func TestAuditFormats(t *testing.T) {
	t.Parallel()
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	args := []string{"--config", config, "--benchmark", "access_audit_machines"}
	report, _ := auditOf(t, args...)
	run := func(format string) string {
		got := runCommand(t, "", append([]string{"audit", "--output", format}, args...)...)
		if got.code != exitFailed || got.err != "Error: 5 of 5 controls alarm\n" {
			t.Errorf("%s: exit code %d and %q", format, got.code, got.err)
		}
		return got.out
	}
	records, err := csv.NewReader(strings.NewReader(run("csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var junit junitReport
	if err := xml.Unmarshal([]byte(run("junit")), &junit); err != nil {
		t.Fatal(err)
	}
	text := run("text")
	rows := records[1:]
	for i, c := range report.Controls {
		suite := junit.Suites[i]
		if suite.Name != c.Title || suite.Tests != len(c.Resources) || suite.Failures != c.Counts["alarm"] || suite.Skipped != c.Counts["skip"]+c.Counts["info"] || suite.Errors != 0 {
			t.Errorf("JUnit: %+v, want the counts %v", suite, c.Counts)
		}
		if !strings.Contains(text, "ALARM  "+c.Title+" ("+c.Control+")\n") {
			t.Errorf("text: no %s", c.Control)
		}
		for j, r := range c.Resources {
			want := []string{c.Control, c.Severity, r.Resource, r.Status, r.Reason}
			for _, dimension := range records[0][5:] {
				want = append(want, r.Dimensions[dimension])
			}
			if diff := cmp.Diff(want, rows[0]); diff != "" {
				t.Errorf("CSV (-want +got):\n%s", diff)
			}
			rows = rows[1:]
			if junit := suite.Cases[j]; junit.Name != r.Resource || (junit.Failure != nil) != (r.Status == "alarm") || junit.Failure != nil && junit.Failure.Message != r.Reason {
				t.Errorf("JUnit: %+v, want %+v", junit, r)
			}
			if strings.Contains(text, "- "+r.Reason+"\n") != (r.Status == "alarm") {
				t.Errorf("text: %s is %s", r.Reason, r.Status)
			}
		}
	}
	if len(rows) > 0 {
		t.Errorf("CSV: %d rows more", len(rows))
	}
}

// A control whose query fails is an error and never ok, and the others are judged.
func TestAuditFails(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/repositories/{workspace}/{repo_slug}/deploy-keys", Count: -1,
		Body: `{"type":"error","error":{"message":"Forbidden"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	})
	report, got := auditOf(t, "--config", config, "--benchmark", "access_audit_machines")
	if want := "Error: 3 of 5 controls alarm, and 2 could not be judged\n"; got.code != exitFailed || got.err != want {
		t.Errorf("exit code %d and %q, want %d and %q", got.code, got.err, exitFailed, want)
	}
	for _, c := range report.Controls {
		failed := strings.HasPrefix(c.Control, "deploy_key")
		if (c.Status == "error") != failed || strings.Contains(c.Error, "403 Forbidden") != failed || (len(c.Resources) == 0) != failed || (c.Counts["error"] == 1) != failed {
			t.Errorf("%s is %s, with %q, %d resources and the counts %v", c.Control, c.Status, c.Error, len(c.Resources), c.Counts)
		}
	}
	text := runCommand(t, "", "audit", "--config", config, "--control", "deploy_key_old")
	if !strings.HasPrefix(text.out, "ERROR  ") || !strings.Contains(text.out, "403 Forbidden") || text.code != exitFailed {
		t.Errorf("exit code %d and %q, want the refusal", text.code, text.out)
	}
	junit := runCommand(t, "", "audit", "--config", config, "--control", "deploy_key_old", "--output", "junit")
	if !strings.Contains(junit.out, `errors="1"`) || !strings.Contains(junit.out, "<error message=") {
		t.Errorf("JUnit has no error: %s", junit.out)
	}
}

func TestAuditUsage(t *testing.T) {
	t.Parallel()
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	noFile := writeFile(t, t.TempDir(), "no.db", "no database")
	tests := map[string]struct {
		args []string
		want string
	}{
		"an unknown control":    {[]string{"--control", "nope"}, "there is no control nope; `steampipe-plugin-bitbucket audit --list`"},
		"an unknown benchmark":  {[]string{"--benchmark", "nope"}, "there is no benchmark nope"},
		"an unknown variable":   {[]string{"--var", "nope=1"}, "there is no variable nope; there are administered_workspaces, "},
		"a variable alone":      {[]string{"--var", "min_approvals"}, `--var takes name=value, and was given "min_approvals"`},
		"no number":             {[]string{"--var", "min_approvals=two"}, `min_approvals is "two", and should be a number from 1`},
		"too small a number":    {[]string{"--var", "min_approvals=0"}, `min_approvals is "0"`},
		"no flag":               {[]string{"--var", "require_enforced_merge_checks=maybe"}, "should be true or false"},
		"no list":               {[]string{"--var", "trusted_outsiders=[1]"}, "should be a list of texts"},
		"a text not allowed":    {[]string{"--var", "needed_permission=owner"}, `needed_permission is "owner", and should be one of read, write, admin`},
		"an unknown format":     {[]string{"--output", "xml"}, `there is no output format "xml"; there are csv, json, junit, text`},
		"a list as JUnit":       {[]string{"--list", "--output", "junit"}, "a list of controls is no JUnit report"},
		"an argument":           {[]string{"now"}, `audit takes no argument, and was given "now"`},
		"two sources":           {[]string{"--demo"}, "--demo has a connection of its own"},
		"no earlier run":        {[]string{"--since", filepath.Join(t.TempDir(), "a.db")}, "the first run makes one, with --save"},
		"no file of grants":     {[]string{"--since", noFile}, noFile + " is no file that audit --save has written"},
		"a folder":              {[]string{"--since", t.TempDir()}, "is no file that audit --save has written"},
		"an unknown connection": {[]string{"--connection", "home"}, "there is no connection home; there are work"},
	}
	for name, tt := range tests {
		got := runCommand(t, "", append([]string{"audit", "--config", config}, tt.args...)...)
		if got.code != exitUsage || !strings.HasPrefix(got.err, "Error: ") || !strings.Contains(got.err, tt.want) || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%s: exit code %d, %q%q; want %d and %q", name, got.code, got.out, got.err, exitUsage, tt.want)
		}
	}
}

func TestAuditVariables(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	alarms := func(control string, vars ...string) int {
		args := []string{"--config", config, "--control", control}
		for _, v := range vars {
			args = append(args, "--var", v)
		}
		report, _ := auditOf(t, args...)
		return report.Controls[0].Counts["alarm"]
	}
	outsiders, _ := auditOf(t, "--config", config, "--control", "access_outsider")
	var ids []string
	for _, r := range outsiders.Controls[0].Resources {
		if r.Status == "alarm" {
			ids = append(ids, r.Resource[strings.Index(r.Resource, "{"):])
		}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	if n := alarms("access_outsider", "trusted_outsiders="+strings.Join(ids, ",")); len(ids) == 0 || n != 0 {
		t.Errorf("of %d outsiders, whom all are trusted, %d alarm", len(ids), n)
	}
	if n := alarms("access_outsider", "trusted_outsiders="+string(list)); n != 0 {
		t.Errorf("of %d outsiders, whom all are trusted, %d alarm", len(ids), n)
	}
	if n := alarms("repository_public", "public_repositories=*"); n != 0 {
		t.Errorf("%d repositories alarm that are meant to be public", n)
	}
	if strict, lax := alarms("branch_approvals"), alarms("branch_approvals", "require_enforced_merge_checks=false", "min_approvals=1"); lax >= strict {
		t.Errorf("%d repositories alarm without enforcement, and %d with it", lax, strict)
	}
}

func TestAuditList(t *testing.T) {
	t.Parallel()
	got := runCommand(t, "", "audit", "--list", "--output", "csv", "--benchmark", "cis_supply_chain_v100_1_3_8")
	want := `control,severity,title,cis,benchmarks
group_write_access,medium,No group may write to a large part of the repositories,1.3.8,"access_audit_people, cis_supply_chain_v100_1_3_8"
group_default_permission,medium,No group may write to each new repository,1.3.8,"access_audit_people, cis_supply_chain_v100_1_3_8"
repository_public,high,Only repositories that are meant to be public are so,1.3.8,cis_supply_chain_v100_1_3_8
repository_fork_policy,medium,A private repository can not have public forks,1.3.8,cis_supply_chain_v100_1_3_8
`
	if diff := cmp.Diff(outcome{exitOK, want, ""}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

// afresh are arguments of a run that passes everywhere, with a token of its own: a process remembers what it has read for a
// while.
func afresh(t *testing.T, fake *fakebitbucket.Server, args ...string) []string {
	t.Helper()
	return append(append([]string{"--config", configOf(t, fake)}, quiet...), args...)
}

// What was granted and revoked between two runs.
func TestAuditSince(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	file := filepath.Join(t.TempDir(), "grants.db")
	run := func(args ...string) jsonReport {
		report, got := auditOf(t, append(args, afresh(t, fake, "--save", file)...)...)
		if got.code != exitOK {
			t.Fatalf("exit code %d: %s", got.code, got.err)
		}
		return report
	}
	run()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file is %v (%v), want 0600", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
		t.Errorf("%d files were left", len(entries))
	}
	report := run("--since", file)
	if report.Changes == nil || len(report.Changes.Changes) > 0 {
		t.Errorf("nothing has changed, and there are %v", report.Changes)
	}

	o := fake.Organization()
	home := o.Workspaces[0]
	var private []*fakebitbucket.Repository // in which only owners and few others are
	for _, r := range o.RepositoriesOf(home) {
		if r.IsPrivate {
			private = append(private, r)
		}
	}
	newcomer := o.Users[len(o.Users)-1]
	var member *fakebitbucket.User
	for _, m := range o.MembersOf(home) {
		if m.Permission == "member" && m.User.Type == "user" && o.EffectivePermission(private[0], m.User) == "" {
			member = m.User
		}
	}
	fake.GrantRepository(private[0].FullName(), member.UUID, "write")
	fake.SetRole(home.Slug, member.UUID, "create-project")
	report = run("--since", file)
	want := []jsonChange{
		{"granted", "effective permission", private[0].FullName(), member.DisplayName, "", "write"},
		{"granted", "grant to a user on the repository", private[0].FullName(), member.DisplayName, "", "write"},
		{"changed", "role in the workspace", home.Slug, member.DisplayName, "member", "create-project"},
	}
	if diff := cmp.Diff(want, report.Changes.Changes); diff != "" {
		t.Errorf("after a grant (-want +got):\n%s", diff)
	}

	fake.GrantRepository(private[0].FullName(), member.UUID, "admin")
	created := fake.AddRepository(fakebitbucket.Repository{Workspace: home, Slug: "brand-new", IsPrivate: true})
	fake.GrantRepository(created.FullName(), newcomer.UUID, "read")
	fake.RemoveRepository(private[1].FullName())
	report = run("--since", file)
	kinds := map[string]int{}
	for _, c := range report.Changes.Changes {
		switch c.Place {
		case private[0].FullName():
			if c.Change != "changed" || c.Before != "write" || c.After != "admin" || c.Holder != member.DisplayName {
				t.Errorf("a raised grant is %+v", c)
			}
		case created.FullName():
			if c.Change != "granted" {
				t.Errorf("a grant on a new repository is %+v", c)
			}
		case private[1].FullName():
			if c.Change != "disappeared" {
				t.Errorf("a grant on a repository that is gone is %+v", c)
			}
		default:
			t.Errorf("an unexpected change: %+v", c)
		}
		kinds[c.Change]++
	}
	if kinds["changed"] != 2 || kinds["granted"] == 0 || kinds["disappeared"] == 0 {
		t.Errorf("changes: %v", kinds)
	}

	fake.RevokeRepository(private[0].FullName(), member.UUID)
	sentence := "Revoked: effective permission of " + member.DisplayName + " on " + private[0].FullName() + ", which was admin."
	for format, want := range map[string]string{
		"text": "- " + sentence, "junit": "<system-out>" + sentence, "csv": "revoked,effective permission," + private[0].FullName() + "," + member.DisplayName + ",admin,\n",
	} {
		got := runCommand(t, "", append([]string{"audit", "--since", file, "--output", format}, afresh(t, fake)...)...)
		if got.code != exitOK || !strings.Contains(got.out, want) {
			t.Errorf("%s: exit code %d, no %q in %q%q", format, got.code, want, got.out, got.err)
		}
	}
}

// What the connected account could not see before has appeared.
func TestAuditAppears(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	file := filepath.Join(t.TempDir(), "grants.db")
	run := func(args ...string) jsonReport {
		report, _ := auditOf(t, append(args, afresh(t, fake, "--save", file)...)...)
		return report
	}
	run()
	o := fake.Organization()
	away := o.Workspaces[1]
	var hidden *fakebitbucket.Repository
	for _, r := range o.RepositoriesOf(away) {
		if o.EffectivePermission(r, o.Connected) == "read" {
			hidden = r
		}
	}
	fake.GrantRepository(hidden.FullName(), o.Connected.UUID, "admin")
	report := run("--since", file)
	appeared := 0
	for _, c := range report.Changes.Changes {
		if c.Place != hidden.FullName() || c.Change != "appeared" {
			t.Errorf("an unexpected change: %+v", c)
		}
		appeared++
	}
	if appeared == 0 {
		t.Error("nothing has appeared")
	}
	fake.GrantRepository(hidden.FullName(), o.Connected.UUID, "read")
	report = run("--since", file)
	if n := len(report.Changes.Changes); n != appeared || report.Changes.Changes[0].Change != "disappeared" {
		t.Errorf("%d grants have disappeared, of %d that had appeared: %v", n, appeared, report.Changes.Changes)
	}
}

func TestAuditRefusesFiles(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config, dir := configOf(t, fake), t.TempDir()
	file := filepath.Join(dir, "grants.db")
	run := func(config string, args ...string) outcome {
		return runCommand(t, "", append(append([]string{"audit", "--config", config}, quiet...), args...)...)
	}
	if got := run(config, "--save", file); got.code != exitOK {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	block := func(name, user string) string {
		return writeFile(t, t.TempDir(), "a.spc", connectionBlock(name, []argument{
			{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(user, fakebitbucket.AllScopes()...)}, {name: "base_url", value: fake.URL()},
		}))
	}
	o := fake.Organization()
	other := filepath.Join(dir, "other.db")
	copyFile(t, file, other)
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("pragma user_version = 7"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	foreign := filepath.Join(dir, "foreign.db")
	db, err = sql.Open("sqlite", foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("create table run (saved_at text)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	tests := map[string]struct{ config, since, want string }{
		"another connection": {block("home", o.Connected.UUID), file, "these are the grants that connection work saw, and this is connection home"},
		"another account":    {block("work", o.Users[1].UUID), file, "these are the grants that " + o.Connected.DisplayName + " saw, and the connection is of " + o.Users[1].DisplayName + " now"},
		"another version":    {config, other, "was written by another version of this program (its form is 7, and this one reads 1)"},
		"another program":    {config, foreign, "is no file that audit --save has written"},
	}
	for name, tt := range tests {
		if got := run(tt.config, "--since", tt.since); got.code != exitUsage || !strings.Contains(got.err, tt.want) || got.out != "" {
			t.Errorf("%s: exit code %d, %q and %q, want %d and %q", name, got.code, got.out, got.err, exitUsage, tt.want)
		}
	}

	// A file that can't be written fails the run, and leaves the report and the old file.
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := run(config, "--save", filepath.Join(dir, "nowhere", "grants.db")); got.code != exitFailed || !strings.Contains(got.err, "the grants can't be saved") || got.out == "" {
		t.Errorf("exit code %d, %q and %q, want %d and why", got.code, got.out, got.err, exitFailed)
	}
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/repositories/{workspace}/{repo_slug}/permissions-config/groups", Count: -1,
		Body: `{"type":"error","error":{"message":"Forbidden"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	})
	got := runCommand(t, "", append([]string{"audit"}, afresh(t, fake, "--save", file, "--since", file)...)...)
	if got.code != exitFailed || !strings.Contains(got.err, "the grants can't be read") || !strings.Contains(got.out, "OK") || strings.Contains(got.out, "Changes since") {
		t.Errorf("exit code %d, %q and %q, want %d and why", got.code, got.out, got.err, exitFailed)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the file of the earlier run has changed (%v)", err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
