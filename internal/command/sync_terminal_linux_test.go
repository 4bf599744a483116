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
	held := make(chan struct{})
	gate := gated(t, fake, held, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/refs/branches") })
	e := emulate(t, process(t, "sync", "--config", configAt(t, fake, gate), "--to", "parquet:"+t.TempDir(), "--tables", "bitbucket_branch"), 120, 30)
	e.waits(t, "the progress", regexp.MustCompile(`table 2 of 2, branch, 0 of \d\d+ repositories, [\d,]+ rows, \d+ requests`).MatchString)
	close(held)
	if code, output := e.ends(t); code != exitOK || !strings.Contains(output, "Copied 3 tables to parquet:") {
		t.Errorf("exit code %d: %s", code, output)
	}
}
