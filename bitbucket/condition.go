package bitbucket

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"
)

// A condition is one comparison of the query: column operator value.
type condition struct {
	keyColumn // that declares it
	column    column
	operator  string
	value     any            // string, int64, float64, bool, time.Time, or a []any of them; nil for null
	in        map[any]bool   // the values of a list
	pattern   *regexp.Regexp // of LIKE and ILIKE
	ascii     *regexp.Regexp // of ILIKE where no letters beyond ASCII are the same in another case
	orNull    bool           // rows without a value may be meant as well
	isVague   bool           // every row may be meant
}

// A verdict is what a condition says of a row.
type verdict int

const (
	fails   verdict = iota // SQL leaves the row out
	mayHold                // only the host knows: it gets the row, which does not count towards a LIMIT
	holds                  // the row is one of those asked for
)

// conditions are all that the query demands of the declared columns.
type conditions []condition

// newConditions collects what the query demands of the declared quals.
func newConditions(t *table, demanded map[string]*proto.Quals) conditions {
	var found conditions
	for _, declared := range t.keyColumns {
		for _, q := range demanded[declared.column].GetQuals() {
			c := newCondition(t.column(declared.column), q.GetStringValue(), sqlValue(q.GetValue()))
			c.keyColumn = declared
			if slices.Contains(declared.operators, c.operator) {
				found = append(found, c)
			}
		}
	}
	return found
}

// newCondition is a condition as Steampipe's wrapper for PostgreSQL sends it, which is less than what the query says:
//
//   - x operator ANY (list) and x operator ALL (list) look the same; so do IN and = ANY, NOT IN and <> ALL. For = and <>
//     that mostly makes no difference, see [condition.inList]. For all others it does, and for a list of nothing, as ALL
//     holds then, whatever the row.
//   - NOT x, x = false, x IS FALSE and x IS NOT TRUE are all x <> true. The last of them holds without a value, too.
//   - IS NULL has an operator of its own, but once came as = with null, and IS NOT NULL as <> with null. A comparison
//     with null, which no row satisfies, looks the same: the host, which checks again, knows.
//   - The value of a subquery, as in x = (SELECT …), is sent before it is known: a text as "?", a number as 0, a time as the
//     beginning of 2000, a boolean as false.
//
// https://github.com/turbot/steampipe-postgres-fdw/blob/v2.1.5/quals.go
func newCondition(of column, operator string, value any) condition {
	c := condition{column: of, operator: operator, value: value}
	switch value := value.(type) {
	case nil:
	case []any:
		isEquality := operator == quals.QualOperatorEqual || operator == quals.QualOperatorNotEqual
		c.isVague = len(value) == 0 || !isEquality || slices.ContainsFunc(value, c.isStrange)
		c = c.with(value)
	default:
		c.isVague = !c.compares(value) || c.isUnevaluated()
	}
	switch value := value.(type) {
	case bool:
		if operator == quals.QualOperatorNotEqual {
			c.operator, c.value, c.orNull = quals.QualOperatorEqual, !value, value
		}
	case string:
		switch operator {
		case quals.QualOperatorLike:
			c.pattern = sqlvalue.Like(value, sqlvalue.Exactly)
		case quals.QualOperatorILike:
			c.pattern, c.ascii = sqlvalue.Like(value, sqlvalue.Folded), sqlvalue.Like(value, sqlvalue.FoldedASCII)
		}
	}
	return c
}

// with is the condition with a list of values, of which it takes each once, and null not at all.
func (c condition) with(list []any) condition {
	values := make([]any, 0, len(list))
	c.in = map[any]bool{nil: true}
	for _, one := range list {
		if !c.in[one] {
			c.in[one] = true
			values = append(values, one)
		}
	}
	c.value = values
	return c
}

// isUnevaluated reports whether the value may be that of a subquery that has not run yet. It can't be told from a constant, so
// only the host can judge the rows. A column that the table fills with the value itself needs a constant: see checkNames.
func (c condition) isUnevaluated() bool {
	return c.column.from()[0].part != queryPart && (c.value == "?" || c.value == int64(0))
}

// isStrange says whether a value in a list is none that the column could have.
func (c condition) isStrange(one any) bool {
	_, isFraction := one.(float64)
	return isFraction || one != nil && !c.compares(one)
}

