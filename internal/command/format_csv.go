package command

import (
	"bufio"
	"encoding/csv"
	"io"
)

// A csvPrinter writes a header and the rows, and an empty line between the results of two statements. Null is an empty
// field.
type csvPrinter struct {
	w       *bufio.Writer
	csv     *csv.Writer // writes to w
	layout  layout
	printed bool
}

func newCSVPrinter(w io.Writer, l layout) printer {
	buffered := bufio.NewWriter(w)
	return &csvPrinter{w: buffered, csv: csv.NewWriter(buffered), layout: l}
}

func (p *csvPrinter) print(r resultSet) error {
	columns := r.Columns()
	if len(columns) == 0 {
		return r.Err()
	}
	if p.printed {
		p.w.WriteByte('\n')
	}
	p.printed = true
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = c.Name
	}
	if !p.layout.noHeader {
		if err := p.record(fields); err != nil {
			return err
		}
	}
	for r.Next() {
		for i, v := range r.Values() {
			fields[i] = ""
			if v != nil {
				fields[i] = valueText(columns[i], v)
			}
		}
		if err := p.record(fields); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	return p.w.Flush()
}

func (p *csvPrinter) record(fields []string) error {
	if len(fields) == 1 && fields[0] == "" {
		_, err := p.w.WriteString("\"\"\n") // CSV readers skip empty lines
		return err
	}
	return p.csv.Write(fields)
}

func (p *csvPrinter) end() error { return p.w.Flush() }
