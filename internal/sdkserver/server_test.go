package sdkserver

import (
	"context"
	"errors"
	"testing"

	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/row_stream"
	"google.golang.org/grpc"
)

// This engine always ends a failed scan as a success, which the SDK does by chance.
func TestExecuteFindsTheErrorThatTheEngineLost(t *testing.T) {
	t.Parallel()
	lost := errors.New("page 3 could not be read")
	engine := func(_ *proto.ExecuteRequest, stream row_stream.Sender) error {
		c := stream.Context().Value(callKey{}).(*call)
		go stream.Send(&proto.ExecuteResponse{Connection: "bitbucket", Row: &proto.Row{}})
		c.failed("bitbucket", 1, lost) // like a scan that streamed one row
		return nil
	}
	server := &Server{PluginServer: sdkgrpc.NewPluginServer("plugin", nil, nil, nil, nil, engine, nil, nil, nil, nil, nil, nil)}
	stream := &rowCounter{ctx: context.Background()}
	err := server.Execute(&proto.ExecuteRequest{ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{"bitbucket": {}}}, stream)
	if !errors.Is(err, lost) {
		t.Errorf("error = %v, want %v", err, lost)
	}
	if stream.rows != 1 {
		t.Errorf("%d rows left before the error, want 1", stream.rows)
	}
}

// A rowCounter counts the rows that are sent to it.
type rowCounter struct {
	grpc.ServerStream
	ctx  context.Context
	rows int
}

func (s *rowCounter) Context() context.Context { return s.ctx }

func (s *rowCounter) Send(*proto.ExecuteResponse) error {
	s.rows++
	return nil
}
