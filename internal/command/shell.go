package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/reeflective/readline"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A shell is an interactive session.
type shell struct {
	session
	began    time.Time
	format   string
	chosen   bool // the user has chosen the format
	noHeader bool
	file     *os.File // the user's file for results; nil for the screen
}

// shell runs an interactive session until the user ends it. All statements share the connections and what these know,
// so the lists of workspaces and repositories are read once and not for each statement.
func (q *queryCommand) shell(cmd *cobra.Command) error {
	if err := checkFormat(cmd, q.format, formatList()); err != nil {
		return err
	}
	ctx := context.WithoutCancel(cmd.Context()) // Ctrl-C ends the statement, not the shell
	db, err := q.source.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	s := &shell{
		session: session{console: q.console, db: db, timing: q.timing, quiet: q.quiet},
		began:   time.Now(), format: q.format, chosen: cmd.Flags().Changed("output"), noHeader: q.noHeader,
	}
	defer s.closeFile()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	defer signal.Stop(ended)
	s.greet()
	return s.loop(ctx, newEditor(s), ended)
}

func (s *shell) greet() {
	var names []string
	for _, c := range s.db.connections {
		names = append(names, c.Name)
	}
	tables := len(s.db.Tables()) / len(names)
	fmt.Fprintf(s.out, "%s %s\n%d tables of %s. A statement ends with a semicolon.\n", program, bitbucket.Version, tables, english.WordSeries(names, "and"))
	fmt.Fprintln(s.out, "Tab completes names, .help lists the commands, Ctrl-D ends the shell.")
}

// loop reads and answers statements and commands until the input ends.
func (s *shell) loop(ctx context.Context, editor *readline.Shell, ended <-chan os.Signal) error {
	fd, _ := terminalFd(s.in)
	state, err := term.GetState(fd)
	if err != nil {
		return err
	}
	type input struct {
		text string
		err  error
	}
	for {
		lines := make(chan input, 1)
		go func() {
			text, err := editor.Readline()
			lines <- input{text, err}
		}()
		select {
		case <-ended:
			_ = term.Restore(fd, state) // the editor still reads
			fmt.Fprintln(s.out)
			return nil
		case read := <-lines:
			switch {
			case errors.Is(read.err, io.EOF):
				return nil
			case errors.Is(read.err, readline.ErrInterrupt):
				continue // the line is dropped
			case read.err != nil:
				return read.err
			}
			if s.obey(ctx, read.text, ended) {
				return nil
			}
		}
	}
}

// obey answers what the user has entered, and reports whether that was the last. Ctrl-C cancels it.
func (s *shell) obey(ctx context.Context, text string, ended <-chan os.Signal) (last bool) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan bool, 1)
	go func() { done <- s.enter(ctx, text) }()
	select {
	case last = <-done:
		return last
	case <-ended:
		cancel()
		<-done
		return true
	}
}

// enter answers a command or statements. Errors are printed.
func (s *shell) enter(ctx context.Context, text string) (last bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return false
	}
	var err error
	if name, argument, ok := shellCommand(text); ok {
		last, err = s.command(ctx, name, argument)
	} else {
		err = s.statements(ctx, text)
	}
	if err != nil && !errors.Is(err, errPagerQuit) {
		s.printError(ctx, err)
	}
	return last
}

// statements prints the results of statements, and then what they left out.
func (s *shell) statements(ctx context.Context, text string) error {
	statements, err := split([]script{{text: text}})
	if err != nil {
		return err
	}
	start := time.Now()
	out, p, err := s.output(len(statements))
	if err != nil {
		return err
	}
	for _, one := range statements {
		if err = s.answer(ctx, one, p, out); err != nil {
			break
		}
	}
	if err == nil {
		err = p.end()
	}
	if err = errors.Join(err, out.close()); err == nil {
		s.reportOmissions(start)
	}
	return err
}

// output returns where the next results go, and their printer.
func (s *shell) output(results int) (*destination, printer, error) {
	out, err := newDestination(s.console, "")
	if err != nil {
		return nil, nil, err
	}
	var w io.Writer = out
	if s.file != nil {
		w = s.file
	}
	l := layout{results: results, noHeader: s.noHeader, narrow: !s.chosen && s.file == nil}
	return out, formats[s.format](w, l), nil
}

func (s *shell) closeFile() {
	if s.file != nil {
		if err := s.file.Close(); err != nil {
			fmt.Fprintln(s.err, s.paint(red, "Error:"), err)
		}
		s.file = nil
	}
}

// complete reports whether the editor has the whole of a command or of statements.
func complete(text string) bool {
	text = strings.TrimSpace(text)
	_, _, isCommand := shellCommand(text)
	return text == "" || isCommand || sqlhost.Complete(text)
}
