package command

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// auditOf runs an audit and reads its JSON document. In short runs it skips the test.
func auditOf(t *testing.T, args ...string) (jsonReport, outcome) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
	got := runCommand(t, "", append([]string{"audit", "--output", "json"}, args...)...)
	var report jsonReport
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("exit code %d, %s, no document: %v", got.code, got.err, err)
	}
	return report, got
}

// passingControl is a control that passes everywhere.
var passingControl = []string{"--control", "repository_inactive", "--var", "inactive_repository_days=100000"}

func TestAudit(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	report, got := auditOf(t, "--quiet", "--config", configOf(t, fake), "--var", "needed_permission=read")
	if got.code != exitFailed || !regexp.MustCompile(`^\d+ of \d+ controls alarm\.\n$`).MatchString(got.err) {
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
		bad := "alarm"
		if slices.Contains([]string{"branch_stale_approvals", "branch_pushes", "branch_force", "branch_delete"}, c.Control) {
			bad = "info" // a rule of the project may do what no rule of the repository does, and no merge check shows it
		}
		if diff := cmp.Diff(counts, c.Counts); diff != "" || c.Counts["ok"] == 0 || c.Counts[bad] == 0 {
			t.Errorf("%s: some should be ok, and some %s; counts (-resources +said):\n%s", c.Control, bad, diff)
		}
	}
	var all []string
	for _, severity := range audit.Severities {
		for _, c := range audit.Controls {
			if c.Severity == severity {
				all = append(all, c.Name)
			}
		}
	}
	if diff := cmp.Diff(all, controls); diff != "" {
		t.Errorf("controls, the most severe first (-all +judged):\n%s", diff)
	}
	requests := map[string]int{}
	for _, e := range fake.Journal() {
		requests[e.EscapedPath]++
	}
	lists, checks := 0, 0
	for url, n := range requests {
		switch {
		case strings.HasSuffix(url, "/branch-restrictions"):
		case strings.HasSuffix(url, "/pullrequests"):
			lists++
		case strings.HasSuffix(url, "/mergeability/checks"):
			checks++
		default:
			continue
		}
		if n > 1 {
			t.Errorf("%s was requested %d times", url, n)
		}
	}
	// One pull request shows the merge checks of the main branch.
	o := fake.Organization()
	branches, open := 0, 0
	for _, m := range o.MembershipsOf(o.Connected) {
		for _, r := range o.RepositoriesOf(m.Workspace) {
			if r.MainBranch == "" || o.EffectivePermission(r, o.Connected) != "admin" {
				continue
			}
			branches++
			if slices.ContainsFunc(o.PullRequests(r), func(p *organization.PullRequest) bool {
				return p.State == "OPEN" && p.DestinationBranch == r.MainBranch
			}) {
				open++
			}
		}
	}
	if lists != branches || checks != open {
		t.Errorf("%d lists of pull requests, and the checks of %d; want %d, and %d", lists, checks, branches, open)
	}
	sentences := map[string]bool{}
	for _, r := range report.control(t, "branch_approvals").Resources {
		for _, sentence := range []string{"approvals, as the merge checks of pull request", "no approval, as the merge checks of pull request", " needs approvals cannot be told: no rule of the repository asks for it"} {
			sentences[r.Status+sentence] = sentences[r.Status+sentence] || strings.Contains(r.Reason, sentence)
		}
	}
	for _, want := range []string{"okapprovals, as the merge checks of pull request", "alarmno approval, as the merge checks of pull request", "info needs approvals cannot be told: no rule of the repository asks for it"} {
		if !sentences[want] {
			t.Errorf("the audit has no such result: %s", want)
		}
	}
}

// control returns a control of the report.
func (r jsonReport) control(t *testing.T, name string) jsonControl {
	t.Helper()
	i := slices.IndexFunc(r.Controls, func(c jsonControl) bool { return c.Control == name })
	if i < 0 {
		t.Fatalf("no control %s", name)
	}
	return r.Controls[i]
}

