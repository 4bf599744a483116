package sdkserver

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	gproto "google.golang.org/protobuf/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// executeMerged scans a table for the connections of an aggregator, in order. Steampipe relies on the order of an
// aggregator's rows, as for one connection, but the SDK sends the rows of several connections as they arrive. So each
// connection is scanned separately, and the rows are merged here.
func (s *Server) executeMerged(req *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
	connections := slices.Sorted(maps.Keys(req.ExecuteConnectionData))
	rows := func(ctx context.Context, connection string) iter.Seq2[*proto.ExecuteResponse, error] {
		alone := gproto.Clone(req).(*proto.ExecuteRequest)
		alone.ExecuteConnectionData = map[string]*proto.ExecuteConnectionData{connection: alone.ExecuteConnectionData[connection]}
		return func(yield func(*proto.ExecuteResponse, error) bool) {
			to := &yieldingStream{WrapperPlugin_ExecuteServer: stream, ctx: ctx, yield: yield}
			if err := s.execute(alone, to); err != nil && !to.enough {
				yield(nil, err)
			}
		}
	}
	compare := func(a, b *proto.ExecuteResponse) int {
		return compareRows(req.QueryContext.SortOrder, a.GetRow(), b.GetRow())
	}
	for r, err := range streams.Merge(stream.Context(), streams.Each(connections...), rows, compare) {
		if err != nil {
			return err
		}
		if err := stream.Send(r); err != nil {
			return err
		}
	}
	return nil
}

// A yieldingStream passes the sent rows to an iterator.
type yieldingStream struct {
	proto.WrapperPlugin_ExecuteServer
	ctx    context.Context
	yield  func(*proto.ExecuteResponse, error) bool
	enough bool // the iterator's consumer has stopped
}

func (y *yieldingStream) Context() context.Context { return y.ctx }

func (y *yieldingStream) Send(r *proto.ExecuteResponse) error {
	if y.enough {
		return context.Canceled
	}
	if !y.yield(r, nil) {
		y.enough = true
		return context.Canceled
	}
	return nil
}

// compareRows compares rows by their sort columns. As for one connection, null is the greatest value.
func compareRows(by []*proto.SortColumn, a, b *proto.Row) int {
	for _, term := range by {
		va, vb := sortedValue(a.GetColumns()[term.Column]), sortedValue(b.GetColumns()[term.Column])
		if c := sqlvalue.CompareNullable(va, vb, term.Order == proto.SortOrder_Desc); c != 0 {
			return c
		}
	}
	return 0
}

// sortedValue returns a value of one of the types of sort columns.
func sortedValue(c *proto.Column) any {
	switch v := c.GetValue().(type) {
	case *proto.Column_IntValue:
		return v.IntValue
	case *proto.Column_TimestampValue:
		return v.TimestampValue.AsTime()
	}
	return nil
}
