package sqlhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"
	"google.golang.org/protobuf/types/known/timestamppb"
	"modernc.org/sqlite/vtab"
)

// A fit is the relation between a WHERE term and its qual for the plugin.
type fit int

const (
	unfit fit = iota // there is no qual: SQLite alone checks the term
	loose            // the plugin may return rows that SQLite then drops
	exact            // the plugin returns exactly the rows that SQLite keeps
	never            // no row can match
)

// candidates are the plugin's operators for a term. LIKE is ILIKE: SQLite ignores the case of ASCII letters. There is
// no operator for IS NOT x, which keeps rows without a value, and none for GLOB.
var candidates = map[vtab.ConstraintOp][]string{
	vtab.OpEQ:        {quals.QualOperatorEqual},
	vtab.OpIS:        {quals.QualOperatorEqual, quals.QualOperatorIsNull},
	vtab.OpNE:        {quals.QualOperatorNotEqual},
	vtab.OpLT:        {quals.QualOperatorLess},
	vtab.OpLE:        {quals.QualOperatorLessOrEqual, quals.QualOperatorLess},
	vtab.OpGT:        {quals.QualOperatorGreater, quals.QualOperatorGreaterOrEqual},
	vtab.OpGE:        {quals.QualOperatorGreaterOrEqual},
	vtab.OpLIKE:      {quals.QualOperatorILike},
	vtab.OpISNULL:    {quals.QualOperatorIsNull},
	vtab.OpISNOTNULL: {quals.QualOperatorIsNotNull},
}

// takes reports whether a term may reach the plugin, as far as is known without its value.
func (c *hostColumn) takes(op vtab.ConstraintOp, folds bool) bool {
	if folds && op != vtab.OpLIKE && !c.kind.numeric() {
		return false
	}
	return slices.ContainsFunc(candidates[op], func(operator string) bool {
		return slices.Contains(c.operators, operator)
	})
}

// checks reports whether the host must check the value of a term that the plugin doesn't get, because it may not be of
// the column's type. With lists, = may be part of a list, whose values SQLite would then ask for one by one.
func (c *hostColumn) checks(op vtab.ConstraintOp, s *statement) bool {
	switch op {
	case vtab.OpEQ:
		return c.kind.ordered() && !s.lists
	case vtab.OpIS, vtab.OpISNOT, vtab.OpNE, vtab.OpLT, vtab.OpLE, vtab.OpGT, vtab.OpGE:
		return c.kind.ordered() && !s.folds
	case vtab.OpLIKE, vtab.OpGLOB:
		return c.kind.Type == Timestamp
	default:
		return false
	}
}

// understand converts a value that the column is compared with to the column's type. A value of another type is an
// error if it is a constant. A value from another table is equal to nothing, whichever table SQLite reads first. For
// timestamps, which have a collation, every value that is not a time is an error.
func (c *hostColumn) understand(op vtab.ConstraintOp, v vtab.Value, constants map[string]bool) (vtab.Value, error) {
	s, isText := v.(string)
	switch {
	case v == nil || op == vtab.OpISNULL || op == vtab.OpISNOTNULL:
	case op == vtab.OpLIKE || op == vtab.OpGLOB:
		if c.kind.Type == Timestamp && strings.Contains(s, " ") {
			return nil, fmt.Errorf("%s is compared with the pattern '%s', which no time matches: as text, a time looks like %s", c.name, s, exampleTime)
		}
	case c.kind.Type == Timestamp:
		if t, ok := parseTimestamp(s); ok {
			return formatTimestamp(t), nil
		}
		return nil, fmt.Errorf("%s is compared with %w", c.name, noTimestamp(v))
	case !c.kind.numeric() || !constants[strings.ToLower(fmt.Sprint(v))]:
	case c.kind.Type == Boolean && !(isNumber(fmt.Sprint(v)) && (lookupKey(v) == "0" || lookupKey(v) == "1")):
		return nil, noBoolean(c.name, v)
	case isText && !isNumber(s):
		return nil, fmt.Errorf("%s is a number, but is compared with '%s'", c.name, s)
	}
	return v, nil
}

// exampleTime shows [TimestampForm].
const exampleTime = "2026-11-30T08:15:30+00:00"

// isNumber reports whether SQLite treats a text as a number when it compares it with a number.
func isNumber(s string) bool {
	s = strings.TrimSpace(s)
	_, err := strconv.ParseFloat(s, 64)
	return (err == nil || errors.Is(err, strconv.ErrRange)) && strings.Trim(s, "0123456789+-.eE") == ""
}

// qual returns the plugin's qual for the term column op v.
func (c *hostColumn) qual(op vtab.ConstraintOp, v vtab.Value) (*proto.Qual, fit) {
	operator, value, how := c.express(op, v)
	switch {
	case how == never:
		return nil, never
	case how == unfit || !slices.Contains(c.operators, operator):
		return nil, unfit
	}
	return &proto.Qual{
		FieldName: c.name,
		Operator:  &proto.Qual_StringValue{StringValue: operator},
		Value:     value,
	}, how
}