// configOfUser writes a .spc file with a connection to the fake as one of its users.
func configOfUser(t *testing.T, fake *fakebitbucket.Server, u *organization.User) (path string) {
	t.Helper()
	return writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
		{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(u.UUID, fakebitbucket.AllScopes()...)}, {name: "base_url", value: fake.URL()},
	}))
}

// In no format does the audit of an account that sees nothing look good.
func TestAuditOfNothing(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	stranger := fake.Organization().Users[3]
	for _, m := range fake.Organization().MembershipsOf(stranger) {
		fake.RemoveMember(m.Workspace.Slug, stranger.UUID)
	}
	config := configOfUser(t, fake, stranger)
	const reason = "The connection covers no workspace that the connected account can see."
	said := map[string]string{}
	for _, format := range auditFormats() {
		got := runProcess(t, nil, "audit", "--config", config, "--output", format)
		if want := fmt.Sprintf("Error: none of %d controls could be judged: %s\n", len(audit.Controls), reason); got.code != exitIncomplete || !strings.HasSuffix(got.err, want) {
			t.Errorf("%s: exit code %d and %q, want %d and %q", format, got.code, got.err, exitIncomplete, want)
		}
		said[format] = got.out
	}
	var report jsonReport
	if err := json.Unmarshal([]byte(said["json"]), &report); err != nil {
		t.Fatal(err)
	}
	if report.NotJudged != len(audit.Controls) || len(report.Controls) != len(audit.Controls) {
		t.Errorf("%d of %d controls were not judged", report.NotJudged, len(report.Controls))
	}
	for _, c := range report.Controls {
		if c.Status != "not_judged" || len(c.Resources) != 1 || c.Resources[0].Status != "not_judged" || c.Resources[0].Reason != reason {
			t.Errorf("%s is %s: %v", c.Control, c.Status, c.Resources)
		}
	}
	if n := strings.Count(said["text"], "NOT JUDGED  "); n != len(audit.Controls) || !strings.HasSuffix(said["text"], fmt.Sprintf("Controls: %d. Alarm: 0. Not judged: %[1]d.\n", n)) || strings.Contains(said["text"], "OK ") {
		t.Errorf("text: %d are not judged:\n%s", n, said["text"])
	}
	records, err := csv.NewReader(strings.NewReader(said["csv"])).ReadAll()
	if err != nil || len(records) != 1+len(audit.Controls) {
		t.Fatalf("CSV: %d records, %v", len(records), err)
	}
	for _, record := range records[1:] {
		if record[3] != "not_judged" || record[4] != reason {
			t.Errorf("CSV: %v", record)
		}
	}
	var junit junitReport
	if err := xml.Unmarshal([]byte(said["junit"]), &junit); err != nil {
		t.Fatal(err)
	}
	for _, suite := range junit.Suites {
		if suite.Tests != 1 || suite.Skipped != 1 || suite.Cases[0].Skipped == nil || suite.Cases[0].Skipped.Message != reason {
			t.Errorf("JUnit: %+v", suite)
		}
	}
}

