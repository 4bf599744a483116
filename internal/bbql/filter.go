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
// The zero Filter passes everything. So does a filter without a certain form in BBQL: for example, the documentation
// does not say how to escape a quote inside a string. A Filter may therefore pass more items than the condition, but
// never fewer. Callers that need an exact result must check the items again.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering
type Filter struct {
	expression string
	operator   string // AND or OR of a combination, or empty
}

// String returns the filter in BBQL, or an empty text if it passes everything.
func (f Filter) String() string { return f.expression }

// IsZero reports whether the filter lets everything pass.
func (f Filter) IsZero() bool { return f.expression == "" }

// And returns a filter for items that all filters pass.
func And(filters ...Filter) Filter {
	filters = slices.DeleteFunc(slices.Clone(filters), Filter.IsZero)
	return combine("AND", filters)
}

// Or returns a filter for items that any of the filters passes.
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

// operators has the BBQL word of each operator, and whether it takes a list.
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
	"~":      {"~", false}, // contains, ignoring case
	"!~":     {"!~", false},
	"IN":     {"IN", true},
	"NOT IN": {"NOT IN", true},
}

var fieldPath = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// Compare returns a filter for items whose field ("project.key") compares with the value. The operator is one of = !=
// <> < <= > >= ~ !~ IN and "NOT IN". The value is a string, an int, an int64, a bool, a time.Time, nil for null, or,
// for the last two operators, a slice of these.
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

// literal returns a value in BBQL. It returns false if the form is uncertain.
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
		// Bitbucket stores microseconds, and would round a time between two of them.
		return v.UTC().Format("2006-01-02T15:04:05.999999-07:00"), v.Nanosecond()%1000 == 0
	}
	return "", false
}

// isQuotable reports whether a string can be written between double quotes unchanged.
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
