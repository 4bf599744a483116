package command

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// small is an organization that is read in few requests.
var small = fakebitbucket.Options{Repositories: 24, Projects: 4, Users: 16, Groups: 4}

// freshRun returns the arguments of a run that passes everywhere. It has its own token, because a process caches answers for a
// while.
func freshRun(t *testing.T, fake *fakebitbucket.Server, args ...string) []string {
	t.Helper()
	return append(append([]string{"--config", configOf(t, fake)}, passingControl...), args...)
}

// An audit lists the access that was granted and revoked between two runs.
func TestAuditSince(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	file := filepath.Join(t.TempDir(), "audit.db")
	run := func(args ...string) jsonReport {
		report, got := auditOf(t, append(args, freshRun(t, fake, "--save", file)...)...)
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
	var private []*organization.Repository // to which only owners and few others have access
	for _, r := range o.RepositoriesOf(home) {
		if r.IsPrivate {
			private = append(private, r)
		}
	}
	joiner := o.Users[len(o.Users)-1]
	var member *organization.User
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
	created := fake.AddRepository(organization.Repository{Workspace: home, Slug: "brand-new", IsPrivate: true})
	fake.GrantRepository(created.FullName(), joiner.UUID, "read")
	fake.RemoveRepository(private[1].FullName())
	report = run("--since", file)
	kinds := map[string]int{}
	for _, c := range report.Changes.Changes {
		switch c.Place {
		case private[0].FullName():
			if c.Change != "changed" || c.Before != "write" || c.After != "admin" || c.Name != member.DisplayName {
				t.Errorf("a raised grant is %+v", c)
			}
		case created.FullName():
			if c.Change != "granted" && c.Change != "added" {
				t.Errorf("the access to a new repository is %+v", c)
			}
		case private[1].FullName():
			if c.Change != "disappeared" {
				t.Errorf("the access to a deleted repository is %+v", c)
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
	sentence := "Revoked: " + member.DisplayName + ", admin on " + private[0].FullName() + " (effective)."
	for format, want := range map[string]string{
		"text": "- " + sentence, "junit": "<system-out>" + sentence, "csv": "revoked,effective permission," + private[0].FullName() + "," + member.DisplayName + ",admin,\n",
	} {
		got := runCommand(t, "", append([]string{"audit", "--since", file, "--output", format}, freshRun(t, fake)...)...)
		if got.code != exitOK || !strings.Contains(got.out, want) {
			t.Errorf("%s: exit code %d, no %q in %q%q", format, got.code, want, got.out, got.err)
		}
	}
}

// Access that the connected account could not see before is listed as visible now, not as granted.
func TestAuditAppears(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	file := filepath.Join(t.TempDir(), "audit.db")
	run := func(args ...string) jsonReport {
		report, _ := auditOf(t, append(args, freshRun(t, fake, "--save", file)...)...)
		return report
	}
	run()
	o := fake.Organization()
	away := o.Workspaces[1]
	var hidden *organization.Repository
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
	fake := fakebitbucket.Start(t, small)
	config, dir := configOf(t, fake), t.TempDir()
	file := filepath.Join(dir, "audit.db")
	run := func(config string, args ...string) outcome {
		return runCommand(t, "", append(append([]string{"audit", "--config", config}, passingControl...), args...)...)
	}
	if got := run(config, "--save", file); got.code != exitOK {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	block := func(name, user string) string {
		return writeFile(t, t.TempDir(), "a.spc", connectionBlock(name, []spcArgument{
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
		"another connection": {block("home", o.Connected.UUID), file, "the file is about connection work, but this is connection home"},
		"another account":    {block("work", o.Users[1].UUID), file, "the file has what " + o.Connected.DisplayName + " saw, but the connection now belongs to " + o.Users[1].DisplayName},
		"another version":    {config, other, "was written by another version of this program (its format is 7; this version reads 2)"},
		"another program":    {config, foreign, "was not written by audit --save"},
	}
	for name, tt := range tests {
		if got := run(tt.config, "--since", tt.since); got.code != exitUsage || !strings.Contains(got.err, tt.want) || got.out != "" {
			t.Errorf("%s: exit code %d, %q and %q, want %d and %q", name, got.code, got.out, got.err, exitUsage, tt.want)
		}
	}

}

// If the file can't be written, the audit fails before the first request.
func TestAuditSaves(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	got := runCommand(t, "", append([]string{"audit", "--save", filepath.Join(t.TempDir(), "nowhere", "audit.db")}, freshRun(t, fake)...)...)
	if got.code != exitUsage || !strings.Contains(got.err, "can't save to ") || got.out != "" || len(fake.Journal()) > 0 {
		t.Errorf("exit code %d, %q, %q and %d requests, want %d and why", got.code, got.out, got.err, len(fake.Journal()), exitUsage)
	}
}

// The audit names grants that it can't read, and keeps those of the run before. The next run compares with these.
func TestAuditCarries(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	file := filepath.Join(t.TempDir(), "audit.db")
	run := func(control ...string) (jsonReport, outcome) {
		args := append([]string{"--config", configOf(t, fake), "--since", file, "--save", file, "--control", "deploy_key_old"}, control...)
		return auditOf(t, args...)
	}
	first, _ := run()
	if first.Changes == nil || !first.Changes.FirstRun || len(first.Changes.Changes)+len(first.Changes.Findings) > 0 {
		t.Fatalf("the first run compares: %+v", first.Changes)
	}
	fault := fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/repositories/{workspace}/{repo_slug}/deploy-keys", Count: -1,
		Body: `{"type":"error","error":{"message":"Forbidden"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	}
	fake.Inject(fault)
	second, got := run()
	if got.code != exitIncomplete || !strings.Contains(got.err, "can't read and compare this: deploy key of the repository") {
		t.Errorf("exit code %d and %q, want %d and the grants that were not read", got.code, got.err, exitIncomplete)
	}
	if len(second.Changes.Changes)+len(second.Changes.Findings) > 0 {
		t.Errorf("grants that were not read count as changes: %+v", second.Changes)
	}
	fake.ClearFaults()
	third, _ := run()
	still := 0
	for _, f := range third.Changes.Findings {
		if f.Change != "still" || !f.Since.Equal(first.AuditedAt) && f.Since.Before(first.AuditedAt) {
			t.Errorf("an alarm of the first run is %+v", f)
		}
		still++
	}
	if alarms := first.Controls[0].Counts["alarm"]; still != alarms || alarms == 0 || len(third.Changes.Changes) > 0 {
		t.Errorf("%d alarms are still there, of %d, and %d changes", still, alarms, len(third.Changes.Changes))
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

// A grant that Bitbucket refuses to show does not count as revoked. The next run compares with the run before.
func TestAuditSinceSkipsWhatIsRefused(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	o := fake.Organization()
	home := o.Workspaces[0]
	project := o.ProjectsOf(home)[0]
	joiner := o.Users[len(o.Users)-2]
	fake.GrantProject(home.Slug, project.Key, joiner.UUID, "write")
	file := filepath.Join(t.TempDir(), "audit.db")
	run := func() jsonReport {
		config := writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
			{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(o.Connected.UUID)}, {name: "base_url", value: fake.URL()}, {name: "on_refusal", value: "skip"},
		}))
		report, _ := auditOf(t, append([]string{"--config", config, "--since", file, "--save", file}, passingControl...)...)
		return report
	}
	run()
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/workspaces/" + home.Slug + "/projects/" + project.Key + "/permissions-config/users", Count: -1,
		Body: `{"type":"error","error":{"message":"Not from this address"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	})
	for _, c := range run().Changes.Changes {
		t.Errorf("a change, although the grants are unknown: %+v", c)
	}
	fake.ClearFaults()
	fake.RevokeProject(home.Slug, project.Key, joiner.UUID)
	revoked := 0
	for _, c := range run().Changes.Changes {
		switch {
		case c.Name != joiner.DisplayName:
			t.Errorf("an unexpected change: %+v", c)
		case c.Change == "revoked" && c.Kind == "grant to a user on the project" && c.Place == home.Slug+"/"+project.Key:
			revoked++
		case c.Kind != "effective permission": // which follows
			t.Errorf("an unexpected change: %+v", c)
		}
	}
	if revoked != 1 {
		t.Errorf("the grant that is gone was reported %d times", revoked)
	}
}
