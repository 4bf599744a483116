package bitbucket

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A host queries the plugin as Steampipe does, in process.
type host struct {
	*Server
	t      testing.TB
	config map[string]string // the HCL of each connection
	calls  atomic.Int64
}

// servers keeps the servers that no test uses at the moment. The SDK never frees what it allocates for each: goroutines, and a
// cache for each connection. Their connections share a transport, as there are thousands, and each would keep its own open.
var servers = struct {
	sync.Mutex
	idle      []*Server
	transport http.RoundTripper
}{transport: api.NewTransport(100)}

// newHost starts the plugin with connections: the HCL of their bodies, by name.
func newHost(t testing.TB, bodies map[string]string) *host {
	t.Helper()
	servers.Lock()
	defer servers.Unlock()
	var s *Server
	if last := len(servers.idle) - 1; last >= 0 {
		s, servers.idle = servers.idle[last], servers.idle[:last]
	} else {
		s = NewServer()
	}
	s.instance.transport = servers.transport
	t.Cleanup(func() {
		servers.Lock()
		defer servers.Unlock()
		servers.idle = append(servers.idle, s)
	})
	return serve(t, s, bodies)
}

// serve adds connections to a server that has none, until the end of the test.
func serve(t testing.TB, s *Server, bodies map[string]string) *host {
	t.Helper()
	req := &proto.SetAllConnectionConfigsRequest{}
	for name, body := range bodies {
		req.Configs = append(req.Configs, &proto.ConnectionConfig{
			Connection: name, Plugin: "local/bitbucket", PluginShortName: "bitbucket", PluginInstance: "bitbucket", Config: body,
		})
	}
	if _, err := s.SetAllConnectionConfigs(req); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.instance.forget()
		if _, err := s.UpdateConnectionConfigs(&proto.UpdateConnectionConfigsRequest{Deleted: req.Configs}); err != nil {
			t.Error(err)
		}
	})
	return &host{Server: s, t: t, config: bodies}
}

// forget clears the caches of the connections, and the omissions of their queries.
func (i *instance) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.connections)
	i.omitted.mu.Lock()
	defer i.omitted.mu.Unlock()
	i.omitted.all = nil
}

// connected starts the plugin with one connection, "bitbucket", to the fake as its connected user.
func connected(t testing.TB, fake *fakebitbucket.Server, more ...string) *host {
	t.Helper()
	return newHost(t, map[string]string{"bitbucket": connectionTo(fake, fake.Organization().Connected.UUID, more...)})
}

// connectionTo returns the body of a connection with an access token of the user. Unless more sets max_age, no query uses
// cached answers, so that a test sees all requests.
func connectionTo(fake *fakebitbucket.Server, userUUID string, more ...string) string {
	token := fake.AccessToken(userUUID, fakebitbucket.AllScopes()...)
	if !strings.Contains(strings.Join(more, ""), "max_age") {
		more = append(more, `max_age = "0s"`)
	}
	return fmt.Sprintf("base_url = %q\naccess_token = %q\n%s", fake.URL(), token, strings.Join(more, "\n"))
}

// A tableQuery is a query of one table, as a host sends it to the plugin.
type tableQuery struct {
	table   string
	columns string // separated by spaces; empty for all
	where   []*proto.Qual
	limit   int64
	order   *proto.SortColumn
}

// where returns a condition. The value is a string, int, int64, float64, bool or time.Time, or a []string or []any for IN.
func where(col, operator string, value any) *proto.Qual {
	return &proto.Qual{FieldName: col, Operator: &proto.Qual_StringValue{StringValue: operator}, Value: qualValue(value)}
}

func qualValue(value any) *proto.QualValue {
	switch v := value.(type) {
	case nil:
		return &proto.QualValue{}
	case string:
		return &proto.QualValue{Value: &proto.QualValue_StringValue{StringValue: v}}
	case int:
		return &proto.QualValue{Value: &proto.QualValue_Int64Value{Int64Value: int64(v)}}
	case float64:
		return &proto.QualValue{Value: &proto.QualValue_DoubleValue{DoubleValue: v}}
	case bool:
		return &proto.QualValue{Value: &proto.QualValue_BoolValue{BoolValue: v}}
	case time.Time:
		return &proto.QualValue{Value: &proto.QualValue_TimestampValue{TimestampValue: timestamppb.New(v)}}
	case int64:
		return &proto.QualValue{Value: &proto.QualValue_Int64Value{Int64Value: v}}
	case []any:
		list := &proto.QualValueList{}
		for _, one := range v {
			list.Values = append(list.Values, qualValue(one))
		}
		return &proto.QualValue{Value: &proto.QualValue_ListValue{ListValue: list}}
	case []string:
		list := &proto.QualValueList{}
		for _, one := range v {
			list.Values = append(list.Values, qualValue(one))
		}
		return &proto.QualValue{Value: &proto.QualValue_ListValue{ListValue: list}}
	}
	panic(fmt.Sprintf("no qual of a %T", value))
}

