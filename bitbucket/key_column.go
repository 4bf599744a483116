package bitbucket

import (
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"
)

// A keyColumn declares a key column. It is a promise to the host, which pushes LIMIT down as soon as every condition of a
// query is on one: whatever Bitbucket makes of the condition, no row that fails it may count as one of those asked for.
type keyColumn struct {
	column    string
	operators []string
	field     string // the field to compare in a BBQL filter; empty where the table uses the value in the path or a parameter
	words     []any  // that the field can have, if no others may be asked for
	isSet     bool   // every object has a value in the field
}

// The operators that a kind of column can have. Texts have no < and >, which would depend on the host's collation.
var (
	nameOperators  = []string{quals.QualOperatorEqual}
	textOperators  = []string{quals.QualOperatorEqual, quals.QualOperatorNotEqual, quals.QualOperatorLike, quals.QualOperatorILike}
	equalOperators = []string{quals.QualOperatorEqual, quals.QualOperatorNotEqual}
	orderOperators = []string{
		quals.QualOperatorEqual, quals.QualOperatorNotEqual,
		quals.QualOperatorLess, quals.QualOperatorLessOrEqual, quals.QualOperatorGreater, quals.QualOperatorGreaterOrEqual,
	}
)

// named declares a column that is only compared with = and IN, and that the table itself puts into a path or parameter.
func named(column string) keyColumn { return keyColumn{column: column, operators: nameOperators} }

// filtered declares a column that Bitbucket filters by in BBQL.
func filtered(column, field string, operators []string) keyColumn {
	return keyColumn{column: column, operators: operators, field: field}
}

// among says that Bitbucket refuses to compare the field with another word than these.
func (q keyColumn) among(words ...any) keyColumn {
	q.words = words
	return q
}

// set says that every object has a value in the field, so that a condition that is true without one needs no other rows.
func (q keyColumn) set() keyColumn {
	q.isSet = true
	return q
}

func (q keyColumn) plugin() *plugin.KeyColumn {
	return &plugin.KeyColumn{Name: q.column, Operators: q.operators, Require: plugin.Optional}
}
