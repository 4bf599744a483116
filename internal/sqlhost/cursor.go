package sqlhost

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"modernc.org/sqlite/vtab"
)

// A cursor reads the rows of a table. SQLite opens one for each use of the table in a statement, and calls its Filter
// for each row of an outer loop.
type cursor struct {
	table *hostTable
	text  string // of the plan
	plan  plan

	scan   *scan              // rows from the plugin,
	replay []*proto.Row       // or from memory
	row    *proto.Row         // nil after the last row
	key    vtab.Value         // of the row, if the plugin sorts
	made   map[int]vtab.Value // the values of a row that a rehearsal has made up; nil for another

	memo    memo
	lookups map[string]*lookups // by the text of their plan
	ids     rowids
}

// Filter implements [vtab.Cursor]. It begins a scan.
func (c *cursor) Filter(_ int, text string, values []vtab.Value) error {
	return c.report(c.filter(text, values))
}

func (c *cursor) filter(text string, values []vtab.Value) error {
	c.stop()
	c.made = nil
	if c.text != text {
		c.plan = plan{}
		if err := json.Unmarshal([]byte(text), &c.plan); err != nil {
			return err
		}
		c.text = text
	}
	c.ids.reset()
	c.key = nil
	if err := c.understand(values); err != nil {
		return err
	}
	values = values[:len(c.plan.Terms)]
	question := fmt.Sprintf("%s%#v", text, values)
	rows, found := c.memo.begin(question)
	if found {
		c.replay = rows
		return c.next()
	}
	request, err := c.request(c.plan, values)
	if request == nil || err != nil {
		c.row = nil
		return err
	}
	if rows, err = c.lookup(question, values); err != nil {
		return err
	}
	if len(rows) > 0 {
		c.replay = rows
		return c.next()
	}
	c.scan = c.table.host.start(request)
	if err := c.next(); err != nil || c.row != nil || !c.table.host.Rehearses {
		return err
	}
	c.makeUp(values)
	return nil
}

// makeUp makes up a row that has the values of the conditions on equality.
func (c *cursor) makeUp(values []vtab.Value) {
	c.made = map[int]vtab.Value{}
	for i, term := range c.plan.Terms {
		if term.Op == vtab.OpEQ || term.Op == vtab.OpIS {
			c.made[term.Column] = values[i]
		}
	}
}

// Next implements [vtab.Cursor].
func (c *cursor) Next() error { return c.report(c.next()) }

// report keeps the error of a scan, because SQLite passes on at most its text.
func (c *cursor) report(err error) error {
	if err != nil {
		c.table.host.fail(err)
	}
	return err
}

// understand converts the values that columns are compared with to the columns' types. A constant of another type is an
// error, even if the plugin doesn't get it: SQLite would compare it as text.
func (c *cursor) understand(values []vtab.Value) error {
	for i, term := range append(slices.Clip(c.plan.Terms), c.plan.Checks...) {
		if term.Op == vtab.OpLIMIT || term.Op == vtab.OpOFFSET {
			continue
		}
		v, err := c.table.columns[term.Column].understand(term.Op, values[i], c.table.host.running.constants)
		if err != nil {
			return err
		}
		values[i] = v
	}
	return nil
}

func (c *cursor) next() error {
	if err := c.table.host.running.err; err != nil {
		return err
	}
	c.ids.next()
	c.made = nil
	if c.scan == nil {
		c.row = nil
		if len(c.replay) > 0 {
			c.row, c.replay = c.replay[0], c.replay[1:]
		}
		return c.table.host.running.ctx.Err()
	}
	row, err := c.scan.next()
	c.row = row
	switch {
	case err != nil:
		return c.table.scanError(err)
	case row == nil:
		c.memo.end()
		return nil
	}
	c.memo.add(row)
	return c.checkOrder()
}

