package command

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// An emulator is a terminal with a screen, in which a process runs.
type emulator struct {
	*exec.Cmd
	keyboard *os.File
	changed  *sync.Cond
	screen   vt10x.Terminal  // guarded by changed.L
	output   strings.Builder // the output of the process so far; guarded by changed.L
	ended    bool            // guarded by changed.L
	expired  bool            // the tests have no more time; guarded by changed.L
}

// terminalProcess returns the program as a process that finds a pager, and has a terminal with colors.
func terminalProcess(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := process(t, args...)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "PATH="+os.Getenv("PATH"))
	return cmd
}

// The size of the screen, if it does not matter to a test.
const (
	screenColumns = 80
	screenRows    = 50
)

// emulate runs a command in a terminal. The command keeps the streams that it already has.
func emulate(t *testing.T, cmd *exec.Cmd, columns, rows uint16) *emulator {
	t.Helper()
	keyboard, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: columns, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	e := &emulator{Cmd: cmd, keyboard: keyboard, changed: sync.NewCond(&sync.Mutex{})}
	e.screen = vt10x.New(vt10x.WithSize(int(columns), int(rows)), vt10x.WithWriter(keyboard))
	if deadline, ok := t.Deadline(); ok { // show the screen before the test binary is killed
		timer := time.AfterFunc(time.Until(deadline)-10*time.Second, func() {
			e.changed.L.Lock()
			defer e.changed.L.Unlock()
			e.expired = true
			e.changed.Broadcast()
		})
		t.Cleanup(func() { timer.Stop() })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.listen()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-done
		keyboard.Close()
	})
	return e
}

func (e *emulator) listen() {
	buffer := make([]byte, 4096)
	for {
		n, err := e.keyboard.Read(buffer)
		e.changed.L.Lock()
		_, _ = e.screen.Write(buffer[:n])
		e.output.Write(buffer[:n])
		e.changed.Broadcast()
		if err != nil {
			_ = e.Wait() // ends returns the exit code
			e.ended = true
			e.changed.L.Unlock()
			return
		}
		e.changed.L.Unlock()
	}
}

// enters types keys.
func (e *emulator) enters(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(e.keyboard, keys); err != nil {
		t.Fatal(err)
	}
}

// shows waits until the screen shows a text, and returns the screen.
func (e *emulator) shows(t *testing.T, text string) string {
	t.Helper()
	return e.waits(t, text, func(screen string) bool { return strings.Contains(screen, text) })
}

// prompts waits until the shell waits for input below a text.
func (e *emulator) prompts(t *testing.T, below string) string {
	t.Helper()
	return e.waits(t, "a prompt below "+below, func(screen string) bool {
		_, after, found := strings.Cut(screen, below)
		return found && strings.HasSuffix(strings.TrimRight(after, "\n"), "\nbitbucket>")
	})
}

// writes waits until the output matches an expression, and returns the match. A space also matches the end of a line.
func (e *emulator) writes(t *testing.T, expression string) (match []string) {
	t.Helper()
	compiled := regexp.MustCompile(strings.ReplaceAll(expression, " ", `\s+`))
	e.waits(t, expression, func(string) bool {
		match = compiled.FindStringSubmatch(e.written())
		return match != nil
	})
	return match
}

// written returns the output so far. The caller holds changed.L.
func (e *emulator) written() string { return strings.ReplaceAll(e.output.String(), "\r\n", "\n") }

// waits waits until a condition is true, and returns the screen. The condition may call written.
func (e *emulator) waits(t *testing.T, what string, until func(screen string) bool) string {
	t.Helper()
	e.changed.L.Lock()
	defer e.changed.L.Unlock()
	for {
		screen := e.lines()
		if until(screen) {
			return screen
		}
		if e.ended || e.expired {
			t.Fatalf("the process or the time of the tests ended without %s. The screen:\n%s\nThe output: %q", what, screen, e.output.String())
		}
		e.changed.Wait()
	}
}

// hides waits until the terminal does not show what is typed.
func (e *emulator) hides(t *testing.T) {
	t.Helper()
	for e.echoes(t) {
		e.changed.L.Lock()
		isOver := e.ended || e.expired
		e.changed.L.Unlock()
		if isOver {
			t.Fatal("the terminal shows what is typed")
		}
		runtime.Gosched()
	}
}

// echoes reports whether the terminal shows what is typed.
func (e *emulator) echoes(t *testing.T) bool {
	t.Helper()
	conn, err := e.keyboard.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var state *unix.Termios
	if controlErr := conn.Control(func(fd uintptr) { state, err = unix.IoctlGetTermios(int(fd), unix.TCGETS) }); controlErr != nil {
		t.Fatal(controlErr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// lines returns the lines on the screen, without spaces at their ends.
func (e *emulator) lines() string {
	var all strings.Builder
	for line := range strings.Lines(e.screen.String()) {
		all.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return strings.TrimRight(all.String(), "\n") + "\n"
}

// ends waits for the end of the process, and returns its exit code and its output.
func (e *emulator) ends(t *testing.T) (code int, output string) {
	t.Helper()
	e.changed.L.Lock()
	defer e.changed.L.Unlock()
	for !e.ended {
		if e.expired {
			t.Fatalf("the process has not ended:\n%s", e.lines())
		}
		e.changed.Wait()
	}
	if e.ProcessState == nil {
		t.Fatal(errors.New("the process has no state"))
	}
	return e.ProcessState.ExitCode(), e.written()
}
