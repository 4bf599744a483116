package sqlhost

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A Scan is one scan of a table of the plugin, without SQL.
type Scan struct {
	Connection string
	Table      string
	Columns    []string
	Conditions []Condition // the plugin may return rows that don't meet them
}

// A Condition is on a key column of a table.
type Condition struct {
	Column   string
	Operator string // as Postgres names it
	// Value is a string, bool, int64 or time.Time, or for the operator = a []any of them, of which a row has one.
	Value any
}

// Scan yields the rows of a scan: the values of its columns as string, bool, int64, float64 or time.Time, or nil. JSON
// is a string. The slice is reused. Scans and statements can run at the same time.
func (h *Host) Scan(ctx context.Context, of Scan) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		request, err := h.scanRequest(of)
		if err != nil {
			yield(nil, err)
			return
		}
		s := h.begin(ctx, request)
		defer s.stop()
		values := make([]any, len(of.Columns))
		for {
			row, err := s.next()
			if err != nil {
				yield(nil, cleanError(err))
				return
			}
			if row == nil {
				return
			}
			for i, name := range of.Columns {
				values[i] = native(row.Columns[name])
			}
			if !yield(values, nil) {
				return
			}
		}
	}
}

func (h *Host) scanRequest(of Scan) (*proto.ExecuteRequest, error) {
	tables := h.schemas[strings.ToLower(of.Connection)]
	i := slices.IndexFunc(tables, func(t *hostTable) bool { return t.Name == of.Table })
	if i < 0 {
		return nil, fmt.Errorf("connection %s has no table %s", of.Connection, of.Table)
	}
	var pushed []*proto.Qual
	for _, c := range of.Conditions {
		value, err := conditionValue(c.Value)
		if err != nil {
			return nil, fmt.Errorf("condition on %s.%s: %w", of.Table, c.Column, err)
		}
		pushed = append(pushed, &proto.Qual{FieldName: c.Column, Operator: &proto.Qual_StringValue{StringValue: c.Operator}, Value: value})
	}
	return tables[i].request(of.Columns, pushed, -1, nil), nil
}

// conditionValue returns a value of a condition as the plugin takes it.
func conditionValue(value any) (*proto.QualValue, error) {
	switch v := value.(type) {
	case string:
		return &proto.QualValue{Value: &proto.QualValue_StringValue{StringValue: v}}, nil
	case bool:
		return &proto.QualValue{Value: &proto.QualValue_BoolValue{BoolValue: v}}, nil
	case int64:
		return &proto.QualValue{Value: &proto.QualValue_Int64Value{Int64Value: v}}, nil
	case time.Time:
		return &proto.QualValue{Value: &proto.QualValue_TimestampValue{TimestampValue: timestamppb.New(v)}}, nil
	case []any:
		list := &proto.QualValueList{}
		for _, one := range v {
			value, err := conditionValue(one)
			if err != nil {
				return nil, err
			}
			list.Values = append(list.Values, value)
		}
		return &proto.QualValue{Value: &proto.QualValue_ListValue{ListValue: list}}, nil
	}
	return nil, fmt.Errorf("%T is not the type of a value", value)
}

// native returns the plugin's value for a column in Go's form.
func native(c *proto.Column) any {
	switch v := c.GetValue().(type) {
	case *proto.Column_BoolValue:
		return v.BoolValue
	case *proto.Column_TimestampValue:
		if v.TimestampValue == nil {
			return nil
		}
		return v.TimestampValue.AsTime()
	}
	return sqliteValue(c)
}
