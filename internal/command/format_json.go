package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A jsonPrinter writes an array of rows, each an object on its own line. For several statements it writes an array of
// these arrays; the array of a statement without a result is empty. Only end closes the document, so that output cut
// off by a failure is not valid JSON.
type jsonPrinter struct {
	w       *bufio.Writer
	results int
	printed int
}

func newJSONPrinter(w io.Writer, l layout) printer {
	return &jsonPrinter{w: bufio.NewWriter(w), results: l.results}
}

func (p *jsonPrinter) print(r resultSet) error {
	switch {
	case p.printed > 0:
		p.w.WriteString(",\n")
	case p.results > 1:
		p.w.WriteString("[\n")
	}
	p.printed++
	names := uniqueNames(r.Columns())
	before := "[\n"
	for r.Next() {
		p.w.WriteString(before)
		if err := writeObject(p.w, r.Columns(), names, r.Values()); err != nil {
			return err
		}
		before = ",\n"
	}
	if err := r.Err(); err != nil {
		return err
	}
	if before == "[\n" {
		_, err := p.w.WriteString("[]")
		return err
	}
	_, err := p.w.WriteString("\n]")
	return err
}

// writeObject writes a row as an object on one line.
func writeObject(w io.Writer, columns []sqlhost.Column, names []string, values []any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for i, v := range values {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		b.WriteString(separator)
		if err := encoder.Encode(names[i]); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // Encode adds a newline
		b.WriteByte(':')
		if err := encoder.Encode(columns[i].JSON(v)); err != nil {
			return fmt.Errorf("can't write column %s as JSON: %w", columns[i].Name, err)
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	_, err := w.Write(b.Bytes())
	return err
}

func (p *jsonPrinter) end() error {
	if p.results > 1 {
		p.w.WriteString("\n]")
	}
	p.w.WriteByte('\n')
	return p.w.Flush()
}

// uniqueNames returns the names of the columns. It numbers repeated names, because a JSON object needs unique keys.
func uniqueNames(columns []sqlhost.Column) []string {
	taken := map[string]bool{}
	for _, c := range columns {
		taken[c.Name] = true
	}
	seen := map[string]bool{}
	names := make([]string, len(columns))
	for i, c := range columns {
		name := c.Name
		if seen[name] {
			for n := 2; taken[name]; n++ {
				name = fmt.Sprintf("%s_%d", c.Name, n)
			}
			taken[name] = true
		}
		seen[name] = true
		names[i] = name
	}
	return names
}
