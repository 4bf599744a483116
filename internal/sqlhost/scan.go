package sqlhost

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// rowBuffer is the number of rows that the plugin can be ahead. It avoids a switch of goroutines for each row.
const rowBuffer = 64

// A scan is one call of the plugin's Execute, in its own goroutine.
type scan struct {
	ctx    context.Context
	cancel context.CancelFunc
	rows   chan *proto.Row
	ended  chan struct{} // closed after err is set
	err    error         // returned by Execute
	// abandoned is closed when the statement is cancelled: then nothing waits for the scan.
	abandoned <-chan struct{}
}

// start begins a scan for the running statement.
func (h *Host) start(request *proto.ExecuteRequest) *scan { return h.begin(h.running.ctx, request) }

// begin begins a scan, which ends when ctx does.
func (h *Host) begin(parent context.Context, request *proto.ExecuteRequest) *scan {
	ctx, cancel := context.WithCancel(parent)
	s := &scan{
		ctx:       ctx,
		cancel:    cancel,
		rows:      make(chan *proto.Row, rowBuffer),
		ended:     make(chan struct{}),
		abandoned: parent.Done(),
	}
	h.scans.Go(func() {
		defer close(s.ended)
		s.err = h.plugin.Execute(request, rowStream{s: s})
	})
	return s
}

// next returns the next row, or nil after the last row. A scan ends when Execute returns, so that an error never looks
// like the end.
func (s *scan) next() (*proto.Row, error) {
	select {
	case row := <-s.rows:
		return row, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	case <-s.ended:
	}
	select {
	case row := <-s.rows:
		return row, nil
	default:
	}
	if s.err != nil {
		return nil, s.err
	}
	return nil, s.ctx.Err()
}

// stop cancels the scan and waits until the plugin has ended it, so that no requests continue after a statement. For a
// cancelled statement it doesn't wait, but [Host.Close] does.
func (s *scan) stop() {
	s.cancel()
	select {
	case <-s.ended:
	case <-s.abandoned:
	}
}

// A rowStream is the server's end of a scan. A plugin doesn't use the interface's other methods, which are for headers and
// messages of gRPC.
type rowStream struct {
	proto.WrapperPlugin_ExecuteServer
	s *scan
}

// Send passes on a row. It waits while SQLite processes earlier rows.
func (st rowStream) Send(response *proto.ExecuteResponse) error {
	row := response.GetRow()
	if row == nil {
		return nil
	}
	select {
	case st.s.rows <- row:
		return nil
	case <-st.s.ctx.Done():
		return st.s.ctx.Err()
	}
}

// Context returns a context that ends when the scan is no longer needed.
func (st rowStream) Context() context.Context { return st.s.ctx }

// calls numbers the scans of the process, because the SDK identifies calls by id.
var calls atomic.Int64

// request returns the request for a scan. A limit of -1 means no limit.
func (t *hostTable) request(columns []string, pushed []*proto.Qual, limit int64, sort []*proto.SortColumn) *proto.ExecuteRequest {
	byColumn := make(map[string]*proto.Quals)
	for _, q := range pushed {
		if byColumn[q.GetFieldName()] == nil {
			byColumn[q.GetFieldName()] = &proto.Quals{}
		}
		byColumn[q.GetFieldName()].Append(q)
	}
	request := &proto.ExecuteRequest{
		Table:                 t.Name,
		Connection:            t.Connection,
		QueryContext:          proto.NewQueryContext(columns, byColumn, limit, sort),
		CallId:                "sql-" + strconv.FormatInt(calls.Add(1), 10),
		ExecuteConnectionData: make(map[string]*proto.ExecuteConnectionData),
	}
	for _, child := range t.children {
		data := &proto.ExecuteConnectionData{}
		if limit >= 0 {
			data.Limit = &proto.NullableInt{Value: limit}
		}
		request.ExecuteConnectionData[child] = data
	}
	return request
}
