package command

import (
	"fmt"
	"strconv"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A result is a sequence of rows to print, for example *sqlhost.Rows.
type result interface {
	Columns() []sqlhost.Column
	Next() bool
	Values() []any
	Err() error
}

// A list is a result in memory.
type list struct {
	columns []sqlhost.Column
	rows    [][]any
	at      int
}

func newList(columns ...string) *list {
	l := &list{}
	for _, name := range columns {
		l.columns = append(l.columns, sqlhost.Column{Name: name, Type: sqlhost.Text})
	}
	return l
}

func (l *list) add(values ...any) { l.rows = append(l.rows, values) }

func (l *list) Columns() []sqlhost.Column { return l.columns }
func (l *list) Values() []any             { return l.rows[l.at-1] }
func (l *list) Err() error                { return nil }

func (l *list) Next() bool {
	if l.at == len(l.rows) {
		return false
	}
	l.at++
	return true
}

// A counted is a result that counts its rows.
type counted struct {
	result
	rows int64
}

func (c *counted) Next() bool {
	if !c.result.Next() {
		return false
	}
	c.rows++
	return true
}

// text returns a value for a person. It never abbreviates numbers.
func text(c sqlhost.Column, v any) string {
	switch v := c.Native(v).(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []byte:
		return fmt.Sprintf("x'%x'", v)
	default:
		return fmt.Sprint(v)
	}
}
