package command

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	prettytext "github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// null is the text for null in tables and lines.
const null = "<null>"

// A tablePrinter draws each result as a table. On a terminal it wraps long texts to make the table fit. If it does not
// fit, the format line takes its place, unless the user has asked for a table.
type tablePrinter struct {
	w      io.Writer
	layout layout
	width  int // of the terminal; 0 if it is not a terminal
}

func newTablePrinter(w io.Writer, l layout) printer {
	p := &tablePrinter{w: w, layout: l}
	if fd, ok := terminalFd(w); ok {
		p.width, _, _ = term.GetSize(fd) // 0 if unknown
	}
	return p
}

func (p *tablePrinter) print(r resultSet) error {
	columns := r.Columns()
	if len(columns) == 0 {
		return r.Err()
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleDefault)
	t.Style().Format.Header = prettytext.FormatDefault
	header := table.Row{}
	configs := make([]table.ColumnConfig, len(columns))
	widths := make([]int, len(columns))
	for i, c := range columns {
		name := printable(c.Name)
		header = append(header, name)
		configs[i] = alignment(configs[i], i, false)
		widths[i] = prettytext.LongestLineLen(name)
	}
	if !p.layout.noHeader {
		t.AppendHeader(header)
	}
	lines := &resultList{columns: columns}
	for r.Next() {
		row := table.Row{}
		if p.width > 0 && p.layout.narrow {
			lines.add(slices.Clone(r.Values())...)
		}
		for i, v := range r.Values() {
			configs[i] = alignment(configs[i], i, isNumber(columns[i], v))
			content := cell(columns[i], v)
			row = append(row, content)
			widths[i] = max(widths[i], prettytext.LongestLineLen(content))
		}
		t.AppendRow(row)
	}
	if err := r.Err(); err != nil {
		return err
	}
	if p.width > 0 {
		widest, fits := fit(widths, p.width)
		if !fits && len(lines.rows) > 0 {
			return printAlone(newLinePrinter(p.w, p.layout), lines)
		}
		for i := range configs {
			configs[i].WidthMax, configs[i].WidthMaxEnforcer = widest, prettytext.WrapSoft
		}
	}
	t.SetColumnConfigs(configs)
	_, err := fmt.Fprintln(p.w, t.Render())
	return err
}

// narrowest is the smallest width to which a column is wrapped. A table of many columns is wider than the terminal, but
// readable.
const narrowest = 24

// fit returns the largest width of a column with which all columns and the lines between them fit into width, and
// whether they do with the narrowest columns.
func fit(widths []int, width int) (widest int, fits bool) {
	for widest = max(slices.Max(widths), narrowest); widest >= narrowest; widest-- {
		total := 1
		for _, w := range widths {
			total += min(w, widest) + 3
		}
		if total <= width {
			return widest, true
		}
	}
	return narrowest, false
}

// alignment sets the alignment of column i: numbers are on the right.
func alignment(c table.ColumnConfig, i int, number bool) table.ColumnConfig {
	c.Number = i + 1
	if number {
		c.Align, c.AlignHeader = prettytext.AlignRight, prettytext.AlignRight
	} else if c.Align != prettytext.AlignRight {
		c.Align, c.AlignHeader = prettytext.AlignLeft, prettytext.AlignLeft
	}
	return c
}

func (p *tablePrinter) end() error { return nil }

func isNumber(c sqlhost.Column, v any) bool {
	switch c.Native(v).(type) {
	case int64, float64:
		return true
	}
	return false
}

// cell returns the text of a value, which stays inside its cell.
func cell(c sqlhost.Column, v any) string {
	if v == nil {
		return null
	}
	return printable(valueText(c, v))
}

// printable replaces characters that control a terminal: everybody who can name a repository can write them.
func printable(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", "    ")
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Bidi_Control) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