// rows queries the connection "bitbucket", and fails the test on an error.
func (h *host) rows(q tableQuery) []map[string]any {
	h.t.Helper()
	rows, err := h.try(context.Background(), q)
	if err != nil {
		h.t.Fatalf("%s: %v", q.table, err)
	}
	return rows
}

// try queries the connection "bitbucket".
func (h *host) try(ctx context.Context, q tableQuery) ([]map[string]any, error) {
	return h.tryOn(ctx, []string{"bitbucket"}, q)
}

func (h *host) tryOn(ctx context.Context, connections []string, q tableQuery) ([]map[string]any, error) {
	stream := &rowStream{ctx: ctx}
	err := h.Execute(h.request(connections, q), stream)
	return stream.rows, err
}

func (h *host) request(connections []string, q tableQuery) *proto.ExecuteRequest {
	req := &proto.ExecuteRequest{
		Table:                 q.table,
		Connection:            connections[0],
		CallId:                fmt.Sprint("call-", h.calls.Add(1)),
		QueryContext:          &proto.QueryContext{Columns: q.columnNames(), Quals: map[string]*proto.Quals{}},
		ExecuteConnectionData: map[string]*proto.ExecuteConnectionData{},
	}
	for _, q := range q.where {
		quals := req.QueryContext.Quals[q.FieldName]
		if quals == nil {
			quals = &proto.Quals{}
			req.QueryContext.Quals[q.FieldName] = quals
		}
		quals.Quals = append(quals.Quals, q)
	}
	if q.order != nil {
		req.QueryContext.SortOrder = []*proto.SortColumn{q.order}
	}
	for _, name := range connections {
		data := &proto.ExecuteConnectionData{CacheEnabled: true, CacheTtl: 300}
		if q.limit > 0 {
			data.Limit = &proto.NullableInt{Value: q.limit}
		}
		req.ExecuteConnectionData[name] = data
	}
	return req
}

func (q tableQuery) columnNames() []string {
	if q.columns != "" {
		return strings.Fields(q.columns)
	}
	var all []string
	for _, c := range tableNamed(q.table).columns {
		all = append(all, c.name)
	}
	return all
}

func tableNamed(name string) *table {
	for _, t := range tables {
		if t.name == name {
			return t
		}
	}
	panic("no table " + name)
}

// A rowStream collects rows as Go values: string, bool, int64, time.Time, and JSON as any.
type rowStream struct {
	grpc.ServerStream
	ctx  context.Context
	rows []map[string]any
	seen func(n int)    // called after each row, if set
	json map[string]any // decoded JSON, which is often the same in all rows
}

func (s *rowStream) Context() context.Context { return s.ctx }

func (s *rowStream) Send(r *proto.ExecuteResponse) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	fields := make(map[string]any, len(r.Row.Columns))
	for name, c := range r.Row.Columns {
		fields[name] = s.value(c)
	}
	s.rows = append(s.rows, fields)
	if s.seen != nil {
		s.seen(len(s.rows))
	}
	return nil
}

func (s *rowStream) value(c *proto.Column) any {
	switch v := c.Value.(type) {
	case *proto.Column_StringValue:
		return v.StringValue
	case *proto.Column_BoolValue:
		return v.BoolValue
	case *proto.Column_IntValue:
		return v.IntValue
	case *proto.Column_TimestampValue:
		return v.TimestampValue.AsTime()
	case *proto.Column_JsonValue:
		return s.decoded(v.JsonValue)
	}
	return nil
}

func (s *rowStream) decoded(data []byte) any {
	if value, known := s.json[string(data)]; known {
		return value
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	if s.json == nil {
		s.json = map[string]any{}
	}
	s.json[string(data)] = value
	return value
}

// columnValues returns one column of the rows, as texts.
func columnValues(rows []map[string]any, col string) []string {
	var found []string
	for _, r := range rows {
		found = append(found, fmt.Sprint(r[col]))
	}
	return found
}

// wantOmission fails the test unless there is this omission, with any message.
func (h *host) wantOmission(want Omission) {
	h.t.Helper()
	all := h.Server.Omissions(time.Time{})
	want.Connection = "bitbucket"
	if !slices.ContainsFunc(all, want.isOf) {
		h.t.Errorf("no omission of %s for %s %s %s (%s): %v", want.Table, want.Workspace, want.Project, want.Repository, want.Reason, all)
	}
}
