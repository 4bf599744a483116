package command

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
)

// fewTables lists tables of each kind of copying.
const fewTables = "bitbucket_commit,bitbucket_deploy_key,bitbucket_group_member,bitbucket_pull_request_comment"

// synced runs sync in process, and returns its summary. In short runs it skips the test.
func synced(t *testing.T, args ...string) (syncReport, outcome) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
	got := runCommand(t, "", append([]string{"sync", "--output", "json"}, args...)...)
	var report syncReport
	if got.code != exitUsage && got.code != exitFailed {
		if err := json.Unmarshal([]byte(got.out), &report); err != nil {
			t.Fatalf("exit code %d: %v\n%s%s", got.code, err, got.out, got.err)
		}
	}
	return report, got
}

// Wrong arguments are errors before the first request.
func TestSyncUsage(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	config, dir := configOf(t, fake), t.TempDir()
	file := func(text string) string { return writeFile(t, t.TempDir(), "sync.hcl", text) }
	to := "parquet:" + dir
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no destination":      {nil, "no destination: give --to"},
		"unknown destination": {[]string{"--to", "csv:x"}, "parquet:FOLDER"},
		"unknown table":       {[]string{"--to", to, "--tables", "bitbucket_repositroy"}, "there is no table bitbucket_repositroy: did you mean bitbucket_repository?"},
		"no such tables":      {[]string{"--to", to, "--tables", "bitbucket_x*"}, "there is no table bitbucket_x*"},
		"process table":       {[]string{"--to", to, "--tables", "bitbucket_rate_limit"}, "bitbucket_rate_limit can't be copied"},
		"share":               {[]string{"--to", to, "--quota-share", "101"}, "the quota share is 101, but should be from 1 to 100 per cent"},
		"age":                 {[]string{"--to", to, "--full-every", "-1h"}, "should be longer than 0"},
		"format":              {[]string{"--to", to, "--output", "jsn"}, "did you mean json?"},
		"two files":           {[]string{"a.hcl", "b.hcl"}, "sync takes one file, but got \"b.hcl\" too"},
		"no file":             {[]string{"no.hcl"}, "no.hcl"},
		"file":                {[]string{file("to = \"" + to + "\"\ntabels = []\n")}, "sync.hcl:2"},
		"file's duration":     {[]string{file("to = \"" + to + "\"\nevery = \"1d\"\n")}, `every is "1d", but should be a duration, for example 24h`},
		"file's table":        {[]string{file("to = \"" + to + "\"\ntable \"bitbucket_comit\" {}\n")}, "did you mean bitbucket_commit?"},
		"file's column":       {[]string{file("to = \"" + to + "\"\ntable \"bitbucket_commit\" {\n columns = [\"hsh\"]\n}\n")}, "bitbucket_commit has no column hsh to copy: did you mean hash?"},
		"file's condition":    {[]string{file("to = \"" + to + "\"\ntable \"bitbucket_commit\" {\n conditions = { message = \"x\" }\n}\n")}, "bitbucket_commit can't be limited by message: choose from"},
		"file's time":         {[]string{file("to = \"" + to + "\"\ntable \"bitbucket_commit\" {\n conditions = { date = { from = \"now\" } }\n}\n")}, `bitbucket_commit.date: "now" should be a time`},
		"file's list":         {[]string{file("to = \"" + to + "\"\ntable \"bitbucket_commit\" {\n conditions = { hash = [] }\n}\n")}, "hash: a list needs a value"},
		"file's range":        {[]string{file("to = \"" + to + "\"\ntable \"bitbucket_commit\" {\n conditions = { date = { since = \"2026-01-01\" } }\n}\n")}, "unknown since: write from, to or both"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runCommand(t, "", append([]string{"sync", "--config", config}, test.args...)...)
			if got.code != exitUsage || !strings.Contains(got.err, test.want) || got.out != "" {
				t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
			}
		})
	}
	if n := len(fake.Journal()); n > 0 {
		t.Errorf("%d requests", n)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the destination has %v, %v", entries, err)
	}
}