// A plain member sees the controls that need no administrator. The other controls are not judged, and say why.
func TestAuditOfMember(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	home := o.Workspaces[0]
	member := o.Users[3]
	for _, m := range o.MembershipsOf(member) {
		fake.RemoveMember(m.Workspace.Slug, member.UUID)
	}
	fake.SetRole(home.Slug, member.UUID, "member")
	reports := func(args ...string) (jsonReport, outcome) {
		return auditOf(t, append([]string{"--config", configOfUser(t, fake, member)}, args...)...)
	}

	// Without a grant, the account only sees the public repositories.
	report, _ := reports()
	for control, want := range map[string]string{
		"connected_account_repository": "The connected account has a permission on no repository.",
		"access_outsider":              "The connected account has a permission on no repository.",
		"deploy_key_old":               "Bitbucket shows deploy keys only to administrators. It showed the connected account those of 0 of 0 repositories and of 0 of 1 workspace.",
		"group_write_access":           "Bitbucket shows groups only to administrators. It showed the connected account those of 0 of 1 workspace.",
	} {
		if c := report.control(t, control); c.Status != "not_judged" || c.Resources[0].Reason != want {
			t.Errorf("%s is %s: %v", control, c.Status, c.Resources)
		}
	}
	if c := report.control(t, "repository_public"); c.Status != "alarm" {
		t.Errorf("repository_public is %s", c.Status)
	}

	repositories := o.RepositoriesOf(home)
	fake.GrantRepository(repositories[0].FullName(), member.UUID, "read")
	fake.GrantRepository(repositories[1].FullName(), member.UUID, "write")
	report, got := reports()
	unsure := []string{"member_inactive", "code_owner_left"} // which Bitbucket may show too little for
	for _, c := range report.Controls {
		hidden := audit.FindControl(c.Control).Administered() && c.Control != "repository_creators"
		if hidden != (c.Status == "not_judged") && !slices.Contains(unsure, c.Control) || hidden && (len(c.Resources) != 1 || !strings.Contains(c.Resources[0].Reason, " only to administrators. It showed the connected account those of 0 of ")) {
			t.Errorf("%s is %s: %v", c.Control, c.Status, c.Resources)
		}
	}
	if want := regexp.MustCompile(fmt.Sprintf(`\n\d+ of %d controls alarm, and \d\d could not be judged\.\n$`, len(audit.Controls))); got.code != exitFailed || !want.MatchString(got.err) {
		t.Errorf("exit code %d and %q", got.code, got.err)
	}

	// An administrator of one repository gets a result for it, and the number of the others.
	fake.GrantRepository(repositories[1].FullName(), member.UUID, "admin")
	report, got = reports("--control", "repository_administrators", "--var", "max_repository_administrators=1000")
	c := report.Controls[0]
	if got.code != exitOK || c.Status != "ok" || c.Counts["ok"] != 1 || c.Counts["not_judged"] != 1 ||
		!strings.HasSuffix(c.Resources[0].Reason, "those of 1 of 2 repositories.") {
		t.Errorf("exit code %d; %s is %s: %v", got.code, c.Control, c.Status, c.Resources)
	}
}

