package sqlhost

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// fakePlugin is a plugin without the SDK's engine. It takes requests literally: it applies every
// qual as Postgres would, and then the limit, so that a wrong qual or limit loses rows.
type fakePlugin struct {
	tables map[string]*fakeTable
	// execute, if set, replaces the table's rows.
	execute func(*proto.ExecuteRequest, proto.WrapperPlugin_ExecuteServer) error
	failed  map[string]string // connections with a bad configuration

	running  atomic.Int64 // scans that have not ended
	produced atomic.Int64 // rows sent

	mu       sync.Mutex
	requests []*proto.ExecuteRequest
	configs  []*proto.SetAllConnectionConfigsRequest
}

type fakeTable struct {
	schema *proto.TableSchema
	rows   []fakeRow
	// nullsFirst puts rows without a value first when the table sorts in ascending order.
	nullsFirst bool
}

// fakeRow holds a row's values by column: nil, bool, int64, float64, string, time.Time or rawJSON.
type fakeRow map[string]any

type rawJSON string

func (p *fakePlugin) SetAllConnectionConfigs(r *proto.SetAllConnectionConfigsRequest) (*proto.SetConnectionConfigResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.configs = append(p.configs, r)
	if len(p.failed) > 0 {
		return &proto.SetConnectionConfigResponse{FailedConnections: p.failed}, errors.New("something failed")
	}
	return &proto.SetConnectionConfigResponse{}, nil
}

func (p *fakePlugin) GetSchema(*proto.GetSchemaRequest) (*proto.GetSchemaResponse, error) {
	schema := make(map[string]*proto.TableSchema)
	for name, t := range p.tables {
		schema[name] = t.schema
	}
	return &proto.GetSchemaResponse{Schema: &proto.Schema{Schema: schema}}, nil
}

func (p *fakePlugin) Execute(r *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
	p.running.Add(1)
	defer p.running.Add(-1)
	p.mu.Lock()
	p.requests = append(p.requests, r)
	p.mu.Unlock()
	if p.execute != nil {
		return p.execute(r, stream)
	}
	for connection, data := range r.GetExecuteConnectionData() {
		if err := p.send(connection, data, r, stream); err != nil {
			return err
		}
	}
	return nil
}

func (p *fakePlugin) send(connection string, data *proto.ExecuteConnectionData, r *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
	t := p.tables[r.GetTable()]
	left := int64(len(t.rows))
	if data.GetLimit() != nil {
		left = data.GetLimit().GetValue()
	}
	for _, row := range t.sorted(r.GetQueryContext().GetSortOrder()) {
		if left == 0 {
			break
		}
		keep, err := t.keeps(row, r.GetQueryContext().GetQuals())
		if err != nil {
			return err
		}
		if !keep {
			continue
		}
		left--
		p.produced.Add(1)
		if err := stream.Send(&proto.ExecuteResponse{Row: row.proto(connection, r.GetQueryContext().GetColumns())}); err != nil {
			return err
		}
	}
	return nil
}

// sorted returns the rows in the requested order, or unchanged.
func (t *fakeTable) sorted(sort []*proto.SortColumn) []fakeRow {
	if len(sort) == 0 {
		return t.rows
	}
	rows := slices.Clone(t.rows)
	slices.SortStableFunc(rows, func(a, b fakeRow) int {
		x, y := a[sort[0].GetColumn()], b[sort[0].GetColumn()]
		sign := 1
		if sort[0].GetOrder() == proto.SortOrder_Desc {
			sign = -1
		}
		switch {
		case x == nil && y == nil:
			return 0
		case x == nil || y == nil:
			if (x == nil) == t.nullsFirst {
				return -sign
			}
			return sign
		}
		return sign * compareFake(x, y)
	})
	return rows
}

