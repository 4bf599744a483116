package sqlhost

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// rowBuffer is how many rows the plugin can be ahead. It spares a switch of goroutines for each row.
const rowBuffer = 64

// scan is one call of the plugin's Execute, which runs in a goroutine of its own.
type scan struct {
	ctx    context.Context
	cancel context.CancelFunc
	rows   chan *proto.Row
	ended  chan struct{} // closed after err is set
	err    error         // that Execute returned
	// abandoned is closed when the statement is cancelled: nobody waits for the scan then.
	abandoned <-chan struct{}
}

// start begins a scan for the statement that is running.
func (h *Host) start(t *table, request *proto.ExecuteRequest) *scan {
	statement := h.running.ctx
	ctx, cancel := context.WithCancel(statement)
	s := &scan{
		ctx:       ctx,
		cancel:    cancel,
		rows:      make(chan *proto.Row, rowBuffer),
		ended:     make(chan struct{}),
		abandoned: statement.Done(),
	}
	h.scans.Go(func() {
		defer close(s.ended)
		s.err = h.plugin.Execute(request, stream{s: s})
	})
	return s
}

// next returns the next row, or nil after the last one. The end of a scan is Execute's return, so an
// error can never be taken for the end.
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

// stop cancels the scan and waits until the plugin has noticed, so that a statement leaves no requests
// behind it. A statement that is itself cancelled doesn't wait; [Host.Close] does then.
func (s *scan) stop() {
	s.cancel()
	select {
	case <-s.ended:
	case <-s.abandoned:
	}
}

// stream is the server's end of a scan. Of the interface's other methods, which are for headers and
// messages of gRPC, a plugin uses none.
type stream struct {
	proto.WrapperPlugin_ExecuteServer
	s *scan
}

// Send passes a row on. It waits while SQLite is busy with those before it.
func (st stream) Send(response *proto.ExecuteResponse) error {
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

// Context is done when the scan is not needed any more.
func (st stream) Context() context.Context { return st.s.ctx }

// calls numbers the scans of the process. The SDK tells calls apart by their id.
var calls atomic.Int64

// request builds the request for a scan. A limit of -1 is none.
func (t *table) request(columns []string, pushed []*proto.Qual, limit int64, sort []*proto.SortColumn) *proto.ExecuteRequest {
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
