package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	prettytext "github.com/jedib0t/go-pretty/v6/text"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A script is a text with statements.
type script struct {
	file string // "" if it does not come from a file
	text string
}

// A statement is a statement of a script.
type statement struct {
	sqlhost.Statement
	script     script
	number, of int // its place among all statements of the command
}

// readScript reads a file of statements. The name - means standard input.
func (c *console) readScript(ctx context.Context, name string) (script, error) {
	if name == "-" {
		text, err := c.readAll(ctx)
		return script{text: text}, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return script{}, misconfigured("can't read the statements: %w", err)
	}
	return script{file: name, text: strings.TrimPrefix(string(text), "\ufeff")}, nil
}

// isFile reports whether an argument is the name of a file with statements.
func isFile(argument string) bool {
	return filepath.Ext(argument) == ".sql" && !strings.ContainsAny(argument, " \t\n;")
}

// split returns the statements of the scripts.
func split(scripts []script) ([]statement, error) {
	var all []statement
	for _, s := range scripts {
		found, err := sqlhost.Statements(s.text)
		if err != nil {
			return nil, statement{script: s}.placed(err)
		}
		for _, one := range found {
			all = append(all, statement{Statement: one, script: s})
		}
	}
	for i := range all {
		all[i].number, all[i].of = i+1, len(all)
	}
	return all, nil
}

// A placedError is an error of a statement with its place, on lines of their own.
type placedError struct {
	error
	place string
}

func (e *placedError) Unwrap() error { return e.error }

// placed adds to an error which statement failed, and if that is known, the line and the wrong part of it.
func (s statement) placed(err error) error {
	e, inText := errors.AsType[*sqlhost.StatementError](err)
	inText = inText && e.End > 0
	at := s.Begin
	if inText {
		at += e.Begin
	}
	var place strings.Builder
	if s.script.file != "" || s.of > 1 || strings.Contains(strings.TrimSpace(s.script.text), "\n") {
		place.WriteString("  " + s.where(at) + ":\n")
	} else if !inText {
		return err
	}
	if inText {
		place.WriteString(marked(s.script.text, at, s.Begin+e.End))
	}
	return &placedError{err, place.String()}
}

// where names the file, the line and the statement.
func (s statement) where(at int) string {
	var parts []string
	if s.script.file != "" {
		parts = append(parts, s.script.file)
	}
	parts = append(parts, fmt.Sprintf("line %d", 1+strings.Count(s.script.text[:at], "\n")))
	if s.of > 1 {
		parts = append(parts, fmt.Sprintf("statement %d of %d", s.number, s.of))
	}
	return strings.Join(parts, ", ")
}

// markedBefore and markedWidth limit how much of a long line is shown around the wrong part.
const (
	markedBefore = 50
	markedWidth  = 76
)

// marked returns the line of a text with a part of it underlined.
func marked(text string, begin, end int) string {
	first := strings.LastIndexByte(text[:begin], '\n') + 1
	line, _, _ := strings.Cut(text[first:], "\n")
	before := []rune(printable(text[first:begin]))
	part := []rune(printable(line[begin-first : min(end-first, len(line))]))
	after := []rune(strings.TrimRight(printable(line[min(end-first, len(line)):]), "\n\r"))
	if len(before) > markedBefore {
		before = append([]rune("…"), before[len(before)-markedBefore:]...)
	}
	if spaces := max(markedWidth-len(before)-len(part), 0); len(after) > spaces {
		after = append(after[:spaces], '…')
	}
	underline := strings.Repeat(" ", prettytext.StringWidth(string(before))) + strings.Repeat("^", max(prettytext.StringWidth(string(part)), 1))
	return "    " + string(before) + string(part) + string(after) + "\n    " + underline + "\n"
}
