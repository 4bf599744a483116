package sqlhost

import (
	"encoding/json"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"
	"google.golang.org/protobuf/types/known/timestamppb"
	"modernc.org/sqlite/vtab"
)

// fit says how a WHERE term and what can be said of it to the plugin relate.
type fit int

const (
	unfit fit = iota // nothing can be said, SQLite alone sees to the term
	loose            // the plugin may return rows that SQLite then drops
	exact            // the plugin returns the very rows that SQLite keeps
	never            // no row can match
)

// candidates are the operators that a term can have when it reaches the plugin. LIKE is ILIKE: in
// SQLite it takes upper and lower case of ASCII letters for the same. IS NOT x has no equal, for it
// keeps rows without a value; neither has GLOB.
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

// takes reports whether a term may reach the plugin, as far as that can be known without its value.
func (c *column) takes(op vtab.ConstraintOp, folds bool) bool {
	if folds && op != vtab.OpLIKE && c.kind.collates() {
		return false
	}
	return slices.ContainsFunc(candidates[op], func(operator string) bool {
		return slices.Contains(c.operators, operator)
	})
}

// qual says to the plugin that the column stands in the relation op to v.
func (c *column) qual(op vtab.ConstraintOp, v vtab.Value) (*proto.Qual, fit) {
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

func (c *column) express(op vtab.ConstraintOp, v vtab.Value) (string, *proto.QualValue, fit) {
	switch {
	case op == vtab.OpISNULL, op == vtab.OpIS && v == nil:
		return quals.QualOperatorIsNull, &proto.QualValue{}, exact
	case op == vtab.OpISNOTNULL:
		return quals.QualOperatorIsNotNull, &proto.QualValue{}, exact
	case v == nil:
		return "", nil, never // comparing with null is never true
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

// textQual leaves numbers to SQLite: whether it compares '01' with 1 as text or as numbers depends on
// where the number comes from. A backslash in a pattern is itself in SQLite, and an escape in Postgres.
// A pattern is never exact, for beyond ASCII ILIKE knows more pairs of letters.
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

// maxExact is the largest float64 up to which every integer is one.
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
	case string: // SQLite compares a column of numbers with '5' as with 5
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

// comparison is exact, unless the operator is for patterns.
func comparison(operator string, value *proto.QualValue) (string, *proto.QualValue, fit) {
	if operator == quals.QualOperatorILike {
		return "", nil, unfit
	}
	return operator, value, exact
}

// afterPrefix are the operators for a time that is written as its beginning, such as a date. As text
// the beginning sorts just before the time itself, so "> '2026-01-02'" holds for the midnight of that
// day, and no timestamp is equal to it.
var afterPrefix = map[string]string{
	quals.QualOperatorGreater:        quals.QualOperatorGreaterOrEqual,
	quals.QualOperatorGreaterOrEqual: quals.QualOperatorGreaterOrEqual,
	quals.QualOperatorLess:           quals.QualOperatorLess,
	quals.QualOperatorLessOrEqual:    quals.QualOperatorLess,
}

// timestampQual takes a time in the form that the column has, or a beginning of it. SQLite compares
// timestamps as text, and any other form sorts in another way than the times do.
func timestampQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	s, ok := v.(string)
	if !ok {
		return "", nil, unfit
	}
	t, ok := parseTimestamp(s)
	if !ok {
		return "", nil, unfit
	}
	if t.Format(TimestampForm) != s {
		if operator, ok = afterPrefix[operator]; !ok {
			return "", nil, unfit
		}
	}
	return comparison(operator, &proto.QualValue{Value: &proto.QualValue_TimestampValue{TimestampValue: timestamppb.New(t)}})
}

// parseTimestamp reads a time in [TimestampForm], or a beginning of one: a year, a month, and so on.
func parseTimestamp(s string) (time.Time, bool) {
	const first = "0000-01-01 00:00:00"
	full := s
	switch len(s) {
	case len("2006"), len("2006-01"), len("2006-01-02"), len("2006-01-02 15"), len("2006-01-02 15:04"):
		full = s + first[len(s):]
	}
	t, err := time.Parse(TimestampForm, full)
	return t, err == nil && t.Format(TimestampForm) == full
}

// jsonQual is loose, for two texts can be the same JSON; for that reason too only = is possible.
func jsonQual(operator string, v vtab.Value) (string, *proto.QualValue, fit) {
	s, ok := v.(string)
	if !ok || operator != quals.QualOperatorEqual || !json.Valid([]byte(s)) {
		return "", nil, unfit
	}
	return operator, &proto.QualValue{Value: &proto.QualValue_JsonbValue{JsonbValue: s}}, loose
}

// inetQual is loose and only for =, for the reasons of jsonQual.
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