func compareFake(x, y any) int {
	switch x := x.(type) {
	case bool:
		return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) // false, true
	case int64:
		return int(min(max(x-y.(int64), -1), 1))
	case float64:
		switch y := y.(float64); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	case time.Time:
		return x.Compare(y.(time.Time))
	case rawJSON:
		return strings.Compare(string(x), y.(string))
	default:
		return strings.Compare(x.(string), y.(string))
	}
}

// keeps reports whether a row passes the quals of a strict plugin.
func (t *fakeTable) keeps(row fakeRow, all map[string]*proto.Quals) (bool, error) {
	for name, quals := range all {
		for _, q := range quals.GetQuals() {
			if !t.declares(name, q.GetStringValue()) {
				return false, fmt.Errorf("%s %s is not declared", name, q.GetStringValue())
			}
			if !matches(row[name], q) {
				return false, nil
			}
		}
	}
	return true, nil
}

func (t *fakeTable) declares(column, operator string) bool {
	for _, k := range append(slices.Clone(t.schema.GetListCallKeyColumnList()), t.schema.GetGetCallKeyColumnList()...) {
		if k.GetName() == column && slices.Contains(k.GetOperators(), operator) {
			return true
		}
	}
	return false
}

func matches(v any, q *proto.Qual) bool {
	switch operator := q.GetStringValue(); {
	case operator == "is null":
		return v == nil
	case v == nil:
		return false
	case operator == "is not null":
		return true
	case operator == "~~*":
		return ilike(q.GetValue().GetStringValue()).MatchString(v.(string))
	case q.GetValue().GetListValue() != nil: // for the operator =
		return slices.ContainsFunc(q.GetValue().GetListValue().GetValues(), func(one *proto.QualValue) bool { return compareFake(v, qualValue(one)) == 0 })
	default:
		c := compareFake(v, qualValue(q.GetValue()))
		switch operator {
		case "=":
			return c == 0
		case "<>":
			return c != 0
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		default:
			return c >= 0
		}
	}
}

// ilike implements Postgres' ILIKE, with its escapes.
func ilike(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?is)^")
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		case pattern[i] == '%':
			b.WriteString(".*")
		case pattern[i] == '_':
			b.WriteString(".")
		case pattern[i] < 0x80:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			b.WriteByte(pattern[i])
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

func qualValue(v *proto.QualValue) any {
	switch v := v.GetValue().(type) {
	case *proto.QualValue_BoolValue:
		return v.BoolValue
	case *proto.QualValue_Int64Value:
		return v.Int64Value
	case *proto.QualValue_DoubleValue:
		return v.DoubleValue
	case *proto.QualValue_TimestampValue:
		return v.TimestampValue.AsTime()
	case *proto.QualValue_JsonbValue:
		return v.JsonbValue
	case *proto.QualValue_InetValue:
		return v.InetValue.GetAddr()
	case *proto.QualValue_StringValue:
		return v.StringValue
	default:
		panic(fmt.Sprintf("%T", v))
	}
}

// proto returns only the requested columns. Others are null.
func (r fakeRow) proto(connection string, columns []string) *proto.Row {
	row := &proto.Row{Columns: make(map[string]*proto.Column)}
	for _, name := range columns {
		v := r[name]
		if name == "sp_connection_name" {
			v = connection
		}
		row.Columns[name] = protoColumn(v)
	}
	return row
}

func protoColumn(v any) *proto.Column {
	switch v := v.(type) {
	case bool:
		return &proto.Column{Value: &proto.Column_BoolValue{BoolValue: v}}
	case int64:
		return &proto.Column{Value: &proto.Column_IntValue{IntValue: v}}
	case float64:
		return &proto.Column{Value: &proto.Column_DoubleValue{DoubleValue: v}}
	case string:
		return &proto.Column{Value: &proto.Column_StringValue{StringValue: v}}
	case rawJSON:
		return &proto.Column{Value: &proto.Column_JsonValue{JsonValue: []byte(v)}}
	case time.Time:
		return &proto.Column{Value: &proto.Column_TimestampValue{TimestampValue: timestamppb.New(v)}}
	default:
		return &proto.Column{Value: &proto.Column_NullValue{}}
	}
}

