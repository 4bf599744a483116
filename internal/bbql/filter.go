// Package bbql writes conditions in Bitbucket's query language.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering
package bbql

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Filter is a condition in Bitbucket's query language, BBQL, for the parameter q.
//
// The zero Filter lets everything pass. So does one that BBQL has no certain way to write: the
// language does not document how a quote inside a string is escaped, for one. A Filter may thus
// let more pass than was asked for, never less, and whoever needs it exact checks the items again.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering
type Filter struct {
	expression string
	operator   string // AND or OR if it is a combination of several
}

// String is the filter as Bitbucket reads it, and empty for the one that lets everything pass.
func (f Filter) String() string { return f.expression }

// IsZero reports whether the filter lets everything pass.
func (f Filter) IsZero() bool { return f.expression == "" }

// And passes what all of the filters pass.
func And(filters ...Filter) Filter {
	filters = slices.DeleteFunc(slices.Clone(filters), Filter.IsZero)
	return combine("AND", filters)
}

// Or passes what any of the filters passes.
func Or(filters ...Filter) Filter {
	if slices.ContainsFunc(filters, Filter.IsZero) {
		return Filter{}
	}
	return combine("OR", filters)
}

func combine(operator string, filters []Filter) Filter {
	if len(filters) == 0 {
		return Filter{}
	}
	if len(filters) == 1 {
		return filters[0]
	}
	parts := make([]string, len(filters))
	for i, f := range filters {
		parts[i] = f.expression
		if f.operator != "" && f.operator != operator {
			parts[i] = "(" + f.expression + ")"
		}
	}
	return Filter{strings.Join(parts, " "+operator+" "), operator}
}

// operators has BBQL's word for each operator, and whether it takes a list.
var operators = map[string]struct {
	word string
	list bool
}{
	"=":      {"=", false},
	"!=":     {"!=", false},
	"<>":     {"!=", false},
	"<":      {"<", false},
	"<=":     {"<=", false},
	">":      {">", false},
	">=":     {">=", false},
	"~":      {"~", false}, // contains, whatever the case
	"!~":     {"!~", false},
	"IN":     {"IN", true},
	"NOT IN": {"NOT IN", true},
}

var fieldPath = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// Compare passes the items whose field ("project.key") compares with the value as said. The
// operator is one of = != <> < <= > >= ~ !~ IN and "NOT IN"; the value a string, an int, an int64,
// a bool, a time.Time, nil for null, or for the last two operators a slice of these.
func Compare(field, operator string, value any) Filter {
	op, known := operators[operator]
	if !known || !fieldPath.MatchString(field) {
		return Filter{}
	}
	write := literal
	if op.list {
		write = listLiteral
	}
	written, ok := write(value)
	if !ok {
		return Filter{}
	}
	return Filter{expression: field + " " + op.word + " " + written}
}

// literal writes a value, if it can be written for certain.
func literal(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "null", true
	case bool:
		return strconv.FormatBool(v), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case string:
		return `"` + v + `"`, isQuotable(v)
	case time.Time:
		// The service keeps microseconds; a time between two of them would be rounded.
		return v.UTC().Format("2006-01-02T15:04:05.999999-07:00"), v.Nanosecond()%1000 == 0
	}
	return "", false
}

// isQuotable reports whether a string means itself between double quotes.
func isQuotable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsAny(s, `"\`) && !strings.ContainsFunc(s, unicode.IsControl)
}

func listLiteral(value any) (string, bool) {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice || list.Len() == 0 {
		return "", false
	}
	parts := make([]string, list.Len())
	for i := range parts {
		part, ok := literal(list.Index(i).Interface())
		if !ok {
			return "", false
		}
		parts[i] = part
	}
	return "(" + strings.Join(parts, ", ") + ")", true
}
