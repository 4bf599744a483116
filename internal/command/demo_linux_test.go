package command

import (
	"os/exec"
	"strings"
	"testing"
)

// On a terminal the demo shows one question at a time, and each fits on the screen.
func TestTerminalDemo(t *testing.T) {
	t.Parallel()
	const rows = 40
	e := emulate(t, terminalProcess(t, "demo"), 80, rows)
	for i, q := range demoQuestions[:len(demoQuestions)-1] {
		screen := e.waits(t, "the wait after "+q.title, func(screen string) bool {
			return strings.HasSuffix(screen, " of 12, or q and Enter to end.\n") && strings.Contains(screen, q.title+"\n")
		})
		if i == 0 && strings.Contains(screen, demoQuestions[1].title) {
			t.Errorf("two questions at once:\n%s", screen)
		}
		e.enters(t, "\r")
	}
	if code, output := e.ends(t); code != exitOK || !strings.Contains(output, "The organization is made up.") {
		t.Errorf("exit code %d:\n%s", code, output)
	}

	e = emulate(t, terminalProcess(t, "demo"), 80, rows)
	e.shows(t, "Press Enter for question 2 of 12")
	e.enters(t, "q\r")
	if code, output := e.ends(t); code != exitOK || strings.Contains(output, demoQuestions[1].title) {
		t.Errorf("exit code %d:\n%s", code, output)
	}
}

// make demo first says that it builds, and how long this may take.
func TestMakeDemo(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("make", "-n", "-C", "../..", "demo").Output()
	if err != nil {
		t.Skipf("no make here: %v", err)
	}
	says, builds := strings.Index(string(out), `echo "Building the program, which takes some minutes`), strings.Index(string(out), "go build")
	if says < 0 || builds < says {
		t.Errorf("make demo says nothing before it builds:\n%s", out)
	}
}
