package bitbucket

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
)

// A condition is one comparison of the query: column operator value.
type condition struct {
	keyColumn // declares the condition's column
	column    column
	operator  string
	value     any            // string, int64, float64, bool, time.Time, or a []any of them; nil for null
	in        map[any]bool   // the values of a list
	pattern   *regexp.Regexp // of LIKE and ILIKE
	ascii     *regexp.Regexp // of ILIKE where no letters beyond ASCII are the same in another case
	orNull    bool           // a row without a value may match as well
	isVague   bool           // any row may match
}

// A verdict is the result of checking a row against a condition.
type verdict int

const (
	fails   verdict = iota // SQL drops the row
	mayHold                // only the host can decide: it gets the row, which does not count towards a LIMIT
	holds                  // SQL keeps the row
)

// conditions are all conditions of the query on the declared columns.
type conditions []condition

// newCondition returns a condition as Steampipe's wrapper for PostgreSQL sends it, which is less exact than the query:
//
//   - x operator ANY (list) and x operator ALL (list) look the same; so do IN and = ANY, NOT IN and <> ALL. For = and <>
//     that mostly makes no difference, see [condition.inList]. For the others it does, and for an empty list, as ALL is
//     true then, whatever the row.
//   - NOT x, x = false, x IS FALSE and x IS NOT TRUE are all x <> true. Only the last one is also true for a null.
//   - IS NULL has an operator of its own, but used to be = with null, and IS NOT NULL was <> with null. A comparison
//     with null, which is true for no row, looks the same: the host checks again, and knows.
//   - The value of a subquery, as in x = (SELECT …), is sent before it is known: a text as "?", a number as 0, a time as the
//     beginning of 2000, a boolean as false.
//
// https://github.com/turbot/steampipe-postgres-fdw/blob/v2.1.5/quals.go
func newCondition(of column, operator string, value any) condition {
	c := condition{column: of, operator: operator, value: value}
	switch value := value.(type) {
	case nil:
	case []any:
		isEquality := operator == opEqual || operator == opNotEqual
		c.isVague = len(value) == 0 || !isEquality || slices.ContainsFunc(value, c.isStrange)
		c = c.with(value)
	default:
		c.isVague = !c.compares(value) || c.isUnevaluated()
	}
	switch value := value.(type) {
	case bool:
		if operator == opNotEqual {
			c.operator, c.value, c.orNull = opEqual, !value, value
		}
	case string:
		switch operator {
		case opLike:
			c.pattern = sqlvalue.Like(value, sqlvalue.Exactly)
		case opILike:
			c.pattern, c.ascii = sqlvalue.Like(value, sqlvalue.Folded), sqlvalue.Like(value, sqlvalue.FoldedASCII)
		}
	}
	return c
}

// with returns the condition with a list of distinct values, without null.
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

// isStrange reports whether the column can't have a value of the list.
func (c condition) isStrange(one any) bool {
	_, isFraction := one.(float64)
	return isFraction || one != nil && !c.compares(one)
}

// compares reports whether the column can be compared with a value.
func (c condition) compares(value any) bool {
	switch value := value.(type) {
	case string:
		return c.column.kind == kindText
	case bool:
		return c.column.kind == kindBoolean
	case int64, float64:
		return c.column.kind == kindInteger
	case time.Time:
		return c.column.kind == kindTimestamp && isTrusted(value)
	}
	return false
}

// verdict checks a value of the column by SQL's rules: a comparison with null is never true.
func (c condition) verdict(have any) verdict {
	list, isList := c.value.([]any)
	switch {
	case c.isVague:
		return mayHold
	case c.value == nil:
		return when(c.operator == opEqual && have == nil || c.operator == opNotEqual && have != nil)
	case have == nil && c.orNull:
		return mayHold
	case have == nil:
		return fails
	case isList:
		return c.inList(len(list), c.in[have])
	case c.pattern != nil:
		return c.matches(have)
	}
	result, _ := sqlvalue.Compare(have, c.value)
	return when(c.orders(result))
}

func when(is bool) verdict {
	if is {
		return holds
	}
	return fails
}

// inList returns the verdict of = and <> with a list of this many distinct values. ANY and ALL look the same here. They
// are:
//
//	        a value of the list           another value
//	= ANY   true                          false, or null with a null in the list
//	= ALL   true if it is the only value  false, or null
//	<> ANY  true unless it is the only    true
//	<> ALL  false                         true, or null with a null in the list
//
// Where one of the two is true for no row, it does no harm to count rows for which the other one is true: the host
// drops them, and more rows would not help. Only <> with several values stays undecided, for the rows that have one of
// these.
func (c condition) inList(values int, isIn bool) verdict {
	switch {
	case c.operator == opEqual:
		return when(isIn)
	case isIn && values > 1:
		return mayHold
	}
	return when(!isIn && values > 0)
}

// matches returns the verdict of LIKE and ILIKE.
func (c condition) matches(have any) verdict {
	s, _ := have.(string)
	switch {
	case c.ascii == nil:
		return when(c.pattern.MatchString(s))
	case c.ascii.MatchString(s):
		return holds
	case c.pattern.MatchString(strings.ToLower(s)):
		return mayHold // beyond ASCII, the locale of the database decides which letters are the same
	}
	return fails
}

// orders reports whether the operator allows this order of the row's value and the condition's.
func (c condition) orders(result int) bool {
	switch c.operator {
	case opEqual:
		return result == 0
	case opNotEqual:
		return result != 0
	case opLess:
		return result < 0
	case opLessOrEqual:
		return result <= 0
	case opGreater:
		return result > 0
	case opGreaterOrEqual:
		return result >= 0
	}
	return true
}

