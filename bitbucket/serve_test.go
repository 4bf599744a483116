package bitbucket

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/row_stream"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// What the SDK does by chance this engine does each time: it ends a failed scan as a success.
func TestExecuteFindsTheErrorThatTheEngineLost(t *testing.T) {
	lost := errors.New("page 3 could not be read")
	engine := func(_ *proto.ExecuteRequest, stream row_stream.Sender) error {
		o := stream.Context().Value(outcomeKey{}).(*outcome)
		go stream.Send(&proto.ExecuteResponse{Connection: "bitbucket", Row: &proto.Row{}})
		o.failed("bitbucket", 1, lost) // as a scan that streamed one row does
		return nil
	}
	server := &Server{PluginServer: sdkgrpc.NewPluginServer(pluginName, nil, nil, nil, nil, engine, nil, nil, nil, nil, nil, nil)}
	stream := &rowStream{ctx: context.Background()}
	err := server.Execute(&proto.ExecuteRequest{ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{"bitbucket": {}}}, stream)
	if !errors.Is(err, lost) {
		t.Errorf("error = %v, want %v", err, lost)
	}
	if len(stream.rows) != 1 {
		t.Errorf("%d rows left before the error, want 1", len(stream.rows))
	}
}

// A limiter of Steampipe's chooses scans by their table, or by the scopes that they need.
func TestLimitersChooseScans(t *testing.T) {
	t.Setenv("STEAMPIPE_DIAGNOSTIC_LEVEL", "ALL")
	h := connected(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	limiters := &proto.SetRateLimitersRequest{}
	for name, where := range map[string]string{"projects": "table = 'bitbucket_project'", "pipelines": "scopes like '%pipeline%' and table <> 'bitbucket_pipeline'"} {
		limiters.Definitions = append(limiters.Definitions, &proto.RateLimiterDefinition{Name: name, MaxConcurrency: 1, Scope: []string{"connection"}, Where: where})
	}
	if _, err := h.SetRateLimiters(limiters); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.SetRateLimiters(&proto.SetRateLimitersRequest{}) })
	for table, want := range map[string][]any{"bitbucket_project": {"projects"}, "bitbucket_pipeline_step": {"pipelines"}, "bitbucket_pipeline": {}} {
		row := h.rows(ask{table: table, limit: 1})[0]
		calls := row["_ctx"].(map[string]any)["diagnostics"].(map[string]any)["calls"].([]any)
		if diff := cmp.Diff(want, calls[0].(map[string]any)["rate_limiters"]); diff != "" {
			t.Errorf("limiters of %s mismatch (-want +got):\n%s", table, diff)
		}
	}
}