func (c *hostColumn) express(op vtab.ConstraintOp, v vtab.Value) (string, *proto.QualValue, fit) {
	switch {
	case op == vtab.OpISNULL, op == vtab.OpIS && v == nil:
		return quals.QualOperatorIsNull, &proto.QualValue{}, exact
	case op == vtab.OpISNOTNULL:
		return quals.QualOperatorIsNotNull, &proto.QualValue{}, exact
	case v == nil:
		return "", nil, never // a comparison with null is never true
	}
	operator := candidates[op][0]
	switch c.kind.Type {
	case Text:
		return textQual(operator, v)
	case Integer:
		return integerQual(operator, v)
	case Real:
		return realQual(operator, v)
	case Boolean:
		return booleanQual(operator, v)
	case Timestamp:
		return timestampQual(operator, v)
	case JSON:
		return jsonQual(operator, v)
	case Inet:
		return inetQual(operator, v)
	case Ltree:
		return ltreeQual(operator, v)
	}
	return "", nil, unfit
}

// textQual returns no qual for numbers: whether SQLite compares '01' with 1 as text or as numbers depends on the source
// of the number. A backslash in a pattern is a plain character in SQLite, but an escape in Postgres. A pattern is never
// exact, because ILIKE also ignores the case of letters beyond ASCII.
func textQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	s, ok := v.(string)
	if !ok {
		return "", nil, unfit
	}
	value := &proto.QualValue{Value: &proto.QualValue_StringValue{StringValue: s}}
	if operator != quals.QualOperatorILike {
		return operator, value, exact
	}
	if strings.Contains(s, `\`) {
		return "", nil, unfit
	}
	return operator, value, loose
}

// maxExact is the limit below which every integer is exact as a float64.
const maxExact = 1 << 53

func integerQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > maxExact {
			return "", nil, unfit
		}
		n = int64(v)
	case string: // SQLite treats '5' as 5 when it compares it with a column of numbers
		parsed, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return "", nil, unfit
		}
		n = parsed
	default:
		return "", nil, unfit
	}
	return comparison(operator, &proto.QualValue{Value: &proto.QualValue_Int64Value{Int64Value: n}})
}

func realQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case int64:
		if v > maxExact || v < -maxExact {
			return "", nil, unfit
		}
		f = float64(v)
	default:
		return "", nil, unfit
	}
	return comparison(operator, &proto.QualValue{Value: &proto.QualValue_DoubleValue{DoubleValue: f}})
}

func booleanQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	n, ok := v.(int64)
	if !ok || n != 0 && n != 1 {
		return "", nil, unfit
	}
	return comparison(operator, &proto.QualValue{Value: &proto.QualValue_BoolValue{BoolValue: n == 1}})
}

// comparison returns an exact fit, unless the operator is for patterns.
func comparison(operator string, value *proto.QualValue) (string, *proto.QualValue, fit) {
	if operator == quals.QualOperatorILike {
		return "", nil, unfit
	}
	return operator, value, exact
}

func timestampQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	s, _ := v.(string)
	t, ok := parseTimestamp(s)
	if !ok {
		return "", nil, unfit
	}
	return comparison(operator, &proto.QualValue{Value: &proto.QualValue_TimestampValue{TimestampValue: timestamppb.New(t)}})
}

// jsonQual returns a loose fit, and supports only =, because two texts can be the same JSON.
func jsonQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	s, ok := v.(string)
	if !ok || operator != quals.QualOperatorEqual || !json.Valid([]byte(s)) {
		return "", nil, unfit
	}
	return operator, &proto.QualValue{Value: &proto.QualValue_JsonbValue{JsonbValue: s}}, loose
}

// inetQual returns a loose fit, and supports only =, for the same reason as jsonQual.
func inetQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	s, ok := v.(string)
	if !ok || operator != quals.QualOperatorEqual {
		return "", nil, unfit
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return "", nil, unfit
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	version := grpc.IPv6
	if prefix.Addr().Is4() {
		version = grpc.IPv4
	}
	return operator, &proto.QualValue{Value: &proto.QualValue_InetValue{InetValue: &proto.Inet{
		Addr:            prefix.Addr().String(),
		Mask:            int32(prefix.Bits()),
		Cidr:            prefix.String(),
		ProtocolVersion: version,
	}}}, loose
}

func ltreeQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	s, ok := v.(string)
	if !ok || operator != quals.QualOperatorEqual {
		return "", nil, unfit
	}
	return operator, &proto.QualValue{Value: &proto.QualValue_LtreeValue{LtreeValue: s}}, loose
}