// compares says whether the column can be compared with a value.
func (c condition) compares(value any) bool {
	switch value := value.(type) {
	case string:
		return c.column.kind == proto.ColumnType_STRING
	case bool:
		return c.column.kind == proto.ColumnType_BOOL
	case int64, float64:
		return c.column.kind == proto.ColumnType_INT
	case time.Time:
		return c.column.kind == proto.ColumnType_TIMESTAMP && isCertain(value)
	}
	return false
}

// verdict says whether a row with this value satisfies the condition, by SQL's rules: nothing compares with null.
func (c condition) verdict(have any) verdict {
	list, isList := c.value.([]any)
	switch {
	case c.isVague:
		return mayHold
	case c.value == nil:
		return when(c.operator == quals.QualOperatorEqual && have == nil || c.operator == quals.QualOperatorNotEqual && have != nil)
	case have == nil && c.orNull:
		return mayHold
	case have == nil:
		return fails
	case isList:
		return c.inList(len(list), c.in[have])
	case c.pattern != nil:
		return c.matches(have)
	}
	order, _ := sqlvalue.Compare(have, c.value)
	return when(c.orders(order))
}

func when(is bool) verdict {
	if is {
		return holds
	}
	return fails
}

// inList is the verdict of = and <> with a list of so many different values. ANY and ALL can't be told apart, which are
//
//	        a value of the list           another value
//	= ANY   true                          false, or null with a null in the list
//	= ALL   true if it is the only value  false, or null
//	<> ANY  true unless it is the only    true
//	<> ALL  false                         true, or null with a null in the list
//
// Where one of the two is true for no row at all, it does no harm that rows count for which the other one is: the host drops
// them, and more rows would not help. That leaves only <> with several values undecided, for the rows that have one of these.
func (c condition) inList(values int, isIn bool) verdict {
	switch {
	case c.operator == quals.QualOperatorEqual:
		return when(isIn)
	case isIn && values > 1:
		return mayHold
	}
	return when(!isIn && values > 0)
}

// matches is the verdict of LIKE and ILIKE.
func (c condition) matches(have any) verdict {
	s, _ := have.(string)
	switch {
	case c.ascii == nil:
		return when(c.pattern.MatchString(s))
	case c.ascii.MatchString(s):
		return holds
	case c.pattern.MatchString(strings.ToLower(s)):
		return mayHold // which letters beyond ASCII are the same, the locale of the database says
	}
	return fails
}

// orders says whether an order of the row's value and the condition's is as the operator says.
func (c condition) orders(order int) bool {
	switch c.operator {
	case quals.QualOperatorEqual:
		return order == 0
	case quals.QualOperatorNotEqual:
		return order != 0
	case quals.QualOperatorLess:
		return order < 0
	case quals.QualOperatorLessOrEqual:
		return order <= 0
	case quals.QualOperatorGreater:
		return order > 0
	case quals.QualOperatorGreaterOrEqual:
		return order >= 0
	}
	return true
}

// isNever says whether no row can satisfy the condition. An empty text is no value, see [column.value].
func (c condition) isNever() bool {
	wanted, ok := c.wanted()
	return ok && !c.orNull && !slices.ContainsFunc(wanted, func(one any) bool { return one != "" })
}

// wanted are the values one of which the column must have by =, IN or = ANY; ok is false if the condition says no such thing.
func (c condition) wanted() (values []any, ok bool) {
	if c.operator != quals.QualOperatorEqual || c.value == nil || c.isVague {
		return nil, false
	}
	if list, isList := c.value.([]any); isList {
		return list, true
	}
	return []any{c.value}, true
}

// span is between what the column's values must be; nil on a side where they have no bound.
func (c condition) span() (from, to any) {
	switch values, isEqual := c.wanted(); {
	case c.value == nil || c.isVague:
	case isEqual && len(values) > 0:
		order := func(a, b any) int { order, _ := sqlvalue.Compare(a, b); return order }
		return slices.MinFunc(values, order), slices.MaxFunc(values, order)
	case c.operator == quals.QualOperatorGreater, c.operator == quals.QualOperatorGreaterOrEqual:
		return c.value, nil
	case c.operator == quals.QualOperatorLess, c.operator == quals.QualOperatorLessOrEqual:
		return nil, c.value
	}
	return nil, nil
}

// verdict is that of all conditions on a row.
func (cs conditions) verdict(r *row) verdict {
	lowest := holds
	for _, c := range cs {
		if lowest = min(lowest, c.verdict(c.column.value(r))); lowest == fails {
			break
		}
	}
	return lowest
}

