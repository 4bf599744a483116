package sqlhost

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"
	"modernc.org/sqlite/vtab"
)

// The requirements of key columns, as the SDK names them.
const (
	required = plugin.Required
	anyOf    = plugin.AnyOf
	optional = plugin.Optional
)

// A plan is one way to scan a table. BestIndex makes one for each way that SQLite considers; SQLite passes the chosen
// plan to Filter, with a value for each term.
type plan struct {
	Columns uint64 // columns used; bit 63 covers all columns from the 64th on
	Terms   []whereTerm
	Checks  []whereTerm `json:",omitempty"` // terms that the plugin doesn't get; their values follow those of Terms
	Order   *order      `json:",omitempty"` // order in which the plugin returns the rows
}

// A whereTerm is a WHERE term, "column op value", or LIMIT or OFFSET.
type whereTerm struct {
	Column int
	Op     vtab.ConstraintOp
}

// An order is ORDER BY a column.
type order struct {
	Column int
	Desc   bool
}

// The costs for SQLite's planner. Only their proportions matter: a scan costs a request however few rows it returns, so
// a table is scanned as rarely as possible, and with the narrowest terms.
const (
	scanCost   = 1_000
	tableRows  = 10_000
	fewRows    = 100  // one row in this many matches =
	someRows   = 4    // … or matches another term
	impossible = 1e50 // a scan that the plugin refuses
)

// BestIndex implements [vtab.Table].
func (t *hostTable) BestIndex(info *vtab.IndexInfo) error {
	p := plan{Columns: info.ColUsed}
	var s statement
	if t.host.running != nil {
		s = *t.host.running
	}
	var checked []*vtab.Constraint
	rows := float64(tableRows)
	whole := true // the plugin gets all of WHERE
	for i := range info.Constraints {
		c := &info.Constraints[i]
		if c.Op == vtab.OpLIMIT || c.Op == vtab.OpOFFSET {
			continue
		}
		usable := c.Usable && c.Column >= 0 && !derived(c, info.Constraints)
		if !usable || !t.columns[c.Column].takes(c.Op, s.folds) {
			whole = false
			if usable && t.columns[c.Column].checks(c.Op, &s) {
				checked = append(checked, c)
			}
			continue
		}
		p.add(c)
		rows /= selectivity(c.Op)
	}
	if whole {
		t.addLimit(&p, info)
	}
	for _, c := range checked {
		c.ArgIndex = len(p.Terms) + len(p.Checks)
		p.Checks = append(p.Checks, whereTerm{c.Column, c.Op})
	}
	info.EstimatedRows = int64(max(rows, 1))
	info.EstimatedCost = scanCost + rows
	if !t.possible(p.Terms) {
		info.EstimatedCost = impossible
	}
	text, err := json.Marshal(p)
	info.IdxStr = string(text)
	return err
}

// derived reports whether SQLite may have derived a term. From name like 'web%' it derives name >= 'WEB' and name <
// 'wec', which are true byte by byte, but not in the order of letters that a service may have.
func derived(c *vtab.Constraint, all []vtab.Constraint) bool {
	if c.Op != vtab.OpGE && c.Op != vtab.OpLT {
		return false
	}
	return slices.ContainsFunc(all, func(other vtab.Constraint) bool {
		return other.Column == c.Column && (other.Op == vtab.OpLIKE || other.Op == vtab.OpGLOB)
	})
}

// add adds a constraint to the plan's terms.
func (p *plan) add(c *vtab.Constraint) {
	c.ArgIndex = len(p.Terms)
	p.Terms = append(p.Terms, whereTerm{c.Column, c.Op})
}

func selectivity(op vtab.ConstraintOp) float64 {
	switch op {
	case vtab.OpEQ, vtab.OpIS:
		return fewRows
	case vtab.OpNE, vtab.OpISNOTNULL:
		return 1
	default:
		return someRows
	}
}

