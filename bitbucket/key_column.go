package bitbucket

// A keyColumn declares a key column. It is a promise to the host, which pushes LIMIT down if every condition of a query
// is on a key column: a row that fails the condition must never count as one that was asked for, whatever Bitbucket
// does with it.
type keyColumn struct {
	column    string
	operators []string
	field     string // the field to compare in a BBQL filter; "" if the table uses the value in the path or a parameter
	words     []any  // the only values that may be sent; nil if there is no such limit
	isSet     bool   // every object has a value in the field
	isWider   bool   // a name in the column finds rows that the table does not have without it
}

// The operators that a kind of column can have. Texts have no < and >, as these would depend on the database's
// collation.
var (
	nameOperators  = []string{opEqual}
	textOperators  = []string{opEqual, opNotEqual, opLike, opILike}
	equalOperators = []string{opEqual, opNotEqual}
	orderOperators = []string{
		opEqual, opNotEqual,
		opLess, opLessOrEqual, opGreater, opGreaterOrEqual,
	}
)

// named declares a column that allows only = and IN, and that the table itself puts into the path or a parameter.
func named(columnName string) keyColumn {
	return keyColumn{column: columnName, operators: nameOperators}
}

// filtered declares a column that Bitbucket filters by in BBQL.
func filtered(columnName, field string, operators []string) keyColumn {
	return keyColumn{column: columnName, operators: operators, field: field}
}

// among declares that Bitbucket refuses to compare the field with any other word.
func (q keyColumn) among(words ...any) keyColumn {
	q.words = words
	return q
}

// set declares that every object has a value in the field, so that a condition that is true for null needs no other
// rows.
func (q keyColumn) set() keyColumn {
	q.isSet = true
	return q
}

// wider declares that a name in the column finds rows that the table does not have without it: another commit, or a
// repository of somebody else.
func (q keyColumn) wider() keyColumn {
	q.isWider = true
	return q
}