// isNever reports whether no row can match the condition. An empty text is no value, see [column.value].
func (c condition) isNever() bool {
	wanted, ok := c.wanted()
	return ok && !c.orNull && !slices.ContainsFunc(wanted, func(one any) bool { return one != "" })
}

// naming returns the condition that its column has this value, or one of these.
func (c condition) naming(value any) condition {
	other := newCondition(c.column, opEqual, value)
	other.keyColumn = c.keyColumn
	return other
}

// wanted returns the values that =, IN or = ANY allow; ok is false for any other condition.
func (c condition) wanted() (values []any, ok bool) {
	if c.operator != opEqual || c.value == nil || c.isVague {
		return nil, false
	}
	if list, isList := c.value.([]any); isList {
		return list, true
	}
	return []any{c.value}, true
}

// span returns the bounds of the column's values; nil on a side without a bound.
func (c condition) span() (from, to any) {
	switch values, isEqual := c.wanted(); {
	case c.value == nil || c.isVague:
	case isEqual && len(values) > 0:
		compare := func(a, b any) int { result, _ := sqlvalue.Compare(a, b); return result }
		return slices.MinFunc(values, compare), slices.MaxFunc(values, compare)
	case c.operator == opGreater, c.operator == opGreaterOrEqual:
		return c.value, nil
	case c.operator == opLess, c.operator == opLessOrEqual:
		return nil, c.value
	}
	return nil, nil
}

// scopeColumns are the columns that say in which workspaces, projects and repositories a scan looks.
var scopeColumns = []string{"workspace_slug", "project_key", "repository_full_name"}

// narrows reports whether the condition only leaves out rows that the table has without it.
func (c condition) narrows() bool {
	_, isName := c.wanted()
	isScope := c.field == "" && slices.Contains(scopeColumns, c.column.name)
	return !isScope && !(isName && c.isWider) && c.column.from()[0].part != queryPart
}

// verdict checks the row against every condition again, so a server that ignores or misreads a filter costs only time.
// Only a row that meets all conditions counts towards the limit.
func (cs conditions) verdict(r *row) verdict {
	lowest := holds
	for _, c := range cs {
		if lowest = min(lowest, c.verdict(c.column.value(r))); lowest == fails {
			break
		}
	}
	return lowest
}

// fail reports whether one of the conditions fails for a value of its column.
func (cs conditions) fail(value any) bool {
	return slices.ContainsFunc(cs, func(c condition) bool { return c.verdict(value) == fails })
}

// on returns the conditions on a column.
func (cs conditions) on(name string) conditions {
	return cs.where(func(c condition) bool { return c.column.name == name })
}

// in returns the conditions on the columns of one part.
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

// isVague reports whether any row may match one of the conditions, so that no row certainly counts.
func (cs conditions) isVague() bool {
	return slices.ContainsFunc(cs, func(c condition) bool { return c.isVague })
}

// areDecided reports whether each condition is certainly true or not for every row, so that none is left to the host.
func (cs conditions) areDecided() bool {
	return !slices.ContainsFunc(cs, func(c condition) bool {
		list, _ := c.value.([]any)
		return c.isVague || c.orNull || c.ascii != nil || c.operator == opNotEqual && len(list) > 1
	})
}

// isNever reports whether no row can match the conditions.
func (cs conditions) isNever() bool { return slices.ContainsFunc(cs, condition.isNever) }

// values returns the values that a column must be one of; ok is false if the query has no such condition.
func (cs conditions) values(name string) (values []any, ok bool) {
	for _, c := range cs.on(name) {
		if wanted, ok := c.wanted(); ok {
			return wanted, true
		}
	}
	return nil, false
}

// texts returns the values that a text column must be one of; ok is false if the query has no such condition.
func (cs conditions) texts(name string) (values []string, ok bool) {
	values, ok = valuesOf[string](cs, name)
	return slices.DeleteFunc(values, func(one string) bool { return one == "" }), ok // no column has this value
}

// integers returns the values that an integer column must be one of.
func (cs conditions) integers(name string) ([]int64, bool) { return valuesOf[int64](cs, name) }

// booleans returns the values that a boolean column must be one of.
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

// between returns the narrowest bounds of a column's values; nil on a side without a bound.
func (cs conditions) between(name string) (from, to any) {
	for _, c := range cs.on(name) {
		a, b := c.span()
		if result, _ := sqlvalue.Compare(a, from); a != nil && (from == nil || result > 0) {
			from = a
		}
		if result, _ := sqlvalue.Compare(b, to); b != nil && (to == nil || result < 0) {
			to = b
		}
	}
	return from, to
}

// unclear is a value that only the host knows.
type unclear struct{}

// The wrapper counts a time in nanoseconds from 2000, in 64 bits. A time that is 292 years or more away arrives as
// another one: 9999-12-31 as a day in 1816, and infinity as the last microsecond of 1999. So only times in the age of
// Git and Bitbucket are trusted.
var (
	epoch           = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	earliestTrusted = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	latestTrusted   = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// isTrusted reports whether the time is in that age.
func isTrusted(at time.Time) bool {
	isInfinite := at.Equal(epoch) || at.Equal(epoch.Add(-time.Microsecond))
	return !isInfinite && !at.Before(earliestTrusted) && at.Before(latestTrusted)
}