// takeRequests returns the requests since the last call.
func (p *fakePlugin) takeRequests() []*proto.ExecuteRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests := p.requests
	p.requests = nil
	return requests
}

// columnDefinitions makes column definitions of "name TYPE" and adds the SDK's own columns.
func columnDefinitions(columns ...string) []*proto.ColumnDefinition {
	columns = append(columns, "sp_connection_name STRING", "sp_ctx JSON", "_ctx JSON")
	var all []*proto.ColumnDefinition
	for _, c := range columns {
		fields := strings.Fields(c)
		d := &proto.ColumnDefinition{
			Name:        fields[0],
			Type:        proto.ColumnType(proto.ColumnType_value[fields[1]]),
			Description: "The " + fields[0] + ".",
		}
		if len(fields) > 2 {
			d.SortOrder = proto.SortOrder(proto.SortOrder_value[fields[2]])
		}
		all = append(all, d)
	}
	return all
}

// keyColumnsOf makes optional key columns of "name op op …", or others of "name! op …" and "name? op …".
func keyColumnsOf(columns ...string) []*proto.KeyColumn {
	var all []*proto.KeyColumn
	for _, c := range columns {
		fields := strings.Split(c, ", ")
		k := &proto.KeyColumn{Name: strings.TrimRight(fields[0], "!?"), Operators: fields[1:], Require: optional}
		switch {
		case strings.HasSuffix(fields[0], "!"):
			k.Require = required
		case strings.HasSuffix(fields[0], "?"):
			k.Require = anyOf
		}
		all = append(all, k)
	}
	return all
}

const compareOperators = "=, <>, <, <=, >, >="

// openHost opens a host with a single connection named c1, and closes it after the test.
func openHost(t testing.TB, p Plugin, connections ...Connection) *Host {
	t.Helper()
	if len(connections) == 0 {
		connections = []Connection{{Name: "c1", Plugin: "local/fake"}}
	}
	h, err := Open(p, connections)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// queryRows returns all rows of a statement.
func queryRows(h *Host, sql string) ([][]any, error) {
	rows, err := h.Query(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	var all [][]any
	for rows.Next() {
		all = append(all, slices.Clone(rows.Values()))
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// mustQuery returns the rows as text, one string a row.
func mustQuery(t testing.TB, h *Host, sql string) []string {
	t.Helper()
	rows, err := queryRows(h, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rowTexts(rows)
}

func rowTexts(rows [][]any) []string {
	var all []string
	for _, row := range rows {
		var fields []string
		for _, v := range row {
			fields = append(fields, fmt.Sprint(v))
		}
		all = append(all, strings.Join(fields, "|"))
	}
	return all
}

// pushedText returns the quals, limit and order that reached the plugin, as a text.
func pushedText(r *proto.ExecuteRequest) string {
	var all []string
	for name, quals := range r.GetQueryContext().GetQuals() {
		for _, q := range quals.GetQuals() {
			text := name + " " + q.GetStringValue()
			if q.GetValue().GetValue() != nil {
				v := qualValue(q.GetValue())
				if t, ok := v.(time.Time); ok {
					v = t.UTC().Format(time.RFC3339Nano)
				}
				text += fmt.Sprintf(" %v", v)
			}
			all = append(all, text)
		}
	}
	slices.Sort(all)
	if limit := r.GetExecuteConnectionData()["c1"].GetLimit(); limit != nil {
		all = append(all, fmt.Sprintf("limit %d", limit.GetValue()))
	}
	for _, s := range r.GetQueryContext().GetSortOrder() {
		all = append(all, "order "+s.GetColumn()+" "+s.GetOrder().String())
	}
	return strings.Join(all, ", ")
}
