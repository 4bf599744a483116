package command

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A terminalUser is a program on a terminal of its own, with a user who reads and types.
type terminalUser struct {
	t        *testing.T
	cmd      *exec.Cmd
	keyboard *os.File // the other side of the terminal
	terminal *os.File
	shown    *heard // what the terminal has shown
	done     chan struct{}
}

const (
	screenColumns = 80
	screenRows    = 50
)

// onTerminal starts a program on a terminal. The streams that it has already stay.
func onTerminal(t *testing.T, cmd *exec.Cmd) *terminalUser {
	t.Helper()
	keyboard, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { keyboard.Close(); terminal.Close() })
	if err := pty.Setsize(keyboard, &pty.Winsize{Cols: screenColumns, Rows: screenRows}); err != nil {
		t.Fatal(err)
	}
	s := &terminalUser{t: t, cmd: cmd, keyboard: keyboard, terminal: terminal, shown: newHeard(), done: make(chan struct{})}
	if cmd.Stdin == nil {
		cmd.Stdin = terminal
	}
	if cmd.Stdout == nil {
		cmd.Stdout = terminal
	}
	cmd.Stderr = terminal
	cmd.Env = append(cmd.Environ(), "PAGER=cat")
	cmd.ExtraFiles = []*os.File{terminal}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3} // /dev/tty, and where Ctrl-C goes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buffer)
			_, _ = s.shown.Write([]byte(strings.ReplaceAll(string(buffer[:n]), "\r\n", "\n"))) // it never fails
			if err != nil {
				return
			}
			if strings.Contains(s.shown.String(), endMark) {
				s.shown.end()
			}
		}
	}()
	go func() {
		defer close(s.done)
		_ = cmd.Wait()                       // the exit code tells
		_, _ = terminal.WriteString(endMark) // after all that the program wrote; if it fails, the tests time out
	}()
	return s
}

// endMark follows what the program has written.
const endMark = "\x00end"

// wait waits until the terminal shows what the expression matches. A space stands for the end of a line, too.
func (s *terminalUser) wait(expression string) []string {
	s.t.Helper()
	found := s.shown.wait(regexp.MustCompile(strings.ReplaceAll(expression, " ", `\s+`)))
	if found == nil {
		s.t.Fatalf("the program ended without showing %q:\n%s", expression, s.shown)
	}
	return found
}

// enter types a line.
func (s *terminalUser) enter(line string) {
	s.t.Helper()
	s.press(line + "\n")
}

// press types keys.
func (s *terminalUser) press(keys string) {
	s.t.Helper()
	if _, err := s.keyboard.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// hidden waits until the terminal does not show what is typed.
func (s *terminalUser) hidden() {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.echoes(); runtime.Gosched() {
		if time.Now().After(deadline) {
			s.t.Fatal("the terminal shows what is typed")
		}
	}
}

// echoes reports whether the terminal shows what is typed.
func (s *terminalUser) echoes() bool {
	s.t.Helper()
	state, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// end waits for the end of the program, and returns its exit code and what the terminal has shown.
func (s *terminalUser) end() (code int, shown string) {
	s.t.Helper()
	<-s.done
	s.shown.wait(regexp.MustCompile(regexp.QuoteMeta(endMark)))
	return s.cmd.ProcessState.ExitCode(), strings.TrimSuffix(s.shown.String(), endMark)
}

// Without SQL, and without a terminal for a shell, a terminal is not read from: nobody would know what is waited for.
func TestTerminalQueryWithoutSQL(t *testing.T) {
	t.Parallel()
	cmd := process(t, "query", "--demo")
	cmd.Stdout = io.Discard
	if code, shown := onTerminal(t, cmd).end(); code != exitUsage || !strings.Contains(shown, "no SQL") {
		t.Errorf("exit code %d: %q", code, shown)
	}
}

// A person who starts the server for assistants learns what it waits for, or what is wrong.
func TestTerminalMCP(t *testing.T) {
	t.Parallel()
	s := onTerminal(t, process(t, "mcp", "--demo"))
	s.wait("Waiting for an AI assistant")
	s.press(keyCtrlC)
	if code, shown := s.end(); code != exitCancelled {
		t.Errorf("exit code %d: %q", code, shown)
	}
	s = onTerminal(t, process(t, "mcp"))
	s.press(keyCtrlD) // ends a server
	if code, shown := s.end(); code != exitUsage || !strings.Contains(shown, "no connection of this plugin") {
		t.Errorf("exit code %d: %q", code, shown)
	}
}

// A terminal shows a table that fits as it is.
func TestTerminalWidth(t *testing.T) {
	t.Parallel()
	s := onTerminal(t, process(t, "describe", "user"))
	_, shown := s.end()
	checkWidth(t, shown)
}

// checkWidth fails the test if a line is too long for the screen.
func checkWidth(t *testing.T, shown string) {
	t.Helper()
	for line := range strings.Lines(shown) {
		if width := len([]rune(strings.TrimRight(line, "\n"))); width > screenColumns {
			t.Errorf("a line of %d characters: %s", width, line)
		}
	}
}