// A file chooses tables, columns and rows. A second run only reads changes, and a run that is not due reads nothing.
func TestSyncFile(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	dir := t.TempDir()
	file := writeFile(t, t.TempDir(), "nightly.hcl", `
to         = "parquet:`+dir+`"
workspaces = ["harbor-labs"]
tables     = ["bitbucket_pull_request", "bitbucket_group*"]
every      = "24h"
table "bitbucket_pull_request" {
  columns    = ["title", "state"]
  conditions = {
    state      = ["OPEN", "MERGED"]
    created_on = { from = "2001-01-01" }
  }
}
`)
	report, got := synced(t, "--config", configOf(t, fake), file)
	if got.code != exitOK || report.Status != "copied" || !report.Run.IsFull || !strings.Contains(got.err, "This run reads everything: at least ") {
		t.Fatalf("exit code %d: %s%s", got.code, got.out, got.err)
	}
	open := 0
	o := fake.Organization()
	for _, r := range o.VisibleRepositories(o.Connected) {
		for _, p := range o.PullRequests(r) {
			if r.Workspace == o.Workspaces[0] && (p.State == "OPEN" || p.State == "MERGED") {
				open++
			}
		}
	}
	if n := report.Tables["bitbucket_pull_request"].Rows; n != int64(open) || open == 0 {
		t.Errorf("%d pull requests were copied, want %d", n, open)
	}
	for _, name := range []string{"bitbucket_repository", "bitbucket_group", "bitbucket_group_member", "bitbucket_omission"} {
		if _, ok := report.Tables[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if len(report.Tables) != 5 {
		t.Errorf("%d tables", len(report.Tables))
	}
	report, got = synced(t, "--config", configOf(t, fake), file)
	if got.code != exitOK || report.Status != "not_due" || report.GoesOn == nil {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
	}
	report, got = synced(t, "--config", configOf(t, fake), file, "--full", "--quiet")
	if got.code != exitOK || report.Status != "copied" || got.err != "" {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
	}
}

// A run that has used up its share ends with 3 and says how to continue. The next run continues.
func TestSyncPauses(t *testing.T) {
	t.Parallel()
	o := small
	o.Quota = 150
	fake := fakebitbucket.Start(t, o)
	to := "parquet:" + t.TempDir()
	got := runCommand(t, "", "sync", "--config", configOf(t, fake), "--to", to, "--tables", fewTables, "--quota-share", "50")
	if got.code != exitIncomplete {
		t.Fatalf("exit code %d: %s%s", got.code, got.out, got.err)
	}
	for _, want := range []string{
		"Of 150 an hour, ", "and it may send 7", "It will stop then, and keep what it has read.",
		"Error: the run has spent its share of the quota, and needs at least ",
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("no %q in %s", want, got.err)
		}
	}
	if !regexp.MustCompile(`^Read [\d,]+ rows with \d+ requests, and kept them\.\n$`).MatchString(got.out) {
		t.Errorf("output %q", got.out)
	}
	report, got := synced(t, "--config", configOf(t, fake), "--to", to, "--tables", fewTables, "--quota-share", "1")
	if got.code != exitIncomplete || report.Status != "paused" || report.Left == 0 || report.GoesOn == nil || !strings.Contains(got.err, "This run goes on with the one of ") {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
	}
}

// If a process is killed while it reads, the last run stays visible. The next run continues with the saved rows.
func TestSyncKilled(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	dir := t.TempDir()
	release, stuck := make(chan struct{}), make(chan struct{}, 1)
	var requests atomic.Int64
	gate := gated(t, fake, release, func(r *http.Request) bool {
		requests.Add(1)
		holds := strings.HasSuffix(r.URL.Path, "/comments")
		if holds {
			select {
			case stuck <- struct{}{}:
			default:
			}
		}
		return holds
	})
	args := []string{"sync", "--config", configAt(t, fake, gate), "--to", "parquet:" + dir, "--tables", fewTables, "--output", "json"}
	cmd := process(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-stuck
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if _, err := os.Stat(filepath.Join(dir, "_manifest.json")); err == nil {
		t.Error("the run was published")
	}
	close(release)
	first := requests.Swap(0)
	got := finish(t, process(t, args...), nil)
	var report syncReport
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != exitOK || report.Status != "copied" {
		t.Fatalf("exit code %d: %v\n%s%s", got.code, err, got.out, got.err)
	}
	if !strings.Contains(got.err, "This run goes on with the one of ") {
		t.Errorf("it does not say that it goes on: %s", got.err)
	}
	second := requests.Swap(0)
	whole, _ := synced(t, "--config", configAt(t, fake, gate), "--to", "parquet:"+t.TempDir(), "--tables", fewTables)
	if most := whole.Run.Requests + whole.Run.Requests/4; first+second > most {
		t.Errorf("%d and %d requests were sent; a run alone sends %d", first, second, whole.Run.Requests)
	}
	for name, counts := range whole.Tables {
		if name != "bitbucket_omission" && report.Tables[name] != counts {
			t.Errorf("%s: %+v, and alone %+v", name, report.Tables[name], counts)
		}
	}
}

// Two runs never write to one destination at the same time.
func TestSyncBusy(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	to := "parquet:" + t.TempDir()
	release, stuck := make(chan struct{}), make(chan struct{}, 1)
	gate := gated(t, fake, release, func(r *http.Request) bool {
		holds := strings.HasPrefix(r.URL.Path, "/2.0/repositories/") // when the run has the destination
		if holds {
			select {
			case stuck <- struct{}{}:
			default:
			}
		}
		return holds
	})
	cmd := process(t, "sync", "--config", configAt(t, fake, gate), "--to", to, "--tables", fewTables)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-stuck
	got := runCommand(t, "", "sync", "--config", configOf(t, fake), "--to", to, "--tables", fewTables)
	if got.code != exitFailed || !strings.Contains(got.err, "another run writes to ") || !regexp.MustCompile(`process \d+ on `).MatchString(got.err) {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	close(release)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// If Bitbucket refuses a request, the exit code is 3, and the rows stay as they were.
func TestSyncRefused(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	to := "parquet:" + t.TempDir()
	config := func() string {
		return writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
			{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(fake.Organization().Connected.UUID)},
			{name: "base_url", value: fake.URL()}, {name: "on_refusal", value: "skip"},
		}))
	}
	first, _ := synced(t, "--config", config(), "--to", to, "--tables", "bitbucket_deploy_key")
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/repositories/{workspace}/{repo_slug}/deploy-keys", Count: -1, Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden,
		Body: `{"type":"error","error":{"message":"refused"}}`,
	})
	report, got := synced(t, "--config", config(), "--to", to, "--tables", "bitbucket_deploy_key", "--full")
	if got.code != exitIncomplete || !strings.Contains(got.err, "some parts could not be read: the copy keeps their earlier rows") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	if was, is := first.Tables["bitbucket_deploy_key"].Rows, report.Tables["bitbucket_deploy_key"]; is.Rows != was || is.Removed > 0 || was == 0 {
		t.Errorf("%d keys, and then %+v", was, is)
	}
}

