package bitbucket

import (
	"context"
	"errors"
	"testing"

	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/row_stream"
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
	server := &Server{sdkgrpc.NewPluginServer(pluginName, nil, nil, nil, nil, engine, nil, nil, nil, nil, nil, nil)}
	stream := &rowStream{ctx: context.Background()}
	err := server.Execute(&proto.ExecuteRequest{ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{"bitbucket": {}}}, stream)
	if !errors.Is(err, lost) {
		t.Errorf("error = %v, want %v", err, lost)
	}
	if len(stream.rows) != 1 {
		t.Errorf("%d rows left before the error, want 1", len(stream.rows))
	}
}
