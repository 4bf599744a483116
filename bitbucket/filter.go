package bitbucket

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	sdkgrpc "github.com/turbot/steampipe-plugin-sdk/v5/grpc"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// A qual declares a key column. It is a promise to the host, which pushes LIMIT down as soon as every condition of a
// query is on one: whatever Bitbucket makes of the condition, no row that fails it may be streamed.
type qual struct {
	column    string
	operators []string
	field     string // the field to compare in a BBQL filter; empty where the table uses the value in the path or a parameter
}

// The operators that a kind of column can have. Texts have no < and >, which would depend on the host's collation.
var (
	opsName  = []string{quals.QualOperatorEqual}
	opsText  = []string{quals.QualOperatorEqual, quals.QualOperatorNotEqual, quals.QualOperatorLike, quals.QualOperatorILike}
	opsEqual = []string{quals.QualOperatorEqual, quals.QualOperatorNotEqual}
	opsOrder = []string{quals.QualOperatorEqual, quals.QualOperatorNotEqual, quals.QualOperatorLess, quals.QualOperatorLessOrEqual, quals.QualOperatorGreater, quals.QualOperatorGreaterOrEqual}
)

// named declares a column that is only compared with = and IN, and that the table itself puts into a path or parameter.
func named(column string) qual { return qual{column: column, operators: opsName} }

// filtered declares a column that Bitbucket filters by in BBQL.
func filtered(column, field string, operators []string) qual { return qual{column, operators, field} }

func (q qual) plugin() *plugin.KeyColumn {
	return &plugin.KeyColumn{Name: q.column, Operators: q.operators, Require: plugin.Optional}
}

// A condition is one comparison of the query: column operator value. For = and <>, value may be a list (IN, NOT IN).
type condition struct {
	column   column
	field    string
	operator string
	value    any            // string, int64, float64, bool, time.Time, or []any of them; nil for null
	pattern  *regexp.Regexp // of LIKE and ILIKE
}

// conditions collects what the query demands of the declared quals. The values of an IN list are together even where
// the SDK has split the scan, because they are taken from the query and not from the split copy.
func conditions(t *table, qc *plugin.QueryContext) []condition {
	var found []condition
	byColumn := plugin.NewKeyColumnQualValueMap(qc.UnsafeQuals, t.keyColumns())
	for _, declared := range t.quals {
		matching := byColumn[declared.column]
		if matching == nil {
			continue
		}
		for _, q := range matching.Quals {
			c := condition{column: t.column(declared.column), field: declared.field, operator: q.Operator}
			if q.Value.GetValue() != nil {
				c.value = sdkgrpc.GetQualValue(q.Value)
			}
			if pattern, ok := c.value.(string); ok && (c.operator == quals.QualOperatorLike || c.operator == quals.QualOperatorILike) {
				c.pattern = like(pattern, c.operator == quals.QualOperatorILike)
			}
			found = append(found, c)
		}
	}
	return found
}

// maxFilter is how long a filter may get in an address, in bytes; what does not fit is left to the check of each row.
const maxFilter = 2000

// filter puts into BBQL what the query demands, as far as Bitbucket can filter by it; by the named columns only, if any
// are named. exact says that no row will come back which the query does not want.
func (s *scan) filter(columns []string) (f api.Filter, exact bool) {
	exact = true
	for _, c := range s.conditions {
		if c.field == "" {
			continue // the table itself puts it into the path or a parameter
		}
		one, isExact := c.filter()
		all := api.And(f, one)
		if len(columns) > 0 && !slices.Contains(columns, c.column.name) || one.IsZero() || len(all.String()) > maxFilter {
			exact = false
			continue
		}
		f, exact = all, exact && isExact
	}
	return f, exact
}

// filter is the condition in BBQL, or one that lets more pass and is not exact.
func (c condition) filter() (f api.Filter, exact bool) {
	list, isList := c.value.([]any)
	switch {
	case c.value == nil:
		return api.Filter{}, false // Bitbucket has more ways than null to say that there is none
	case isList && c.operator == quals.QualOperatorEqual:
		return api.Compare(c.field, "IN", list), true
	case isList:
		return api.Compare(c.field, "NOT IN", list), true
	case c.operator == quals.QualOperatorLike || c.operator == quals.QualOperatorILike:
		// BBQL's ~ is "contains" in any case: the rows have each literal piece of the pattern, and more rows do.
		var pieces []api.Filter
		for _, piece := range likePieces(fmt.Sprint(c.value)) {
			if piece.literal != "" {
				pieces = append(pieces, api.Compare(c.field, "~", piece.literal))
			}
		}
		return api.And(pieces...), false
	}
	return api.Compare(c.field, c.operator, c.value), true
}

// holds says whether the row satisfies the condition, by SQL's rules: nothing compares with null. Steampipe writes IS NULL
// as = with null, and IS NOT NULL as <> with null. (A true comparison with null looks the same, and has no rows: the host,
// which checks again, knows.)
func (c condition) holds(r *row) bool {
	have := c.column.value(r)
	switch {
	case c.value == nil:
		return c.operator == quals.QualOperatorEqual && have == nil || c.operator == quals.QualOperatorNotEqual && have != nil
	case have == nil:
		return false
	case c.pattern != nil:
		s, isText := have.(string)
		return isText && c.pattern.MatchString(s)
	}
	if list, ok := c.value.([]any); ok {
		for _, v := range list {
			if compare(have, quals.QualOperatorEqual, v) {
				return c.operator == quals.QualOperatorEqual
			}
		}
		return c.operator == quals.QualOperatorNotEqual
	}
	return compare(have, c.operator, c.value)
}

func compare(have any, operator string, want any) bool {
	order, comparable := compareValues(have, want)
	if !comparable {
		return true // not a comparison that we understand: the host decides
	}
	switch operator {
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

// compareValues compares two values of the same kind; comparable is false for different kinds.
func compareValues(a, b any) (result int, comparable bool) {
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

// like translates a LIKE pattern: % any text, _ one character, a backslash takes the next one literally.
func like(pattern string, fold bool) *regexp.Regexp {
	var re strings.Builder
	re.WriteString("(?s")
	if fold {
		re.WriteString("i")
	}
	re.WriteString(")^")
	for _, piece := range likePieces(pattern) {
		switch {
		case piece.any:
			re.WriteString(".*")
		case piece.one:
			re.WriteString(".")
		default:
			re.WriteString(regexp.QuoteMeta(piece.literal))
		}
	}
	re.WriteString("$")
	return regexp.MustCompile(re.String())
}

type likePiece struct {
	any, one bool
	literal  string
}

func likePieces(pattern string) []likePiece {
	var pieces []likePiece
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			pieces = append(pieces, likePiece{literal: literal.String()})
			literal.Reset()
		}
	}
	escaped := false
	for _, char := range pattern {
		switch {
		case escaped:
			literal.WriteRune(char)
			escaped = false
		case char == '\\':
			escaped = true
		case char == '%':
			flush()
			pieces = append(pieces, likePiece{any: true})
		case char == '_':
			flush()
			pieces = append(pieces, likePiece{one: true})
		default:
			literal.WriteRune(char)
		}
	}
	flush()
	return pieces
}