// If the audit could read everything and found nothing, the control is ok.
func TestAuditOfNone(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	alone := o.Users[len(o.Users)-1] // in a workspace of their own
	report, got := auditOf(t, "--config", configOfUser(t, fake, alone), "--control", "access_direct_beside_group", "--control", "group_write_access")
	if got.code != exitOK {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	n := len(o.RepositoriesOf(o.MembershipsOf(alone)[0].Workspace))
	for i, want := range []string{
		fmt.Sprintf("No direct grants found. Bitbucket showed the connected account those of %d of %[1]d repositories.", n),
		"No groups found. Bitbucket showed the connected account those of 1 of 1 workspace.",
	} {
		if c := report.Controls[i]; c.Status != "ok" || len(c.Resources) != 1 || c.Resources[0].Reason != want {
			t.Errorf("%s is %s: %v", c.Control, c.Status, c.Resources)
		}
	}
}

// The exit code distinguishes results from failures.
func TestAuditExitCodes(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/repositories/{workspace}/{repo_slug}/deploy-keys", Count: -1,
		Body: `{"type":"error","error":{"message":"Forbidden"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	})
	alone := configOfUser(t, fake, fake.Organization().Users[len(fake.Organization().Users)-1])
	nowhere := filepath.Join(t.TempDir(), "nowhere", "grants.db")
	for name, tt := range map[string]struct {
		args []string
		want int
		says string
	}{
		"all fine":               {append([]string{"--config", config}, passingControl...), 0, ""},
		"an alarm":               {[]string{"--config", config, "--control", "repository_public"}, 1, "1 of 1 controls alarm.\n"},
		"an alarm and a failure": {[]string{"--config", config, "--control", "repository_public", "--control", "deploy_key_old"}, 1, "1 of 2 controls alarm, and 1 could not be judged.\n"},
		"an alarm that may be":   {[]string{"--config", config, "--control", "repository_public", "--fail-on", "never"}, 0, ""},
		"a failure":              {[]string{"--config", config, "--control", "deploy_key_old"}, 3, "Error: none of 1 controls could be judged: GET /2.0/"},
		"a failure beside":       {append([]string{"--config", config, "--control", "deploy_key_old"}, passingControl...), 3, "Error: 1 of 2 controls could not be judged; no other control alarms\n"},
		"nothing judged":         {[]string{"--config", alone, "--control", "member_inactive"}, 3, "Error: none of 1 controls could be judged: "},
		"no file":                {append([]string{"--config", config, "--save", nowhere}, passingControl...), 2, "Error: can't save to "},
		"wrong usage":            {[]string{"--config", config, "--nope"}, 2, "unknown flag"},
		"no configuration":       {[]string{"--config", filepath.Dir(nowhere)}, 2, "no such file"},
	} {
		got := runProcess(t, nil, append([]string{"audit"}, tt.args...)...)
		if got.code != tt.want || !strings.Contains(got.err, tt.says) {
			t.Errorf("%s: exit code %d and %q, want %d and %q", name, got.code, got.err, tt.want, tt.says)
		}
	}
}

// If Bitbucket refuses a request of a table, the controls that read it can alarm, but not be ok.
func TestAuditRefused(t *testing.T) {
	t.Parallel()
	of := func(status audit.Status, tables ...string) audit.Result {
		return audit.Result{Control: audit.Controls[0], Tables: tables, Resources: []audit.Resource{{Resource: "a", Status: status, Reason: "It is so."}}}
	}
	report := &auditReport{connection: "work"}
	omissions := []bitbucket.Omission{
		{Connection: "work", Table: "bitbucket_deploy_key", Repository: "acme/website", Reason: bitbucket.ReasonRefused, Message: "acme/website was left out."},
		{Connection: "work", Table: "bitbucket_repository", Workspace: "acme", Reason: "not_administered", Message: "acme was left out."},
		{Connection: "home", Table: "bitbucket_repository", Workspace: "acme", Reason: bitbucket.ReasonFailed, Message: "acme was left out."},
	}
	for _, result := range []audit.Result{
		of(audit.OK, "bitbucket_deploy_key"), of(audit.Alarm, "bitbucket_repository", "bitbucket_deploy_key"), of(audit.OK, "bitbucket_repository"),
	} {
		report.add(result, omissions)
	}
	var got []string
	for _, r := range report.results {
		got = append(got, fmt.Sprintf("%s %d", r.Status(), r.Count(audit.NotJudged)))
	}
	if diff := cmp.Diff([]string{"not_judged 1", "alarm 1", "ok 0"}, got); diff != "" {
		t.Errorf("controls (-want +got):\n%s", diff)
	}
	if added := report.results[0].Resources[1]; added.Resource != "acme/website" || added.Reason != "acme/website was left out." {
		t.Errorf("the refused grants are reported as %+v", added)
	}
}

// With on_refusal = "skip", a refused repository does not hide the others, and no control that reads it is ok.
func TestAuditSkips(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	refused := o.RepositoriesOf(o.Workspaces[0])[0].FullName()
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/repositories/" + refused + "/deploy-keys", Count: -1,
		Body: `{"type":"error","error":{"message":"Not from this address"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	})
	config := writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
		{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(o.Connected.UUID)}, {name: "base_url", value: fake.URL()}, {name: "on_refusal", value: "skip"},
	}))
	old := append([]string{"--config", config, "--control", "deploy_key_old", "--var", "old_key_days=100000"}, passingControl...)
	report, got := auditOf(t, old...)
	c := report.control(t, "deploy_key_old")
	last := c.Resources[len(c.Resources)-1]
	if got.code != exitIncomplete || c.Status != "not_judged" || c.Counts["ok"] == 0 || last.Resource != refused || last.Status != "not_judged" || !strings.Contains(last.Reason, refused) {
		t.Errorf("exit code %d; %s is %s, %v, %+v", got.code, c.Control, c.Status, c.Counts, last)
	}
	if other := report.control(t, "repository_inactive"); other.Status != "ok" {
		t.Errorf("%s is %s", other.Control, other.Status)
	}
	if !strings.Contains(got.err, "bitbucket_deploy_key") || !strings.Contains(got.err, "bitbucket_omission") {
		t.Errorf("standard error does not name the omissions: %q", got.err)
	}
	if _, silent := auditOf(t, append([]string{"--quiet"}, old...)...); strings.Contains(silent.err, "bitbucket_omission") {
		t.Errorf("with --quiet: %q", silent.err)
	}
	if report, got := auditOf(t, "--config", config, "--control", "deploy_key_old"); got.code != exitFailed || report.Controls[0].Status != "alarm" {
		t.Errorf("with an alarm: exit code %d, and %s", got.code, report.Controls[0].Status)
	}
}

