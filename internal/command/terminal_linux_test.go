package command

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A pty is a terminal: what is written to keyboard is typed, and what the terminal shows can be read from it.
type pty struct{ keyboard, terminal *os.File }

func newPTY(t *testing.T) pty {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return pty{keyboard, terminal}
}

// echoes says whether the terminal shows what is typed.
func (p pty) echoes(t *testing.T) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(p.terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// shown is what the terminal has shown.
func (p pty) shown(t *testing.T) string {
	t.Helper()
	const mark = "\x00end"
	if _, err := p.terminal.WriteString(mark); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(shown.String(), mark) {
		n, err := p.keyboard.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(buffer[:n])
	}
	return shown.String()
}

// atSecret starts a login and returns when it waits for the secret at the terminal.
func atSecret(t *testing.T, s *setup) (pty, *started) {
	t.Helper()
	p := newPTY(t)
	cmd := process(t, "login", "--no-browser")
	cmd.Env = append(cmd.Env, "BITBUCKET_TOKEN_DIR="+s.tokenDir, "BITBUCKET_OAUTH_URL="+s.OAuthURL(), "BITBUCKET_API_BASE_URL="+s.URL())
	cmd.Stdin = p.terminal
	running := start(t, cmd)
	if _, err := p.keyboard.WriteString(s.consumer.Key + "\n"); err != nil {
		t.Fatal(err)
	}
	if running.err.wait(regexp.MustCompile("Consumer secret: ")) == nil {
		t.Fatal("the command ended without asking for the secret")
	}
	for deadline := time.Now().Add(20 * time.Second); p.echoes(t); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the terminal shows what is typed")
		}
	}
	return p, running
}

func TestTerminalSecretIsNotEchoed(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	p, running := atSecret(t, s)
	if _, err := p.keyboard.WriteString(s.consumer.Secret + "\n"); err != nil {
		t.Fatal(err)
	}
	redirect := redirectOf(t, waitForAddress(t, running.err.wait))
	if _, err := p.keyboard.WriteString(redirect + "\n"); err != nil {
		t.Fatal(err)
	}
	got := running.end()
	if got.code != exitOK {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	s.checkSecrets(t, got)
	shown := p.shown(t)
	if strings.Contains(shown, s.consumer.Secret) || !strings.Contains(shown, s.consumer.Key) {
		t.Errorf("the terminal showed %q", shown)
	}
}

func TestTerminalIsRestored(t *testing.T) {
	t.Parallel()
	p, running := atSecret(t, newSetup(t))
	if err := running.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := running.end(); got.code != exitFailed || !strings.HasSuffix(got.err, "\nError: cancelled\n") {
		t.Errorf("exit code %d: %q", got.code, got.err)
	}
	if !p.echoes(t) {
		t.Error("the terminal was left without an echo")
	}
}

// Without SQL a terminal is not read from: nobody would know what is waited for.
func TestTerminalQueryWithoutSQL(t *testing.T) {
	t.Parallel()
	cmd := process(t, "query", "--demo")
	cmd.Stdin = newPTY(t).terminal
	if got := start(t, cmd).end(); got.code != exitUsage || !strings.Contains(got.err, "no SQL") {
		t.Errorf("exit code %d: %q", got.code, got.err)
	}
}

// A terminal as wide as it is shows a table that fits.
func TestTerminalWidth(t *testing.T) {
	t.Parallel()
	p := newPTY(t)
	if err := unix.IoctlSetWinsize(int(p.terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: 100, Row: 500}); err != nil {
		t.Fatal(err)
	}
	cmd := process(t, "describe", "user")
	cmd.Stdout = p.terminal
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the output tells
	for line := range strings.Lines(p.shown(t)) {
		if width := len([]rune(strings.TrimRight(line, "\r\n"))); width > 100 {
			t.Errorf("a line of %d characters: %s", width, line)
		}
	}
}
