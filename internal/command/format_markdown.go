package command

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// A markdownPrinter writes each result as a table in Markdown.
type markdownPrinter struct {
	w       io.Writer
	layout  layout
	printed bool
}

func newMarkdownPrinter(w io.Writer, l layout) printer { return &markdownPrinter{w: w, layout: l} }

func (p *markdownPrinter) print(r resultSet) error {
	columns := r.Columns()
	if len(columns) == 0 {
		return r.Err()
	}
	t := table.NewWriter()
	header := table.Row{}
	configs := make([]table.ColumnConfig, len(columns))
	for i, c := range columns {
		header = append(header, printable(c.Name))
		configs[i] = alignment(configs[i], i, false)
	}
	if !p.layout.noHeader {
		t.AppendHeader(header)
	}
	for r.Next() {
		row := table.Row{}
		for i, v := range r.Values() {
			configs[i] = alignment(configs[i], i, isNumber(columns[i], v))
			content := ""
			if v != nil {
				content = cell(columns[i], v)
			}
			row = append(row, content)
		}
		t.AppendRow(row)
	}
	if err := r.Err(); err != nil {
		return err
	}
	t.SetColumnConfigs(configs)
	if p.printed {
		fmt.Fprintln(p.w)
	}
	p.printed = true
	_, err := fmt.Fprintln(p.w, t.RenderMarkdown())
	return err
}

func (p *markdownPrinter) end() error { return nil }