// No report has the address of a webhook: it may be a secret.
func TestAuditKeepsAddresses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, small)
	o := fake.Organization()
	for _, r := range o.RepositoriesOf(o.Workspaces[0])[:3] {
		fake.AddWebhook(r.FullName(), organization.Webhook{UUID: "{" + r.Slug + "}", URL: "https://user:hush1@hooks.example.com/hush2?token=hush3#hush4", Active: true, SkipCertVerification: true})
	}
	for _, format := range auditFormats() {
		got := runCommand(t, "", "audit", "--config", configOf(t, fake), "--benchmark", "access_audit_machines", "--all", "--output", format)
		if strings.Contains(got.out, "hush") || !strings.Contains(got.out, "https://hooks.example.com of ") {
			t.Errorf("%s shows more than the host of an address, or less", format)
		}
	}
}

func TestAuditQuiet(t *testing.T) {
	t.Parallel()
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	for _, format := range auditFormats() {
		got := runCommand(t, "", append([]string{"audit", "--config", config, "--output", format}, passingControl...)...)
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
		got := runCommand(t, "", append([]string{"audit", "--quiet", "--all", "--output", format}, args...)...)
		if got.code != exitFailed || got.err != "6 of 6 controls alarm.\n" {
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
		if suite.Name != c.Title || suite.Tests != len(c.Resources) || suite.Failures != c.Counts["alarm"] || suite.Skipped != c.Counts["skip"]+c.Counts["info"]+c.Counts["not_judged"] || suite.Errors != 0 {
			t.Errorf("JUnit: %+v, want the counts %v", suite, c.Counts)
		}
		if !strings.Contains(text, fmt.Sprintf("%-8s  ALARM  %s (%s)\n", c.Severity, c.Title, c.Control)) {
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
			if strings.Contains(text, "- "+r.Reason+"\n") != (r.Status == "alarm" || r.Status == "not_judged") {
				t.Errorf("text: %s is %s", r.Reason, r.Status)
			}
		}
	}
	if len(rows) > 0 {
		t.Errorf("CSV: %d rows more", len(rows))
	}
}

// If the query of a control fails, the control is an error, and the others are judged.
func TestAuditFails(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/repositories/{workspace}/{repo_slug}/deploy-keys", Count: -1,
		Body: `{"type":"error","error":{"message":"Forbidden"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	})
	report, got := auditOf(t, "--quiet", "--config", config, "--benchmark", "access_audit_machines")
	if want := "4 of 6 controls alarm, and 2 could not be judged.\n"; got.code != exitFailed || got.err != want {
		t.Errorf("exit code %d and %q, want %d and %q", got.code, got.err, exitFailed, want)
	}
	for _, c := range report.Controls {
		failed := strings.HasPrefix(c.Control, "deploy_key")
		if (c.Status == "error") != failed || strings.Contains(c.Error, "403 Forbidden") != failed || (len(c.Resources) == 0) != failed || (c.Counts["error"] == 1) != failed {
			t.Errorf("%s is %s, with %q, %d resources and the counts %v", c.Control, c.Status, c.Error, len(c.Resources), c.Counts)
		}
	}
	text := runCommand(t, "", "audit", "--config", config, "--control", "deploy_key_old")
	if !strings.HasPrefix(text.out, "low       ERROR  ") || !strings.Contains(text.out, "403 Forbidden") || text.code != exitIncomplete {
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
		"an unknown control":    {[]string{"--control", "nope"}, "unknown control nope: `steampipe-plugin-bitbucket audit --list`"},
		"an unknown benchmark":  {[]string{"--benchmark", "nope"}, "unknown benchmark nope"},
		"an unknown variable":   {[]string{"--var", "nope=1"}, "unknown variable nope: choose one of administered_workspaces, "},
		"a variable alone":      {[]string{"--var", "min_approvals"}, `--var takes name=value, not "min_approvals"`},
		"no number":             {[]string{"--var", "min_approvals=two"}, `min_approvals is "two", but should be a number of at least 1`},
		"too small a number":    {[]string{"--var", "min_approvals=0"}, `min_approvals is "0"`},
		"no flag":               {[]string{"--var", "require_enforced_merge_checks=maybe"}, "should be true or false"},
		"no list":               {[]string{"--var", "trusted_outsiders=[1]"}, "should be a list of texts"},
		"a text not allowed":    {[]string{"--var", "needed_permission=owner"}, `needed_permission is "owner", but should be one of read, write, admin`},
		"an unknown format":     {[]string{"--output", "xml"}, `unknown output format "xml": choose csv, html, json, junit, markdown, text`},
		"a list as JUnit":       {[]string{"--list", "--output", "junit"}, "a list of controls is not a report"},
		"an argument":           {[]string{"now"}, `audit takes no arguments, but got "now"`},
		"two sources":           {[]string{"--demo"}, "--demo can't be combined with --config or --connection"},
		"an unknown severity":   {[]string{"--severity", "grave"}, `unknown severity "grave": choose critical, high, medium, low`},
		"no control left":       {[]string{"--severity", "high", "--control", "deploy_key_old"}, "no control is left"},
		"an unknown fail-on":    {[]string{"--fail-on", "monday"}, `--fail-on is "monday": choose alarm, new or never`},
		"new, since when":       {[]string{"--fail-on", "new"}, "--fail-on new needs --since"},
		"no full name":          {[]string{"--repository", "website"}, `--repository is "website", but should be a full name`},
		"nothing accepted":      {[]string{"--accepted", filepath.Join(t.TempDir(), "accepted.hcl")}, "can't read the accepted findings"},
		"no file of grants":     {[]string{"--since", noFile}, noFile + " was not written by audit --save"},
		"a folder":              {[]string{"--since", t.TempDir()}, "was not written by audit --save"},
		"an unknown connection": {[]string{"--connection", "home"}, "unknown connection home: choose work"},
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
	if withUnknown, withKnown := alarms("branch_force"), alarms("branch_force", "project_branch_rules=false"); withUnknown != 0 || withKnown == 0 {
		t.Errorf("%d repositories alarm if projects may have rules, and %d if they have none", withUnknown, withKnown)
	}
}

func TestAuditList(t *testing.T) {
	t.Parallel()
	got := runCommand(t, "", "audit", "--list", "--output", "csv", "--benchmark", "cis_supply_chain_v100_1_3_8")
	want := `control,severity,title,cis,benchmarks
repository_public,high,Only repositories that are intended to be public are public,"1.2.6, 1.3.8","cis_supply_chain_v100_1_2_6, cis_supply_chain_v100_1_3_8"
group_write_access,medium,No group can write to a large part of the repositories,"1.3.8, 2.3.5","access_audit_people, cis_supply_chain_v100_1_3_8, cis_supply_chain_v100_2_3_5"
group_default_permission,medium,No group can write to each new repository,1.3.8,"access_audit_people, cis_supply_chain_v100_1_3_8"
repository_fork_policy,medium,A private repository cannot have public forks,"1.2.5, 1.3.8","cis_supply_chain_v100_1_2_5, cis_supply_chain_v100_1_3_8"
`
	if diff := cmp.Diff(outcome{exitOK, want, ""}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}
