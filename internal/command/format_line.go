package command

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	prettytext "github.com/jedib0t/go-pretty/v6/text"
)

// A linePrinter writes each value on its own line, for rows that are wider than the terminal.
type linePrinter struct {
	w       *bufio.Writer
	printed bool
}

func newLinePrinter(w io.Writer, _ layout) printer { return &linePrinter{w: bufio.NewWriter(w)} }

func (p *linePrinter) print(r resultSet) error {
	columns := r.Columns()
	width := 0
	for _, c := range columns {
		width = max(width, prettytext.StringWidth(printable(c.Name)))
	}
	for n := 1; r.Next(); n++ {
		if n == 1 && p.printed {
			p.w.WriteByte('\n')
		}
		p.printed = true
		fmt.Fprintf(p.w, "%s\n", prettytext.Pad(fmt.Sprintf("-[ RECORD %d ]", n), width+30, '-'))
		for i, v := range r.Values() {
			name := prettytext.Pad(printable(columns[i].Name), width, ' ')
			indented := strings.ReplaceAll(cell(columns[i], v), "\n", "\n"+strings.Repeat(" ", width)+" | ")
			if _, err := fmt.Fprintf(p.w, "%s | %s\n", name, indented); err != nil {
				return err
			}
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	return p.w.Flush()
}

func (p *linePrinter) end() error { return p.w.Flush() }
