package command

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	creackpty "github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// An emulator is a terminal with a screen, in which a process runs.
type emulator struct {
	*exec.Cmd
	keyboard *os.File
	changed  *sync.Cond
	screen   vt10x.Terminal  // guarded by changed.L
	output   strings.Builder // guarded by changed.L: all that the process has written
	ended    bool            // guarded by changed.L
	expired  bool            // guarded by changed.L: the tests have no more time
}

// emulate runs a command in a terminal.
func emulate(t *testing.T, cmd *exec.Cmd, columns, rows uint16) *emulator {
	t.Helper()
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "PATH="+os.Getenv("PATH"))
	keyboard, err := creackpty.StartWithSize(cmd, &creackpty.Winsize{Cols: columns, Rows: rows})
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
			_ = e.Wait() // the exit code tells
			e.ended = true
			e.changed.L.Unlock()
			return
		}
		e.changed.L.Unlock()
	}
}

// enters types something.
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
			t.Fatalf("the process ended, or the time of the tests, without %s on the screen:\n%s\n%q", what, screen, e.output.String())
		}
		e.changed.Wait()
	}
}

// lines returns the lines on the screen, without spaces at their ends.
func (e *emulator) lines() string {
	var all strings.Builder
	for line := range strings.Lines(e.screen.String()) {
		all.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return strings.TrimRight(all.String(), "\n") + "\n"
}

// ends waits for the end of the process, and returns its exit code and what it has written.
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
	return e.ProcessState.ExitCode(), e.output.String()
}
