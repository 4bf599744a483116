package command

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	prettytext "github.com/jedib0t/go-pretty/v6/text"
	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
	"golang.org/x/term"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// newEditor returns the line editor of a shell. It obeys the user's inputrc.
func newEditor(s *shell) *readline.Shell {
	e := readline.NewShell(inputrc.WithApp("bitbucket"))
	// The editor would ask the terminal for the position of the cursor after each key, and lose what is typed before
	// the answer.
	_ = e.Config.Set("cursor-position-probe", false)
	_ = e.Config.Set("menu-complete-display-prefix", true)
	for _, keymap := range []string{"emacs", "vi-insert"} {
		_ = e.Config.Bind(keymap, inputrc.Unescape(`\C-i`), "menu-complete", false) // lists the candidates
	}
	e.Prompt.Primary(func() string { return shellPrompt })
	below := room{w: s.out}
	e.SyntaxHighlighter = func(line []rune) string { // is called before the line is drawn
		below.make(e, line)
		return string(line)
	}
	e.AcceptMultiline = func(line []rune) bool { return complete(string(line)) }
	c := newCompleter(s.db.Tables())
	e.Completer = c.complete
	if file, err := historyFile(); err == nil {
		e.History.AddFromFile("statements", file)
	}
	return e
}

// A room is the rows below the cursor that the editor draws on. It does not know where the screen ends, so the room is
// made before: the terminal scrolls if the cursor is near the end.
type room struct {
	w   io.Writer
	row int // of the cursor in the input, when it was drawn last
}

// make makes room for a line, and for the row below that the editor clears. The terminal is raw: a line feed keeps the
// column.
func (r *room) make(e *readline.Shell, line []rune) {
	width := 0
	if fd, ok := terminalFd(r.w); ok {
		width, _, _ = term.GetSize(fd) // 0 if unknown
	}
	if len(line) == 0 {
		r.row = 0
	}
	if more := rowsOf(line, width) - r.row; more > 0 {
		fmt.Fprintf(r.w, "%s\x1b[%dA", strings.Repeat("\n", more), more)
	}
	r.row = rowsOf(line[:min(e.Cursor().Pos(), len(line))], width) - 1
}

// rowsOf returns the number of rows of the terminal that an input takes.
func rowsOf(input []rune, width int) int {
	rows := 0
	for line := range strings.SplitSeq(string(input), "\n") {
		rows += 1 + (len(shellPrompt)+prettytext.StringWidth(line))/max(width, 1)
	}
	return rows
}

const shellPrompt = "bitbucket> "

// historyFile returns the file of earlier statements, which only the user can read.
func historyFile() (string, error) {
	file := filepath.Join(bitbucket.InstallDir(), "bitbucket", "history.jsonl")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	return file, shorten(file)
}

const (
	longestHistory = 2000 // lines
	keptHistory    = 1000 // lines that remain of a longer one
)

// shorten drops the oldest lines of a file that has become long.
func shorten(file string) error {
	content, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	lines := bytes.SplitAfter(content, []byte("\n"))
	if err != nil || len(lines) <= longestHistory {
		return err
	}
	return os.WriteFile(file, bytes.Join(lines[len(lines)-keptHistory:], nil), 0o600)
}
