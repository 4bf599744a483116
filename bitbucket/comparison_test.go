package bitbucket

import (
	"cmp"
	"strings"
	"time"
)

// A truthValue is a truth value of SQL. They are in the order in which OR is the maximum, and AND the minimum.
type truthValue int

const (
	isFalse truthValue = iota - 1
	isNull
	isTrue
)

func truthOf(is bool) truthValue {
	if is {
		return isTrue
	}
	return isFalse
}

func (v truthValue) not() truthValue { return -v }

// comparisons are the operators that compare, each with the operator for swapped operands and the orders that satisfy it.
var comparisons = []struct {
	operator, reversed string
	holds              func(sign int) bool
}{
	{"=", "=", func(o int) bool { return o == 0 }},
	{"<>", "<>", func(o int) bool { return o != 0 }},
	{"<", ">", func(o int) bool { return o < 0 }},
	{"<=", ">=", func(o int) bool { return o <= 0 }},
	{">", "<", func(o int) bool { return o > 0 }},
	{">=", "<=", func(o int) bool { return o >= 0 }},
}

// sqlCompare returns the truth value of x operator y in PostgreSQL.
func sqlCompare(x any, operator string, y any) truthValue {
	if x == nil || y == nil {
		return isNull
	}
	switch operator {
	case "~~":
		return truthOf(matchesLike(x.(string), y.(string)))
	case "~~*":
		return truthOf(matchesLike(strings.ToLower(x.(string)), strings.ToLower(y.(string))))
	}
	for _, c := range comparisons {
		if c.operator == operator {
			return truthOf(c.holds(orderOf(x, y)))
		}
	}
	panic(operator)
}

// orderOf compares two values of the same type, as cmp.Compare does. Booleans are only equal or not.
func orderOf(x, y any) int {
	switch x := x.(type) {
	case int64:
		return cmp.Compare(x, y.(int64))
	case float64:
		return cmp.Compare(x, y.(float64))
	case bool:
		if x != y.(bool) {
			return 1
		}
		return 0
	case time.Time:
		return x.Compare(y.(time.Time))
	default:
		return strings.Compare(x.(string), y.(string))
	}
}

// compareAny returns the truth value of x operator ANY (list).
func compareAny(x any, operator string, list []any) truthValue {
	highest := isFalse
	for _, y := range list {
		highest = max(highest, sqlCompare(x, operator, y))
	}
	return highest
}

// compareAll returns the truth value of x operator ALL (list).
func compareAll(x any, operator string, list []any) truthValue {
	lowest := isTrue
	for _, y := range list {
		lowest = min(lowest, sqlCompare(x, operator, y))
	}
	return lowest
}

// matchesLike reports whether a text matches a pattern of LIKE, in which a backslash escapes.
func matchesLike(s, pattern string) bool { return runesMatchLike([]rune(s), []rune(pattern)) }

func runesMatchLike(runes, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(runes) == 0
	}
	switch pattern[0] {
	case '%':
		return runesMatchLike(runes, pattern[1:]) || len(runes) > 0 && runesMatchLike(runes[1:], pattern)
	case '_':
		return len(runes) > 0 && runesMatchLike(runes[1:], pattern[1:])
	case '\\':
		pattern = pattern[1:]
	}
	return len(runes) > 0 && len(pattern) > 0 && runes[0] == pattern[0] && runesMatchLike(runes[1:], pattern[1:])
}
