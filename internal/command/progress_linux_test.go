package command

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// While a query reads, the terminal shows its progress.
func TestTerminalProgress(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	release := make(chan struct{})
	gate := gated(t, fake, release, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/refs/branches") })
	e := emulate(t, terminalProcess(t, "query", "--config", configAt(t, fake, gate), "select count(*) from bitbucket_branch"), 100, 20)
	e.waits(t, "the progress", regexp.MustCompile(`[\d,]+ rows, \d+ requests, 0 of \d\d+ repositories`).MatchString)
	close(release)
	if code, output := e.ends(t); code != exitOK {
		t.Errorf("exit code %d: %s", code, output)
	}
}

// While a query waits for the quota, the terminal shows until when, and how many more requests it needs.
func TestTerminalQuota(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Quota: 20})
	config := writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
		{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(fake.Organization().Connected.UUID)},
		{name: "base_url", value: fake.URL()}, {name: "max_wait", value: "2h"},
	}))
	e := emulate(t, terminalProcess(t, "query", "--config", config, "select count(*) from bitbucket_branch"), 100, 20)
	e.waits(t, "the wait", regexp.MustCompile(`waiting for the quota until \d\d:\d\d:\d\d, for at least \d\d+ more requests`).MatchString)
	e.enters(t, keyCtrlC)
	if code, output := e.ends(t); code == exitOK || !strings.Contains(output, "Error: cancelled") {
		t.Errorf("exit code %d: %s", code, output)
	}
}
