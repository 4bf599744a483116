package command

import (
	"bufio"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// An accepted alarm does not count until its last day is over.
func TestAuditAccepts(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	config := configOf(t, fake)
	run := func(file string) (jsonControl, outcome) {
		report, got := auditOf(t, "--quiet", "--config", config, "--control", "repository_public", "--accepted", file)
		return report.Controls[0], got
	}
	write := func(blocks string) string { return writeFile(t, t.TempDir(), "accepted.hcl", blocks) }
	const all = "accept {\n  control  = \"repository_public\"\n  resource = \"*\"\n  reason   = \"The legal department has agreed\"\n  until    = \"%s\"\n}\n"

	c, got := run(write(strings.ReplaceAll(all, "%s", "2999-12-31")))
	if got.code != exitOK || c.Status != "accepted" || c.Counts["alarm"] != 0 || c.Counts["accepted"] == 0 {
		t.Errorf("exit code %d, %s, %v", got.code, c.Status, c.Counts)
	}
	for _, r := range c.Resources {
		if r.Status == "accepted" && !strings.HasSuffix(r.Reason, " Accepted until 2999-12-31: The legal department has agreed.") {
			t.Errorf("an accepted alarm says %q", r.Reason)
		}
	}
	expired := write(strings.ReplaceAll(all, "%s", "2020-01-01"))
	c, got = run(expired)
	if got.code != exitFailed || c.Status != "alarm" {
		t.Errorf("after its day: exit code %d, %s", got.code, c.Status)
	}
	for _, r := range c.Resources {
		if says := strings.HasSuffix(r.Reason, " "+expired+":1 accepted this until 2020-01-01."); says != (r.Status == "alarm") {
			t.Errorf("after its day: %s says %q", r.Status, r.Reason)
		}
	}
	elsewhere := write(strings.ReplaceAll(strings.ReplaceAll(all, "%s", "2999-12-31"), `"*"`, `"acme/none"`))
	if _, got = run(elsewhere); got.code != exitFailed || !strings.HasPrefix(got.err, elsewhere+":1 accepts no alarm: repository_public does not alarm for acme/none. Remove the block.\n") {
		t.Errorf("nothing to accept: exit code %d, %q", got.code, got.err)
	}
	for name, tt := range map[string]struct{ blocks, want string }{
		"no control":   {`accept { control = "nope" }`, `The argument "reason" is required`},
		"unknown":      {strings.ReplaceAll(all, "repository_public", "nope"), `:1: unknown control "nope"`},
		"no reason":    {strings.ReplaceAll(all, "The legal department has agreed", " "), ":1: reason is empty"},
		"no day":       {all, `:1: until is "%s", but should be the last day`},
		"no end":       {"accept {\n  control = \"repository_public\"\n  resource = \"*\"\n  reason = \"Yes\"\n}\n", `The argument "until" is required`},
		"another word": {"waive {}\n", `Blocks of type "waive" are not expected here`},
	} {
		got := runCommand(t, "", "audit", "--config", config, "--accepted", write(tt.blocks))
		if got.code != exitUsage || !strings.Contains(got.err, tt.want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d and %q, want %q", name, got.code, got.err, tt.want)
		}
	}
}

// With --fail-on new, an alarm of an earlier run does not fail a run. A new alarm does, and so does a change that opens something.
func TestAuditFailsOnNew(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	file := filepath.Join(t.TempDir(), "audit.db")
	run := func() (jsonReport, outcome) {
		return auditOf(t, "--quiet", "--config", configOf(t, fake), "--control", "repository_public", "--control", "webhook_certificate", "--fail-on", "new", "--since", file, "--save", file)
	}
	if report, got := run(); got.code != exitOK || report.Alarms == 0 {
		t.Fatalf("a first run: exit code %d, %d alarms: %s", got.code, report.Alarms, got.err)
	}
	if _, got := run(); got.code != exitOK {
		t.Errorf("nothing is new: exit code %d: %s", got.code, got.err)
	}
	o := fake.Organization()
	r := o.RepositoriesOf(o.Workspaces[0])[0]
	fake.AddWebhook(r.FullName(), organization.Webhook{UUID: "{new}", URL: "https://hooks.example.com/hush", Active: true, SkipCertVerification: true})
	report, got := run()
	found := map[string]int{}
	for _, f := range report.Changes.Findings {
		found[f.Change]++
	}
	if got.code != exitFailed || got.err != "1 new alarms, and 1 changes.\n" || found["new"] != 1 || found["still"] == 0 {
		t.Errorf("a new webhook: exit code %d, %q, %v", got.code, got.err, found)
	}
	if c := report.Changes.Changes; len(c) != 1 || c[0].Change != "added" || c[0].Kind != "webhook of the repository" || c[0].Name != "https://hooks.example.com" || strings.Contains(got.out, "hush") {
		t.Errorf("a new webhook is %+v", c)
	}
	fake.RemoveWebhook(r.FullName(), "{new}")
	report, got = run()
	if f := report.Changes.Findings; got.code != exitOK || f[len(f)-1].Change == "new" || report.Changes.Changes[0].Change != "removed" {
		t.Errorf("a webhook that is gone: exit code %d, %+v", got.code, report.Changes)
	}
}

// Each report for people begins with the alarms, and shows at most ten resources of a control.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	for format, want := range map[string][]string{
		"text":     {"high      ALARM  ", "- and ", " more; --all shows them\n", "What to do: ", "alarms in ", "Controls: 2. Alarm: 2."},
		"markdown": {"# Audit of connection work\n", "| high | 1 | ", "### ", "\n- and ", "What to do: "},
		"html":     {"<h1>Audit of connection work</h1>", "<tr><td>high</td><td>1</td><td>", "<h3>", "<li>and ", "<p>What to do: "},
	} {
		got := runCommand(t, "", "audit", "--quiet", "--config", config, "--control", "webhook_secret", "--control", "webhook_certificate", "--output", format)
		rest := got.out
		for _, part := range want {
			_, after, ok := strings.Cut(rest, part)
			if !ok {
				t.Fatalf("%s has no %q after the other parts:\n%s", format, part, got.out)
			}
			rest = after
		}
		if n := strings.Count(got.out, "What to do: "); n != 2 {
			t.Errorf("%s: the remedy of two controls is given %d times", format, n)
		}
	}
}

