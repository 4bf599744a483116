package sqlhost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"modernc.org/sqlite/vtab"
)

// maxLookups is how often a cursor asks the plugin for one value after another, before it reads the rows
// of all values at once.
const maxLookups = 10

// rowsPerLookup is how many rows may be read at once for each value that was asked for before: about what
// a request brings. A table that turns out to have more is given up, and tried again when twice as many
// values were asked for, so that reading it never costs much more than going on would have.
const rowsPerLookup = 100

// lookups are the scans of a cursor with one plan. A join makes one for each row of the outer table, and
// an IN list one for each value; each costs the plugin a request at least. After the first few of them
// the rows are read without the terms whose values vary, and found in memory from then on.
//
// Rows too many do no harm, for SQLite checks each of them, but rows too few do. So memory answers only
// where it has rows. Where it has none the plugin is asked after all: a column can mean something else
// without its term (one that repeats what was asked for, and is null otherwise), and the plugin may find
// by name what it doesn't list. For the same reason memory has to have the rows of the answers before.
type lookups struct {
	first   []string            // the values of the first scan
	varying []bool              // by term: it had another value since
	scans   int                 // one by one
	enough  int                 // that many scans are reason to read all rows
	asked   map[string][]string // the keys of their values, by question

	rows    map[string][]*proto.Row // by the keys of the varying terms; nil before they are read
	held    int                     // the number of rows
	refused bool                    // it cannot be done, go on one by one
}

// lookup returns rows from memory with all those among them that the plugin would return for the values,
// or none if the plugin is to be asked.
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
		c.forget(l) // the rows are those of one value of the new varying term
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

// compare finds the terms that vary, and reports whether there is a new one. Only equality can be looked
// up: a range that varies may well be the only thing that keeps a scan short.
func (l *lookups) compare(terms []term, values []vtab.Value) bool {
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

// readAll reads the rows for all values of the varying terms, and reports whether they are there and can be
// relied on. An error is no more than a reason to go on as before: what a table returns for one value, it
// need not return for all.
func (c *cursor) readAll(l *lookups, values []vtab.Value) bool {
	all := plan{Columns: c.plan.Columns}
	var constants []vtab.Value
	for i, term := range c.plan.Terms {
		if !l.varying[i] && term.Op != vtab.OpLIMIT && term.Op != vtab.OpOFFSET {
			all.Terms = append(all.Terms, term)
			constants = append(constants, values[i])
		}
	}
	l.refused = true // unless all goes well
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

// read returns the rows of a scan, and whether there are more than a number of them.
func (c *cursor) read(request *proto.ExecuteRequest, most int) (rows []*proto.Row, more bool, err error) {
	s := c.table.host.start(c.table, request)
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

// confirmed reports whether the rows in memory are no fewer than those in the answers before.
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

// rowKeys returns the keys of what a row has in the columns of the terms.
func (c *cursor) rowKeys(row *proto.Row) []string {
	keys := make([]string, len(c.plan.Terms))
	for i, term := range c.plan.Terms {
		if term.Column >= 0 {
			keys[i] = key(c.table.value(row, term.Column))
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
		all[i] = key(v)
	}
	return all
}

// key is the same for all values that SQLite may call equal, whether it compares them as numbers or as
// text: for 5, 5.0, '5' and ' 05'. (Where it has another collation, there are no terms of text columns:
// see [column.takes].) Of a number that it compares as text, SQLite writes 15 digits.
func key(v vtab.Value) string {
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
		return "0" // and not -0
	}
	return strconv.FormatFloat(number, 'g', 15, 64)
}