// checkOrder compares the row with the row before, if the plugin sorts the rows. With a LIMIT, a wrong order would
// return the wrong rows.
func (c *cursor) checkOrder() error {
	if c.plan.Order == nil {
		return nil
	}
	last := c.key
	c.key = c.value(c.plan.Order.Column)
	if c.ids.count == 1 {
		return nil
	}
	if c.plan.Order.compare(last, c.key) > 0 {
		name := c.table.columns[c.plan.Order.Column].name
		return fmt.Errorf("table %s did not return its rows in the order of %s; to have SQLite sort them, write: order by +%s",
			c.table.Name, name, name)
	}
	return nil
}

// compare returns a negative number if a comes before b, and a positive number if a comes after b.
func (o *order) compare(a, b vtab.Value) int {
	if o.Desc {
		a, b = b, a
	}
	switch {
	case less(a, b):
		return -1
	case less(b, a):
		return 1
	default:
		return 0
	}
}

// less compares values in SQLite's order: null, numbers, text. A column has one type, or null.
func less(a, b vtab.Value) bool {
	switch b := b.(type) {
	case int64:
		a, ok := a.(int64)
		return !ok || a < b
	case float64:
		a, ok := a.(float64)
		return !ok || a < b
	case string:
		a, ok := a.(string)
		return !ok || cmp.Less(a, b)
	default:
		return false
	}
}

// Eof implements [vtab.Cursor].
func (c *cursor) Eof() bool { return c.row == nil && c.made == nil }

// Column implements [vtab.Cursor].
func (c *cursor) Column(i int) (vtab.Value, error) { return c.value(i), nil }

func (c *cursor) value(i int) vtab.Value {
	if c.made != nil {
		return c.made[i]
	}
	return c.table.value(c.row, i)
}

func (t *hostTable) value(row *proto.Row, i int) vtab.Value {
	return sqliteValue(row.Columns[t.columns[i].name])
}

// Rowid implements [vtab.Cursor]. See [rowids].
func (c *cursor) Rowid() (int64, error) {
	return c.ids.id(func(h *maphash.Hash) {
		for i := range c.table.columns {
			if c.uses(i) {
				fmt.Fprintf(h, "%#v,", c.value(i))
			}
		}
	}), nil
}

// Close implements [vtab.Cursor].
func (c *cursor) Close() error {
	c.stop()
	return nil
}

func (c *cursor) stop() {
	if c.scan != nil {
		c.scan.stop()
		c.scan = nil
	}
	c.replay = nil
}

// uses reports whether the statement uses column i.
func (c *cursor) uses(i int) bool { return c.plan.Columns>>min(i, 63)&1 == 1 }

// request returns the plugin's request for a plan and its values, or nil if no row can match.
func (c *cursor) request(p plan, values []vtab.Value) (*proto.ExecuteRequest, error) {
	t := c.table
	var pushed []*proto.Qual
	limit, offset := int64(-1), int64(0)
	whole := true
	for i, term := range p.Terms {
		switch term.Op {
		case vtab.OpLIMIT:
			limit = intOr(values[i], -1)
		case vtab.OpOFFSET:
			offset = intOr(values[i], 0)
		default:
			q, how := t.columns[term.Column].qual(term.Op, values[i])
			if how == never {
				return nil, nil
			}
			if q != nil {
				pushed = append(pushed, q)
			}
			whole = whole && how == exact
		}
	}
	filters, err := t.filters(pushed)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || !whole || !filters {
		limit = -1
	} else {
		limit += max(offset, 0)
	}
	return t.request(c.columnNames(), pushed, limit, c.sortOrder(p.Order)), nil
}

func intOr(v vtab.Value, otherwise int64) int64 {
	if n, ok := v.(int64); ok {
		return n
	}
	return otherwise
}

func (c *cursor) columnNames() []string {
	var names []string
	for i := range c.table.columns {
		if c.uses(i) {
			names = append(names, c.table.columns[i].name)
		}
	}
	return names
}

func (c *cursor) sortOrder(o *order) []*proto.SortColumn {
	if o == nil {
		return nil
	}
	return []*proto.SortColumn{{
		Column: c.table.columns[o.Column].name,
		Order:  direction(o.Desc),
	}}
}
