package bitbucket

import (
	"fmt"
	"slices"
	"strings"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
)

// maxFilter is how long a filter may get in an address, in bytes; what does not fit is left to the check of each row.
const maxFilter = 2000

// filter puts into BBQL what the query demands, as far as Bitbucket can filter by it; by the named columns only, if any
// are named. exact says that no row will come back which the query does not want, as far as Bitbucket minds the case.
func (q *query) filter(columns []string) (f bbql.Filter, exact bool) {
	exact = true
	for _, c := range q.conditions {
		if c.field == "" {
			continue // the table itself puts it into the path or a parameter
		}
		one, isExact := c.filter()
		all := bbql.And(f, one)
		if len(columns) > 0 && !slices.Contains(columns, c.column.name) || one.IsZero() || len(all.String()) > maxFilter {
			exact = false
			continue
		}
		f, exact = all, exact && isExact
	}
	return f, exact
}

// filter is the condition in BBQL, or one that lets more pass and is not exact. Whether = and != mind the case is not
// documented. So an equality of texts may let more pass than SQL does, and an inequality less: that is not sent.
func (c condition) filter() (f bbql.Filter, exact bool) {
	list, isList := c.value.([]any)
	isText := c.column.kind == proto.ColumnType_STRING
	isStrange := func(one any) bool { return !slices.Contains(c.words, one) }
	wanted, _ := c.wanted()
	switch {
	case c.isVague, c.value == nil, c.orNull && !c.isSet: // Bitbucket has more ways than null to say that there is none
		return bbql.Filter{}, false
	case c.words != nil && slices.ContainsFunc(wanted, isStrange):
		return bbql.Filter{}, false
	case isList && c.operator == quals.QualOperatorEqual:
		return bbql.Compare(c.field, "IN", list), true
	case c.operator == quals.QualOperatorNotEqual && (isText || len(list) > 1): // several values may be NOT IN or <> ANY
		return bbql.Filter{}, false
	case isList && len(list) == 1:
		return bbql.Compare(c.field, c.operator, list[0]), true
	case c.pattern != nil:
		return c.pieces(), false
	}
	return bbql.Compare(c.field, c.operator, c.value), true
}

// pieces is what a pattern demands, in BBQL. Its ~ is "contains" in any case: the rows have each literal piece of the
// pattern, and more rows do. Which letters beyond ASCII are the same in another case is not certain, so ILIKE can't say.
func (c condition) pieces() bbql.Filter {
	var pieces []bbql.Filter
	for _, piece := range sqlvalue.Pieces(fmt.Sprint(c.value)) {
		if piece.Literal != "" && (c.operator == quals.QualOperatorLike || isASCII(piece.Literal)) {
			pieces = append(pieces, bbql.Compare(c.field, "~", piece.Literal))
		}
	}
	return bbql.And(pieces...)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(char rune) bool { return char > '~' })
}
