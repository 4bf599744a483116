package command

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/postgres"
)

// compared are the tables that audit compares, as patterns.
const compared = "bitbucket_*_permission,bitbucket_workspace_member,bitbucket_group_member,bitbucket_repository,bitbucket_my_*,bitbucket_project," +
	"bitbucket_*deploy_key,bitbucket_*webhook,bitbucket_*_variable,bitbucket_branch_restriction"

// syncTo runs a sync of a new process to a destination.
func syncTo(t *testing.T, fake *fakebitbucket.Server, location, tables string) {
	t.Helper()
	got := runCommand(t, "", "sync", "--config", configOf(t, fake), "--to", location, "--tables", tables, "--quiet")
	if got.code != exitOK {
		t.Fatalf("sync: exit code %d: %s", got.code, got.err)
	}
}

// A comparison with a copy finds the same changes as a comparison with a file of the same moment.
func TestAuditSinceCopy(t *testing.T) {
	t.Parallel()
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		auditSinceCopy(t, postgrestest.StartServer(t).Location())
	})
	t.Run("Parquet", func(t *testing.T) {
		t.Parallel()
		auditSinceCopy(t, "parquet:"+filepath.Join(t.TempDir(), "copy"))
	})
}

func auditSinceCopy(t *testing.T, location string) {
	t.Helper()
	fake := fakebitbucket.Start(t, small)
	file := filepath.Join(t.TempDir(), "audit.db")
	syncTo(t, fake, location, compared)
	since := func(what string, args ...string) []jsonChange {
		t.Helper()
		report, got := auditOf(t, append(args, freshRun(t, fake, "--since", what)...)...)
		if got.code != exitOK {
			t.Fatalf("exit code %d: %s", got.code, got.err)
		}
		if c := report.Changes; c.FirstRun || c.IsCopy != (what == location) || len(c.Findings) > 0 {
			t.Errorf("compared with %s: %+v", what, c)
		}
		return report.Changes.Changes
	}
	if changes := since(location, "--save", file); len(changes) > 0 {
		t.Errorf("nothing has changed, and there are %v", changes)
	}

	changed := changeAll(t, fake)
	want := since(file)
	kinds := map[string]bool{}
	for _, c := range want {
		kinds[c.Change+" "+c.Kind] = true
	}
	for _, kind := range []string{
		"granted effective permission", "granted grant to a user on the repository", "changed role in the workspace", "added webhook of the repository",
		"changed visibility", "added deploy key of the repository", "disappeared effective permission",
	} {
		if !kinds[kind] {
			t.Errorf("the test does not change this: %s", kind)
		}
	}
	if diff := cmp.Diff(want, since(location)); diff != "" {
		t.Errorf("changes (-since the file +since the copy):\n%s", diff)
	}
	for _, scope := range [][]string{{"--workspace", fake.Organization().Workspaces[0].Slug}, {"--repository", changed}} {
		scoped := filepath.Join(t.TempDir(), "scoped.db")
		if got := since(location, append(scope, "--save", scoped)...); len(got) == 0 || len(got) > len(want) || scope[0] == "--repository" && len(got) == len(want) {
			t.Errorf("%v: %d changes of %d", scope, len(got), len(want))
		} else if got := since(scoped, scope...); len(got) > 0 {
			t.Errorf("%v: the saved file differs: %v", scope, got)
		}
	}

	for format, want := range map[string]string{"text": noAlarms, "markdown": "\n" + noAlarms + "\n", "html": "<p>" + noAlarms + "</p>"} {
		got := runCommand(t, "", append([]string{"audit", "--since", location, "--output", format, "--fail-on", "new"}, freshRun(t, fake)...)...)
		if got.code != exitFailed || !strings.Contains(got.out, want) || strings.Contains(got.out, "New alarms") || strings.Contains(got.err, "new alarms") {
			t.Errorf("%s: exit code %d, no %q in %q%q", format, got.code, want, got.out, got.err)
		}
	}
}

