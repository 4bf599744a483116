package command

import (
	"fmt"
	"io"
	"strings"

	prettytext "github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// terminalWidth returns the width of the terminal that a writer writes to. It is 0 for other writers.
func terminalWidth(w io.Writer) int {
	fd, ok := terminalFd(w)
	if !ok {
		return 0
	}
	columns, _, _ := term.GetSize(fd) // 0 if unknown
	return columns
}

// say writes text for the user to standard error, wrapped at the width of the terminal. Lines that begin with a space are
// not wrapped.
func (c *console) say(text string) {
	columns := terminalWidth(c.err)
	for line := range strings.Lines(text) {
		body, end := strings.TrimSuffix(line, "\n"), ""
		if body != line {
			end = "\n"
		}
		if !strings.HasPrefix(body, " ") {
			body = wrap(body, columns, "")
		}
		fmt.Fprint(c.err, body, end)
	}
}

// wrap breaks a text between words into lines of at most so many columns, of which all but the first are indented. A word
// that is longer, for example an address, stays whole. Without a width there is one line.
func wrap(text string, columns int, indent string) string {
	if columns <= 0 || prettytext.StringWidth(text) <= columns {
		return text
	}
	var out strings.Builder
	used := 0
	for i, word := range strings.Split(text, " ") {
		w := prettytext.StringWidth(word)
		switch {
		case i == 0:
		case used+1+w > columns:
			out.WriteString("\n" + indent)
			used = len(indent)
		default:
			out.WriteByte(' ')
			used++
		}
		out.WriteString(word)
		used += w
	}
	return out.String()
}