// The text shows each control as soon as it is judged.
func TestAuditPrintsWhenJudged(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	release := make(chan struct{})
	gate := gated(t, fake, release, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/hooks") })
	cmd := process(t, "audit", "--config", configAt(t, fake, gate), "--control", "webhook_secret", "--control", "repository_inactive", "--control", "repository_public")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if want := "high      ALARM  Only repositories that are intended to be public are public (repository_public)\n"; first != want || err != nil {
		t.Errorf("the first line is %q, %v, want %q", first, err, want)
	}
	close(release) // until here, no webhook was read
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the test checks the exit code
	text := string(rest)
	medium, low := strings.Index(text, "\nmedium    ALARM  Webhooks"), strings.Index(text, "\nlow       ALARM  Repositories are active")
	if medium < 0 || low < medium || !strings.HasSuffix(text, "\nControls: 3. Alarm: 3. Not judged: 0.\n") || cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("exit code %d and %s", cmd.ProcessState.ExitCode(), text)
	}
}

// An audit of a part of a connection makes fewer requests.
func TestAuditOfPart(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, small)
	o := fake.Organization()
	r := o.RepositoriesOf(o.Workspaces[0])[0]
	whole, _ := auditOf(t, "--quiet", "--config", configOf(t, fake), "--benchmark", "access_audit")
	all := len(fake.Journal())
	for name, tt := range map[string]struct {
		flag, value string
		of          func(jsonResource) bool
	}{
		"a workspace":  {"--workspace", r.Workspace.Slug, func(x jsonResource) bool { return x.Dimensions["workspace"] == r.Workspace.Slug }},
		"a repository": {"--repository", r.FullName(), func(x jsonResource) bool { return x.Dimensions["repository"] == r.FullName() }},
	} {
		before := len(fake.Journal())
		part, got := auditOf(t, "--quiet", "--config", configOf(t, fake), "--benchmark", "access_audit", tt.flag, tt.value)
		if n := len(fake.Journal()) - before; n == 0 || n >= all {
			t.Errorf("%s: %d requests, and %d for all", name, n, all)
		}
		judged := 0
		for _, c := range part.Controls {
			want := map[string]string{}
			for _, x := range whole.control(t, c.Control).Resources {
				if tt.of(x) {
					want[x.Resource] = x.Status
				}
			}
			for _, x := range c.Resources {
				if tt.of(x) && want[x.Resource] != x.Status {
					t.Errorf("%s: %s of %s is %s, and in the whole %q", name, c.Control, x.Resource, x.Status, want[x.Resource])
				}
				if of := x.Dimensions["repository"]; of != "" && !tt.of(x) {
					t.Errorf("%s: %s judges %s", name, c.Control, of)
				}
				judged++
			}
		}
		if judged == 0 || got.code == exitUsage || !strings.HasSuffix(part.Scope, tt.value) {
			t.Errorf("%s: exit code %d, %d judged, scope %q", name, got.code, judged, part.Scope)
		}
	}
	for _, args := range [][]string{{"--workspace", "nope"}, {"--repository", "acme/nope"}} {
		if got := runCommand(t, "", append([]string{"audit", "--config", configOf(t, fake)}, args...)...); got.code == exitOK || got.code == exitFailed || !strings.Contains(got.err, "nope") {
			t.Errorf("%v: exit code %d and %q", args, got.code, got.err)
		}
	}
}