// changeAll makes changes of many kinds, and returns a repository that has changed.
func changeAll(t *testing.T, fake *fakebitbucket.Server) string {
	t.Helper()
	o := fake.Organization()
	home := o.Workspaces[0]
	var private []*organization.Repository
	for _, r := range o.RepositoriesOf(home) {
		if r.IsPrivate {
			private = append(private, r)
		}
	}
	for _, m := range o.MembersOf(home) {
		if m.Permission == "member" && m.User.Type == "user" && o.EffectivePermission(private[0], m.User) == "" {
			fake.GrantRepository(private[0].FullName(), m.User.UUID, "write")
			fake.SetRole(home.Slug, m.User.UUID, "create-project")
			break
		}
	}
	fake.AddWebhook(private[0].FullName(), organization.Webhook{UUID: "{11111111-2222-3333-4444-555555555555}", URL: "https://hooks.example.com/x", Active: true, Events: []string{"repo:push"}})
	fake.AddDeployKey(private[0].FullName(), organization.DeployKey{ID: 77, Label: "deploys", Key: "ssh-ed25519 AAAA", CreatedOn: home.CreatedOn})
	fake.ChangeRepository(private[1].FullName(), func(r *organization.Repository) { r.IsPrivate = false })
	fake.RemoveRepository(private[2].FullName())
	return private[0].FullName()
}

// If a comparison is not possible, the audit says why, before the first request if it can.
func TestAuditRefusesCopies(t *testing.T) {
	t.Parallel()
	server := postgrestest.StartServer(t)
	fake := fakebitbucket.Start(t, small)
	o := fake.Organization()
	schema := func(name string) string { return server.Location() + "&schema=" + name }
	syncTo(t, fake, schema("part"), "bitbucket_workspace_member,bitbucket_my_workspace")
	busy, err := postgres.New(schema("busy"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := busy.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	block := func(name, user string) string {
		return writeFile(t, t.TempDir(), "a.spc", connectionBlock(name, []spcArgument{
			{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(user)}, {name: "base_url", value: fake.URL()},
		}))
	}
	here := block("work", o.Connected.UUID)
	tests := map[string]struct {
		config, since string
		code          int
		want          string
		asksBitbucket bool
	}{
		"nothing there":      {here, schema("empty"), exitUsage, "nothing was copied yet: run sync first", false},
		"busy":               {here, schema("busy"), exitUsage, "another run writes to PostgreSQL at", false},
		"unknown kind":       {here, "ftp://db.example.com/x", exitUsage, `"ftp://db.example.com/x"`, false},
		"no server":          {here, "postgres://auditor:hunter2@127.0.0.1:1/warehouse", exitUsage, "connecting to PostgreSQL at 127.0.0.1, database warehouse", false},
		"another connection": {block("home", o.Connected.UUID), schema("part"), exitUsage, "the copy is about connection work, but this is connection home", true},
		"another account":    {block("work", o.Users[1].UUID), schema("part"), exitUsage, "the copy has what " + o.Connected.UUID + " saw, but the connection now belongs to " + o.Users[1].DisplayName, true},
		"only a part":        {here, schema("part"), exitIncomplete, "can't read and compare this: webhook of the repository: the copy does not have bitbucket_", true},
	}
	for name, tt := range tests {
		before := len(fake.Journal())
		got := runCommand(t, "", append(append([]string{"audit", "--config", tt.config}, passingControl...), "--since", tt.since)...)
		if got.code != tt.code || !strings.Contains(got.err, tt.want) {
			t.Errorf("%s: exit code %d and %q, want %d and %q", name, got.code, got.err, tt.code, tt.want)
		}
		if strings.Contains(got.err+got.out, "hunter2") {
			t.Errorf("%s: the password is shown: %s", name, got.err)
		}
		if strings.Contains(got.err, "role in the workspace") {
			t.Errorf("%s: the copied tables are not compared: %s", name, got.err)
		}
		if requested := len(fake.Journal()) > before; requested != tt.asksBitbucket {
			t.Errorf("%s: a request to Bitbucket: %t, want %t", name, requested, tt.asksBitbucket)
		}
	}
}
