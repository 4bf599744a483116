package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"

	"github.com/cli/browser"
	"golang.org/x/term"
)

// A console is the command line's connection to a user or a script.
type console struct {
	in       io.Reader
	out, err io.Writer
	lines    *bufio.Reader            // reads in
	next     chan typedLine           // the line that is being read, or nil
	browse   func(url string) error   // opens a page in the user's browser
	openTTY  func() (*os.File, error) // opens the terminal of the process, which standard input need not be
}

func newConsole(in io.Reader, out, err io.Writer) *console {
	return &console{in: in, out: stdoutWriter{out}, err: err, lines: bufio.NewReader(in), browse: openBrowser, openTTY: openTTY}
}

// openBrowser opens the user's browser, and discards the browser's output.
func openBrowser(url string) error {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	return browser.OpenURL(url)
}

// A stdoutWriter is standard output. Its Write returns errReaderGone if the reader has exited.
type stdoutWriter struct{ io.Writer }

func (o stdoutWriter) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = errReaderGone
	}
	return n, err
}

// terminalFd returns the file descriptor of a reader or writer, if it is a terminal.
func terminalFd(stream any) (fd int, ok bool) {
	switch wrapped := stream.(type) {
	case *firstWrite:
		return terminalFd(wrapped.Writer)
	case *destination:
		return terminalFd(wrapped.Writer)
	case *pagedOutput:
		return terminalFd(wrapped.w)
	case stdoutWriter:
		return terminalFd(wrapped.Writer)
	}
	f, isOSFile := stream.(*os.File)
	if !isOSFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	return int(f.Fd()), true
}

// A typedLine is a line of standard input.
type typedLine struct {
	text string
	err  error
}

// line returns the channel of the next line of standard input. A read can't be interrupted, so the line of a question that
// was answered in another way is that of the next question. Who receives the line calls taken.
func (c *console) line() <-chan typedLine {
	if c.next == nil {
		next, lines := make(chan typedLine, 1), c.lines
		go func() {
			text, err := lines.ReadString('\n')
			next <- typedLine{strings.TrimSpace(text), err}
		}()
		c.next = next
	}
	return c.next
}

func (c *console) taken() { c.next = nil }

// ask prompts for a line.
func (c *console) ask(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(c.err, prompt)
	select {
	case line := <-c.line():
		c.taken()
		text, err := lineRead(line.text, line.err, prompt)
		if err != nil {
			fmt.Fprintln(c.err) // ends the line of the prompt
		}
		return text, err
	case <-ctx.Done():
		fmt.Fprintln(c.err)
		return "", ctx.Err()
	}
}

// confirm asks a question to which yes is the default. The end of the input is a no.
func (c *console) confirm(ctx context.Context, question string) (bool, error) {
	for {
		c.say(question + " [Y/n] ")
		select {
		case line := <-c.line():
			c.taken()
			switch answer := strings.ToLower(line.text); {
			case line.err != nil, answer == "n", answer == "no":
				return false, nil
			case answer == "", answer == "y", answer == "yes":
				return true, nil
			}
		case <-ctx.Done():
			fmt.Fprintln(c.err)
			return false, ctx.Err()
		}
	}
}

// readTerminal makes the terminal of the process take the place of standard input, if there is one.
func (c *console) readTerminal() {
	if tty, err := c.openTTY(); err == nil {
		c.in, c.lines, c.next = tty, bufio.NewReader(tty), nil
	}
}

func openTTY() (*os.File, error) {
	if runtime.GOOS == "windows" {
		return os.OpenFile("CONIN$", os.O_RDWR, 0)
	}
	return os.OpenFile("/dev/tty", os.O_RDONLY, 0)
}

// askSecret prompts for a line that the terminal doesn't echo.
func (c *console) askSecret(ctx context.Context, prompt string) (string, error) {
	fd, ok := terminalFd(c.in)
	if !ok {
		return c.ask(ctx, prompt)
	}
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	defer fmt.Fprintln(c.err)
	fmt.Fprint(c.err, prompt)
	secret, err := await(ctx, func() (string, error) {
		secret, err := term.ReadPassword(fd)
		return lineRead(string(secret), err, prompt)
	})
	if ctx.Err() != nil {
		_ = term.Restore(fd, state) // the read goes on, and keeps echo off
	}
	return secret, err
}

func lineRead(line string, err error, prompt string) (string, error) {
	line = strings.TrimSpace(line)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line == "" {
		return "", misconfigured("no input for %q", strings.TrimRight(strings.TrimSpace(prompt), ":"))
	}
	return line, nil
}

// readAll reads standard input to its end.
func (c *console) readAll(ctx context.Context) (string, error) {
	return await(ctx, func() (string, error) {
		all, err := io.ReadAll(c.lines)
		return string(all), err
	})
}

// await runs read, which can't be interrupted, and returns when it ends or ctx is done.
func await(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := read()
		answered <- answer{text, err}
	}()
	select {
	case a := <-answered:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
