package bitbucket

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestLimitersChooseScans checks that a limiter of Steampipe can select scans by their table, or by the scopes that they need.
func TestLimitersChooseScans(t *testing.T) {
	t.Setenv("STEAMPIPE_DIAGNOSTIC_LEVEL", "ALL")
	h := connected(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	limiters := &proto.SetRateLimitersRequest{}
	for name, filter := range map[string]string{"projects": "table = 'bitbucket_project'", "pipelines": "scopes like '%pipeline%' and table <> 'bitbucket_pipeline'"} {
		limiters.Definitions = append(limiters.Definitions, &proto.RateLimiterDefinition{Name: name, MaxConcurrency: 1, Scope: []string{"connection"}, Where: filter})
	}
	if _, err := h.SetRateLimiters(limiters); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.SetRateLimiters(&proto.SetRateLimitersRequest{}) })
	for tableName, want := range map[string][]any{"bitbucket_project": {"projects"}, "bitbucket_pipeline_step": {"pipelines"}, "bitbucket_pipeline": {}} {
		r := h.rows(tableQuery{table: tableName, limit: 1})[0]
		calls := r["_ctx"].(map[string]any)["diagnostics"].(map[string]any)["calls"].([]any)
		if diff := cmp.Diff(want, calls[0].(map[string]any)["rate_limiters"]); diff != "" {
			t.Errorf("limiters of %s mismatch (-want +got):\n%s", tableName, diff)
		}
	}
}