// fail says whether one of them fails for a value of its column.
func (cs conditions) fail(value any) bool {
	return slices.ContainsFunc(cs, func(c condition) bool { return c.verdict(value) == fails })
}

// on are the conditions on a column.
func (cs conditions) on(name string) conditions {
	return cs.where(func(c condition) bool { return c.column.name == name })
}

// in are the conditions on what stands in one part of the rows.
func (cs conditions) in(p part) conditions {
	return cs.where(func(c condition) bool { return c.column.from()[0].part == p })
}

func (cs conditions) where(is func(condition) bool) conditions {
	var found conditions
	for _, c := range cs {
		if is(c) {
			found = append(found, c)
		}
	}
	return found
}

// isVague says whether one of the conditions is, so that no row is certainly asked for.
func (cs conditions) isVague() bool {
	return slices.ContainsFunc(cs, func(c condition) bool { return c.isVague })
}

// areDecided says whether each of the conditions holds or fails for every row, so that there is none that only the host can
// judge.
func (cs conditions) areDecided() bool {
	return !slices.ContainsFunc(cs, func(c condition) bool {
		list, _ := c.value.([]any)
		return c.isVague || c.orNull || c.ascii != nil || c.operator == quals.QualOperatorNotEqual && len(list) > 1
	})
}

// isNever says whether no row can satisfy them.
func (cs conditions) isNever() bool { return slices.ContainsFunc(cs, condition.isNever) }

// values returns what a column must be one of; ok is false if the query doesn't say.
func (cs conditions) values(name string) (values []any, ok bool) {
	for _, c := range cs.on(name) {
		if wanted, ok := c.wanted(); ok {
			return wanted, true
		}
	}
	return nil, false
}

// texts are the values of a text column.
func (cs conditions) texts(name string) ([]string, bool) { return valuesOf[string](cs, name) }

// integers are the values of an integer column.
func (cs conditions) integers(name string) ([]int64, bool) { return valuesOf[int64](cs, name) }

// booleans are the values of a boolean column.
func (cs conditions) booleans(name string) ([]bool, bool) { return valuesOf[bool](cs, name) }

func valuesOf[T comparable](cs conditions, name string) (found []T, ok bool) {
	values, ok := cs.values(name)
	for _, one := range values {
		if v, is := one.(T); is {
			found = append(found, v)
		}
	}
	return found, ok
}

// between returns the narrowest bounds of a column's values; nil on a side where they have none.
func (cs conditions) between(name string) (from, to any) {
	for _, c := range cs.on(name) {
		a, b := c.span()
		if order, _ := sqlvalue.Compare(a, from); a != nil && (from == nil || order > 0) {
			from = a
		}
		if order, _ := sqlvalue.Compare(b, to); b != nil && (to == nil || order < 0) {
			to = b
		}
	}
	return from, to
}

// unclear is a value of which only the host knows what it is.
type unclear struct{}

// sqlValue is the value of a condition: nil for null, and a []any for a list.
//
// The wrapper makes one list of x = … OR x = …, in which a list may stand again, for = ANY or for = ALL. One of a single
// value is the same in either case.
func sqlValue(v *proto.QualValue) any {
	list, isList := v.GetValue().(*proto.QualValue_ListValue)
	switch {
	case v.GetValue() == nil:
		return nil
	case !isList:
		value := sdkgrpc.GetQualValue(v)
		if at, isTime := value.(time.Time); isTime {
			return at.UTC()
		}
		return value
	}
	values := []any{}
	for _, one := range list.ListValue.GetValues() {
		value := sqlValue(one)
		if nested, isList := value.([]any); isList {
			if len(nested) != 1 || nested[0] == nil {
				return unclear{}
			}
			value = nested[0]
		}
		if value == (unclear{}) {
			return unclear{}
		}
		values = append(values, value)
	}
	return values
}

// The wrapper counts a time in nanoseconds from 2000, in 64 bits: what is 292 years or more from there arrives as another
// time, 9999-12-31 in 1816 and infinity as the last microsecond of 1999. So only times of the lives of Git and Bitbucket
// are taken for what they say.
var (
	epoch    = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	earliest = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
)

func isCertain(at time.Time) bool {
	isInfinite := at.Equal(epoch) || at.Equal(epoch.Add(-time.Microsecond))
	return !isInfinite && !at.Before(earliest) && at.Before(latest)
}
