package bitbucket

import (
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestSilentBitbucketIsNamed queries a Bitbucket that never answers. The error names the request, the host and the number of
// tries. Steampipe's own library would only say that a timeout was exceeded, if this were the end of a context.
func TestSilentBitbucketIsNamed(t *testing.T) {
	fake := fakebitbucket.New(small)
	s := simulateToken(t, fake)
	for _, kind := range []fakebitbucket.FaultKind{fakebitbucket.FaultHang, fakebitbucket.FaultStall} {
		fake.ClearFaults()
		fake.Inject(fakebitbucket.Fault{Kind: kind, Count: -1})
		done := s.scan(t, tableQuery{table: "bitbucket_my_workspace"}, func(*network) {})
		if done.err == nil {
			t.Fatal("no error")
		}
		message := done.err.Error()
		for _, want := range []string{"GET /2.0/user/workspaces: no answer from Bitbucket at " + fakeHost, "tried 2 times", "the answer took too long"} {
			if !strings.Contains(message, want) {
				t.Errorf("error %q does not mention %q", message, want)
			}
		}
		if strings.Contains(message, "exceeded allowed timeout") || strings.Contains(message, s.settings.AccessToken) {
			t.Errorf("error %q", message)
		}
	}
	fake.ClearFaults()
}
