package command

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// A pagedOutput is the output of a command on a terminal. What fits on the screen is written at the end, and what is longer
// goes through the user's pager. On anything else than a terminal, all is written at once.
type pagedOutput struct {
	w             io.Writer
	width, height int    // of the terminal; 0 if there is no pager
	pager         string // command
	held          bytes.Buffer
	rows          int // of the terminal, that are held
	running       *exec.Cmd
	pipe          io.WriteCloser
	interrupts    chan os.Signal
	quit          bool // the user has closed the pager
}

// errPagerQuit is the error of a write after the user has closed the pager.
var errPagerQuit = errors.New("the pager was closed")

func newPagedOutput(w io.Writer) *pagedOutput {
	s := &pagedOutput{w: w}
	if fd, ok := terminalFd(w); ok {
		if s.pager = pager(); s.pager != "" {
			s.width, s.height, _ = term.GetSize(fd) // 0 if unknown
		}
	}
	return s
}

// pager returns the user's pager, or "" for none.
func pager() string {
	if command, set := os.LookupEnv("PAGER"); set {
		if command = strings.TrimSpace(command); command == "cat" {
			return ""
		}
		return command
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

func (s *pagedOutput) Write(p []byte) (int, error) {
	switch {
	case s.quit:
		return 0, errPagerQuit
	case s.height == 0:
		return s.w.Write(p)
	case s.pipe != nil:
		return s.send(p)
	}
	s.held.Write(p)
	for line := range bytes.Lines(p) {
		s.rows += 1 + (len(bytes.Runes(line))-1)/max(s.width, 1)
	}
	if s.rows < s.height {
		return len(p), nil
	}
	if err := s.start(); err != nil {
		s.height = 0 // without a pager
		if _, err := s.w.Write(s.held.Bytes()); err != nil {
			return 0, err
		}
		s.held.Reset()
		return len(p), nil
	}
	_, err := s.send(s.held.Bytes())
	s.held.Reset()
	return len(p), err
}

// send writes to the pager.
func (s *pagedOutput) send(p []byte) (int, error) {
	n, err := s.pipe.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		s.quit, err = true, errPagerQuit
	}
	return n, err
}

// start starts the pager. Ctrl-C is then the pager's.
func (s *pagedOutput) start() error {
	interpreter, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		interpreter, flag = "cmd", "/c"
	}
	if before, ok := s.w.(*firstWrite); ok {
		before.before() // the progress must be gone
	}
	s.running = exec.Command(interpreter, flag, s.pager)
	s.running.Stdout, s.running.Stderr = os.Stdout, os.Stderr
	s.running.Env = os.Environ()
	if _, set := os.LookupEnv("LESS"); !set {
		s.running.Env = append(s.running.Env, "LESS=FRX") // leave what fits on the screen, and colours
	}
	pipe, err := s.running.StdinPipe()
	if err != nil {
		return err
	}
	if err := s.running.Start(); err != nil {
		return err
	}
	s.pipe = pipe
	s.interrupts = make(chan os.Signal, 1)
	signal.Notify(s.interrupts, os.Interrupt) // must not end the program before the pager
	return nil
}

// close writes what is held, and waits until the user has closed the pager.
func (s *pagedOutput) close() error {
	if s.pipe == nil {
		_, err := s.w.Write(s.held.Bytes())
		s.held.Reset()
		return err
	}
	_ = s.pipe.Close()
	_ = s.running.Wait() // its exit code is not the query's
	signal.Stop(s.interrupts)
	s.pipe = nil
	return nil
}
