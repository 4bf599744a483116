package bitbucket

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// removals are the answers of an endpoint that was removed: Bitbucket's own, and that of a server that only knows HTTP.
var removals = map[string]fakebitbucket.Fault{
	"no endpoint": {Kind: fakebitbucket.FaultRemoved},
	"plain text":  statusFault(http.StatusNotFound, "Not Found", "Content-Type", "text/plain"),
}

// TestRemovedEndpoint removes each endpoint. No table that needs it may be empty, or lack a row, without an error that says so.
func TestRemovedEndpoint(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.New(small)
	s := simulateToken(t, fake)
	scans := 0
	for _, tab := range tables {
		if tab.name == "bitbucket_rate_limit" { // it also shows the headers of refusals
			continue
		}
		seen := map[string]bool{}
		for _, b := range s.baselines(t, tab) {
			endpoints := map[string]map[string]bool{} // the paths of each that no other query of the table has requested
			for _, r := range b.requests {
				if seen[r.endpoint] {
					continue
				}
				if endpoints[r.endpoint] == nil {
					endpoints[r.endpoint] = map[string]bool{}
				}
				endpoints[r.endpoint][r.path] = true
			}
			for endpoint, paths := range endpoints {
				seen[endpoint] = true
				for name, fault := range removals {
					fault.Count = -1
					fault.Match = func(r *http.Request) bool { return paths[r.URL.EscapedPath()] }
					fake.ClearFaults()
					fake.Inject(fault)
					done := s.scan(t, b.tableQuery, func(*network) {})
					scans++
					switch {
					case done.err == nil:
						t.Errorf("%s, %s at %s: %d rows of %d, and no error", b, name, endpoint, len(done.rows), sum(b.rows))
					case !strings.Contains(done.err.Error(), "Atlassian has removed or moved this endpoint"):
						t.Errorf("%s, %s at %s: error %v", b, name, endpoint, done.err)
					}
				}
			}
		}
	}
	fake.ClearFaults()
	t.Logf("%d scans", scans)
}
