package command

import (
	"fmt"
	"strconv"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A resultSet is a sequence of rows to print, for example *sqlhost.Rows.
type resultSet interface {
	Columns() []sqlhost.Column
	Next() bool
	Values() []any
	Err() error
}

// A resultList is a result in memory.
type resultList struct {
	columns []sqlhost.Column
	rows    [][]any
	at      int
}

func newList(columns ...string) *resultList {
	l := &resultList{}
	for _, name := range columns {
		l.columns = append(l.columns, sqlhost.Column{Name: name, Type: sqlhost.Text})
	}
	return l
}

func (l *resultList) add(values ...any) { l.rows = append(l.rows, values) }

func (l *resultList) Columns() []sqlhost.Column { return l.columns }
func (l *resultList) Values() []any             { return l.rows[l.at-1] }
func (l *resultList) Err() error                { return nil }

func (l *resultList) Next() bool {
	if l.at == len(l.rows) {
		return false
	}
	l.at++
	return true
}

// A countedRows is a result that counts its rows.
type countedRows struct {
	resultSet
	rows int64
}

func (c *countedRows) Next() bool {
	if !c.resultSet.Next() {
		return false
	}
	c.rows++
	return true
}

// valueText returns a value for a person. It never abbreviates numbers.
func valueText(c sqlhost.Column, v any) string {
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
