package command

import (
	"bufio"
	"io"
)

// A jsonlPrinter writes each row as an object on its own line.
type jsonlPrinter struct{ w *bufio.Writer }

func newJSONLPrinter(w io.Writer, _ layout) printer { return &jsonlPrinter{bufio.NewWriter(w)} }

func (p *jsonlPrinter) print(r resultSet) error {
	names := uniqueNames(r.Columns())
	for r.Next() {
		if err := writeObject(p.w, r.Columns(), names, r.Values()); err != nil {
			return err
		}
		if err := p.w.WriteByte('\n'); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	return p.w.Flush()
}

func (p *jsonlPrinter) end() error { return p.w.Flush() }
