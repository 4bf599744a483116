package command

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	prettytext "github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/kindor/steampipe-plugin-bitbucket/docs"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// inspect explains a table to a person: its columns, and what its page says.
func inspect(w io.Writer, table sqlhost.Table) error {
	width := 100
	if fd, ok := terminalFd(w); ok {
		if columns, _, err := term.GetSize(fd); err == nil && columns > 0 {
			width = min(columns, width)
		}
	}
	page, _ := docs.Lookup(table.Name)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", style(w, bold, table.Name))
	b.WriteString(indentedLines(table.Description, "", width))
	b.WriteString("\n" + style(w, bold, "Columns") + "\n")
	l := describe(table)
	for l.Next() {
		values := l.Values()
		fmt.Fprintf(&b, "  %s  %s", style(w, bold, values[0].(string)), values[1])
		if conditions := values[2].(string); conditions != "" {
			fmt.Fprintf(&b, "  %s", conditions)
		}
		b.WriteString("\n" + indentedLines(values[3].(string), "      ", width))
	}
	for _, part := range []struct{ title, text string }{
		{"Scopes", page.Scopes}, {"Role", page.Role}, {"Coverage", page.Coverage}, {"Cost", page.Cost}, {"Conditions", page.Conditions},
	} {
		if part.text != "" {
			b.WriteString("\n" + style(w, bold, part.title) + "\n" + indentedLines(plain(part.text), "  ", width))
		}
	}
	if len(page.Examples) > 0 {
		example := page.Examples[0]
		b.WriteString("\n" + style(w, bold, "Example: "+plain(example.Title)) + "\n")
		for line := range strings.Lines(strings.TrimSpace(example.SQLite)) {
			b.WriteString("  " + line)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var (
	markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	markdownMark = strings.NewReplacer("`", "", "**", "", "<br>", " ", `\|`, "|")
)

// plain returns a text in Markdown without its marks.
func plain(text string) string {
	return markdownMark.Replace(markdownLink.ReplaceAllString(text, "$1"))
}

// indentedLines returns a text in lines of at most a width, each behind an indentation.
func indentedLines(text, indentation string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(prettytext.WrapSoft(printable(text), width-len(indentation))) {
		b.WriteString(indentation + strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
