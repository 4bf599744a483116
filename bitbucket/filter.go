package bitbucket

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlvalue"
)

// maxFilter is the maximum length of a filter in an address, in bytes. Conditions that do not fit are left to the check
// of each row.
const maxFilter = 2000

// filter returns the conditions of the query in BBQL, as far as Bitbucket can filter by them. If columns are named, it
// uses only the conditions on these. exact reports whether the query wants all rows that pass, if Bitbucket does not
// ignore case.
func (q *query) filter(columns []string) (f bbql.Filter, exact bool) {
	exact = true
	for _, c := range q.conditions {
		if c.field == "" {
			continue // the table uses the value in the path or in a parameter
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

// filter returns the condition in BBQL, or one that lets more rows pass and is not exact. It is not documented whether
// = and != ignore case. So an = of texts may let more rows pass than SQL's, and a != fewer: that one is not sent.
func (c condition) filter() (f bbql.Filter, exact bool) {
	list, isList := c.value.([]any)
	isText := c.column.kind == kindText
	isStrange := func(one any) bool { return !slices.Contains(c.words, one) }
	wanted, _ := c.wanted()
	switch {
	case c.isVague, c.value == nil, c.orNull && !c.isSet: // Bitbucket has more values than null for "none"
		return bbql.Filter{}, false
	case c.words != nil && slices.ContainsFunc(wanted, isStrange):
		return bbql.Filter{}, false
	case isList && c.operator == opEqual:
		return bbql.Compare(c.field, "IN", list), true
	case c.operator == opNotEqual && (isText || len(list) > 1): // several values may be NOT IN or <> ANY
		return bbql.Filter{}, false
	case isList && len(list) == 1:
		return bbql.Compare(c.field, c.operator, list[0]), true
	case c.pattern != nil:
		return c.pieces(), false
	}
	return bbql.Compare(c.field, c.operator, c.value), true
}

// pieces returns what a pattern requires, in BBQL. The operator ~ is "contains", ignoring case. Every row that matches
// has each literal piece of the pattern; other rows have them, too. Which letters beyond ASCII differ only in case is
// uncertain, so for ILIKE such pieces are left out.
func (c condition) pieces() bbql.Filter {
	var pieces []bbql.Filter
	for _, piece := range sqlvalue.Pieces(fmt.Sprint(c.value)) {
		if piece.Literal != "" && (c.operator == opLike || isASCII(piece.Literal)) {
			pieces = append(pieces, bbql.Compare(c.field, "~", piece.Literal))
		}
	}
	return bbql.And(pieces...)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(char rune) bool { return char > '~' })
}
