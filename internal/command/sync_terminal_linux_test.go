package command

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// While sync reads, a terminal shows tables, repositories, rows and requests.
func TestTerminalSync(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	release := make(chan struct{})
	gate := gated(t, fake, release, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/refs/branches") })
	e := emulate(t, terminalProcess(t, "sync", "--config", configAt(t, fake, gate), "--to", "parquet:"+t.TempDir(), "--tables", "bitbucket_branch"), 120, 30)
	e.waits(t, "the progress", regexp.MustCompile(`table 2 of 2, branch, 0 of \d\d+ repositories, [\d,]+ rows, \d+ requests`).MatchString)
	close(release)
	if code, output := e.ends(t); code != exitOK || !strings.Contains(output, "Copied 3 tables to parquet:") {
		t.Errorf("exit code %d: %s", code, output)
	}
}

// With a quota, the terminal shows how much of its share a run may still spend.
func TestTerminalSyncQuota(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 24, Projects: 4, Users: 16, Groups: 4, Quota: 1000})
	release := make(chan struct{})
	gate := gated(t, fake, release, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/refs/branches") })
	e := emulate(t, terminalProcess(t, "sync", "--config", configAt(t, fake, gate), "--to", "parquet:"+t.TempDir(), "--tables", "bitbucket_branch"), 140, 30)
	e.waits(t, "the quota", regexp.MustCompile(`\d+ requests \(7\d\d more allowed\)`).MatchString)
	close(release)
	if code, output := e.ends(t); code != exitOK {
		t.Errorf("exit code %d: %s", code, output)
	}
}
