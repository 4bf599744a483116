package sqlhost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"modernc.org/sqlite/vtab"
)

// maxLookups is the number of scans for single values after which a cursor reads the rows of all values at once.
const maxLookups = 10

// rowsPerLookup limits the rows read at once, for each value that was asked for before: about as many as one request
// returns. If a table has more rows, reading stops, and is tried again after twice as many values. Reading it therefore
// never costs much more than single scans.
const rowsPerLookup = 100

// A lookups contains the scans of a cursor with one plan. A join makes one scan for each row of the outer table, and an
// IN list one for each value; each costs at least one request. After the first few, the rows are read without the terms
// whose values vary, and then found in memory.
//
// Too many rows do no harm, because SQLite checks each row, but too few do. So memory is used only for values with rows
// in it. For other values the plugin is asked: without the term, a column may have another value (one that repeats the
// condition is null otherwise), and the plugin may find more by name than it lists. For the same reason, memory must
// contain the rows of all earlier answers.
type lookups struct {
	first   []string            // values of the first scan
	varying []bool              // by term: its value has varied
	scans   int                 // number of single scans
	enough  int                 // number of scans after which all rows are read
	asked   map[string][]string // keys of the values of the scans, by question

	rows    map[string][]*proto.Row // by the keys of the varying terms; nil until read
	held    int                     // number of rows
	refused bool                    // reading all rows failed: continue with single scans
}

// lookup returns rows from memory, which include all rows that the plugin would return for the values. It returns nil
// if the plugin must be asked.
func (c *cursor) lookup(question string, values []vtab.Value) ([]*proto.Row, error) {
	l := c.lookups[c.text]
	if l == nil {
		l = &lookups{varying: make([]bool, len(values)), asked: make(map[string][]string), enough: c.table.host.maxLookups}
		for _, v := range values {
			l.first = append(l.first, fmt.Sprintf("%#v", v))
		}
		if c.lookups == nil {
			c.lookups = make(map[string]*lookups)
		}
		c.lookups[c.text] = l
	}
	if l.refused {
		return nil, nil
	}
	if l.compare(c.plan.Terms, values) {
		c.forget(l) // the rows have one value of the new varying term
	}
	switch {
	case l.refused:
		return nil, nil
	case l.rows != nil:
	case l.scans < l.enough || !c.readAll(l, values):
		l.scans++
		l.asked[question] = keysOf(values)
		return nil, c.table.host.running.ctx.Err()
	}
	return l.rows[l.key(keysOf(values))], nil
}

// compare finds the varying terms, and reports whether there is a new one. Only terms of equality can be looked up: a
// range that varies may be the only limit of a scan.
func (l *lookups) compare(terms []whereTerm, values []vtab.Value) bool {
	found := false
	for i, v := range values {
		if l.varying[i] || fmt.Sprintf("%#v", v) == l.first[i] {
			continue
		}
		l.varying[i], found = true, true
		if op := terms[i].Op; op != vtab.OpEQ && op != vtab.OpIS {
			l.refused = true
		}
	}
	return found
}

// readAll reads the rows for all values of the varying terms, and reports whether they are complete. An error only
// means that single scans continue: a table may fail for all values, but not for one.
func (c *cursor) readAll(l *lookups, values []vtab.Value) bool {
	all := plan{Columns: c.plan.Columns}
	var constants []vtab.Value
	for i, term := range c.plan.Terms {
		if !l.varying[i] && term.Op != vtab.OpLIMIT && term.Op != vtab.OpOFFSET {
			all.Terms = append(all.Terms, term)
			constants = append(constants, values[i])
		}
	}
	l.refused = true // until everything has worked
	request, err := c.request(all, constants)
	if request == nil || err != nil {
		return false
	}
	bound, budget := fullMemo-c.memo.held, c.table.host.rowsPerLookup*l.scans
	rows, more, err := c.read(request, min(bound, budget))
	if more && budget < bound {
		l.refused, l.enough = false, 2*l.scans
	}
	if more || err != nil {
		return false
	}
	if o := c.plan.Order; o != nil {
		slices.SortStableFunc(rows, func(a, b *proto.Row) int {
			return o.compare(c.table.value(a, o.Column), c.table.value(b, o.Column))
		})
	}
	l.rows = make(map[string][]*proto.Row)
	for _, row := range rows {
		key := l.key(c.rowKeys(row))
		l.rows[key] = append(l.rows[key], row)
	}
	l.held = len(rows)
	c.memo.held += l.held
	if !c.confirmed(l) {
		c.forget(l)
		return false
	}
	l.refused = false
	return true
}

// read returns the rows of a scan, up to most rows, and whether there are more.
func (c *cursor) read(request *proto.ExecuteRequest, most int) (rows []*proto.Row, more bool, err error) {
	s := c.table.host.start(request)
	defer s.stop()
	for {
		row, err := s.next()
		if err != nil || row == nil {
			return rows, false, err
		}
		if len(rows) == most {
			return nil, true, nil
		}
		rows = append(rows, row)
	}
}

// confirmed reports whether memory contains at least the rows of the earlier answers.
func (c *cursor) confirmed(l *lookups) bool {
	for question, keys := range l.asked {
		key, count := l.key(keys), 0
		for _, row := range c.memo.rows[question] {
			if l.key(c.rowKeys(row)) == key {
				count++
			}
		}
		if len(l.rows[key]) < count {
			return false
		}
	}
	return true
}

func (c *cursor) forget(l *lookups) {
	c.memo.held -= l.held
	l.rows, l.held = nil, 0
}

// rowKeys returns the keys of a row's values in the columns of the terms.
func (c *cursor) rowKeys(row *proto.Row) []string {
	keys := make([]string, len(c.plan.Terms))
	for i, term := range c.plan.Terms {
		if term.Column >= 0 {
			keys[i] = lookupKey(c.table.value(row, term.Column))
		}
	}
	return keys
}

// key joins the keys of the varying terms.
func (l *lookups) key(keys []string) string {
	var b strings.Builder
	for i, key := range keys {
		if l.varying[i] {
			b.WriteString(key)
			b.WriteByte(0)
		}
	}
	return b.String()
}

func keysOf(values []vtab.Value) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = lookupKey(v)
	}
	return all
}

// lookupKey returns the same text for all values that SQLite may treat as equal, whether it compares numbers or text: for 5,
// 5.0, '5' and ' 05'. With another collation there are no terms of text columns: see [column.takes]. SQLite writes 15
// digits of a number that it compares as text.
func lookupKey(v vtab.Value) string {
	var number float64
	switch v := v.(type) {
	case int64:
		number = float64(v)
	case float64:
		number = v
	case string:
		parsed, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil {
			return v
		}
		number = parsed
	default:
		return fmt.Sprint(v)
	}
	if number == 0 {
		return "0" // not -0
	}
	return strconv.FormatFloat(number, 'g', 15, 64)
}
