package command

import (
	"strings"
	"testing"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	got := runCommand(t, "", "demo")
	if got.code != exitOK || got.err != "" {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	rest := got.out
	for _, q := range demoQuestions {
		_, after, found := strings.Cut(rest, q.title+"\n\n  select ")
		if !found {
			t.Fatalf("no question %q, or not in its place:\n%s", q.title, got.out)
		}
		_, answer, _ := strings.Cut(after, "\n\n+")
		if rows := strings.Count(answer[:strings.Index(answer, "\n\n")], "\n| ") - 1; rows < 2 {
			t.Errorf("%s: %d rows", q.title, rows)
		}
		rest = after
	}
}

// The demo organization passes some controls, to show a good result.
func TestAuditOfDemo(t *testing.T) {
	t.Parallel()
	report, _ := auditOf(t, "--quiet", "--demo", "--control", "workspace_forking", "--control", "workspace_privacy", "--control", "group_default_permission", "--control", "connected_account_repository")
	for _, c := range report.Controls {
		if want := map[bool]string{true: "skip", false: "ok"}[c.Control == "connected_account_repository"]; c.Status != want {
			t.Errorf("%s is %s, want %s", c.Control, c.Status, want)
		}
	}
}
