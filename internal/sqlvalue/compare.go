// Package sqlvalue compares and matches values like SQL, where PostgreSQL and SQLite agree.
package sqlvalue

import (
	"cmp"
	"strings"
	"time"
)

// Compare compares two values of the same kind: string, bool, int64 (also with float64) or time.Time. comparable is
// false for different kinds.
func Compare(a, b any) (result int, comparable bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	case bool:
		b, ok := b.(bool)
		if a == b {
			return 0, ok
		}
		return 1, ok
	case time.Time:
		b, ok := b.(time.Time)
		return a.Compare(b), ok
	case int64:
		switch b := b.(type) {
		case int64:
			return cmp.Compare(a, b), true
		case float64:
			return cmp.Compare(float64(a), b), true
		}
	}
	return 0, false
}

// CompareNullable compares two values, which may be nil. Null is the greatest value, as in PostgreSQL.
func CompareNullable(a, b any, descending bool) int {
	if descending {
		a, b = b, a
	}
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	result, _ := Compare(a, b)
	return result
}
