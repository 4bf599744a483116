package command

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		takes time.Duration
		want  string // "" for no progress at all
	}{
		"a short scan": {progressDelay - time.Millisecond, ""},
		"a long scan":  {3 * time.Second, "1,234 rows, 1 request, 3 of 1,200 repositories"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				stop := showProgress(&out, func() string { return progressLine(bitbucket.Progress{Requests: 1, Done: 3, Total: 1200}, 1234) })
				time.Sleep(tt.takes) // on the simulated clock
				stop()
				stop()
				if shown := out.String(); (shown == "") != (tt.want == "") || !strings.Contains(shown, tt.want) {
					t.Errorf("progress %q, want %q in it", shown, tt.want)
				}
				if lines := strings.Split(out.String(), "\r"); strings.TrimSpace(lines[len(lines)-1]) != "" {
					t.Errorf("progress is left on the line: %q", lines[len(lines)-1])
				}
			})
		})
	}
}

func TestProgressStopsBeforeOutput(t *testing.T) {
	t.Parallel()
	var order []string
	w := &firstWrite{Writer: recorder{&order}, before: func() { order = append(order, "stopped") }}
	fmt.Fprint(w, "row")
	if diff := cmp.Diff([]string{"stopped", "row"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

type recorder struct{ written *[]string }

func (r recorder) Write(p []byte) (int, error) {
	*r.written = append(*r.written, string(p))
	return len(p), nil
}