// addLimit adds LIMIT and OFFSET to a plan that contains all of WHERE, if nothing remains to be sorted. It adds ORDER
// BY only together with a LIMIT: without one, SQLite sorts at no cost.
func (t *hostTable) addLimit(p *plan, info *vtab.IndexInfo) {
	var limit, offset *vtab.Constraint
	for i := range info.Constraints {
		switch c := &info.Constraints[i]; c.Op {
		case vtab.OpLIMIT:
			limit = c
		case vtab.OpOFFSET:
			offset = c
		}
	}
	if limit == nil || !limit.Usable || offset != nil && !offset.Usable {
		return
	}
	if len(info.OrderBy) > 0 {
		if !t.sorts(info.OrderBy) {
			return
		}
		p.Order = &order{info.OrderBy[0].Column, info.OrderBy[0].Desc}
		info.OrderByConsumed = true
	}
	p.add(limit)
	if offset != nil {
		p.add(offset)
	}
}

// sorts reports whether the plugin returns rows in the wanted order: by one column that it declares as sortable. An
// aggregator returns its connections' rows unsorted.
func (t *hostTable) sorts(by []vtab.OrderBy) bool {
	if len(by) != 1 || by[0].Column < 0 || len(t.children) != 1 {
		return false
	}
	c := &t.columns[by[0].Column]
	return c.kind.ordered() && (c.sort == proto.SortOrder_All || c.sort == direction(by[0].Desc))
}

func direction(desc bool) proto.SortOrder {
	if desc {
		return proto.SortOrder_Desc
	}
	return proto.SortOrder_Asc
}

// possible reports whether the plugin has a call that accepts these terms.
func (t *hostTable) possible(terms []whereTerm) bool {
	has := func(k *proto.KeyColumn) bool {
		return slices.ContainsFunc(terms, func(term whereTerm) bool {
			return term.Column >= 0 && t.columns[term.Column].name == k.GetName() && accepts(k, candidates[term.Op]...)
		})
	}
	return len(t.get) > 0 && len(missing(t.get, has)) == 0 || len(missing(t.list, has)) == 0
}

func accepts(k *proto.KeyColumn, operators ...string) bool {
	return slices.ContainsFunc(operators, func(operator string) bool { return slices.Contains(k.GetOperators(), operator) })
}

// missing returns the key columns for which a call still needs a condition: the required ones, or all "any of" columns
// if none of them has one.
func missing(keys []*proto.KeyColumn, has func(*proto.KeyColumn) bool) []*proto.KeyColumn {
	var needed, either []*proto.KeyColumn
	one := false
	for _, k := range keys {
		switch present := has(k); {
		case k.GetRequire() == required && !present:
			needed = append(needed, k)
		case k.GetRequire() == anyOf:
			either = append(either, k)
			one = one || present
		}
	}
	if !one {
		needed = append(needed, either...)
	}
	return needed
}

// filters reports whether the plugin applies all quals. It applies only those declared for the call that it makes: get,
// if that has all it needs, or else list. It returns an error if neither call is possible.
func (t *hostTable) filters(pushed []*proto.Qual) (bool, error) {
	has := func(k *proto.KeyColumn) bool {
		return slices.ContainsFunc(pushed, func(q *proto.Qual) bool { return q.GetFieldName() == k.GetName() && accepts(k, q.GetStringValue()) })
	}
	if len(t.get) > 0 && len(missing(t.get, has)) == 0 {
		return true, nil
	}
	if needed := missing(t.list, has); len(needed) > 0 {
		return false, t.missingError(needed)
	}
	for _, q := range pushed {
		if !slices.ContainsFunc(t.list, func(k *proto.KeyColumn) bool {
			return k.GetName() == q.GetFieldName() && accepts(k, q.GetStringValue())
		}) {
			return false, nil
		}
	}
	return true, nil
}

func (t *hostTable) missingError(needed []*proto.KeyColumn) error {
	var must, either []string
	for _, k := range needed {
		if k.GetRequire() == anyOf {
			either = append(either, k.GetName())
		} else {
			must = append(must, k.GetName())
		}
	}
	what := strings.Join(must, " and on ")
	if len(either) > 0 {
		what = strings.Join(append(must, "one of "+strings.Join(either, ", ")), " and on ")
	}
	return fmt.Errorf("table %s needs a condition on %s, for example: where %s %s …", t.Name, what, needed[0].GetName(), operatorSQL(needed[0]))
}

// operatorSQL returns a key column's first operator in SQLite's SQL.
func operatorSQL(k *proto.KeyColumn) string {
	switch operators := k.GetOperators(); {
	case len(operators) == 0:
		return quals.QualOperatorEqual
	case operators[0] == quals.QualOperatorILike:
		return "like"
	default:
		return operators[0]
	}
}