// The password of a destination is never shown.
func TestSyncShowsNoPassword(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	const password = "Not-To-Be-Seen"
	to := postgrestest.StartServer(t).Location() + "&password=" + password
	for _, format := range syncFormats {
		got := runCommand(t, "", "sync", "--config", configOf(t, fake), "--to", to, "--tables", "bitbucket_group", "--output", format)
		if got.code != exitOK || strings.Contains(got.out+got.err, password) || !strings.Contains(got.out, "schema bitbucket") {
			t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
		}
	}
	got := runCommand(t, "", "sync", "--config", configOf(t, fake), "--to", "postgres://somebody:"+password+"@127.0.0.1:1/db", "--tables", "bitbucket_group")
	if got.code != exitFailed || strings.Contains(got.out+got.err, password) {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
	}
}

// A connection with few scopes copies the tables that it can read, and names the others. A named table without its scope is an
// error.
func TestSyncWithFewScopes(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	o := fake.Organization()
	consumer := fake.Consumer(o.Workspaces[0].Slug, "account", "repository")
	config := writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
		{name: "plugin", value: localPlugin}, {name: "consumer_key", value: consumer.Key}, {name: "consumer_secret", value: consumer.Secret},
		{name: "refresh_token", value: fake.Grant(consumer, o.Connected.UUID)}, {name: "token_dir", value: t.TempDir()},
		{name: "base_url", value: fake.URL()}, {name: "oauth_url", value: fake.OAuthURL()},
	}))
	report, got := synced(t, "--config", config, "--to", "parquet:"+t.TempDir())
	if got.code != exitOK || !strings.Contains(got.err, "Left out, because the connection lacks the permission: ") || !strings.Contains(got.err, "bitbucket_pipeline, ") {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	for table, want := range map[string]bool{"bitbucket_commit": true, "bitbucket_repository": true, "bitbucket_pipeline": false, "bitbucket_deploy_key": false} {
		if _, is := report.Tables[table]; is != want {
			t.Errorf("%s is copied: %t", table, is)
		}
	}
	_, got = synced(t, "--config", config, "--to", "parquet:"+t.TempDir(), "--tables", "bitbucket_pipeline")
	if got.code != exitUsage || !strings.Contains(got.err, "bitbucket_pipeline can't be copied without pipeline (Pipelines: Read)") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}
