package command

import (
	"io"
	"strings"
	"testing"
)

// Without SQL and without a terminal for a shell, the query does not read from the terminal: nobody would know that it waits.
func TestTerminalQueryWithoutSQL(t *testing.T) {
	t.Parallel()
	cmd := process(t, "query", "--demo")
	cmd.Stdout = io.Discard
	if code, shown := emulate(t, cmd, screenColumns, screenRows).ends(t); code != exitUsage || !strings.Contains(shown, "no SQL") {
		t.Errorf("exit code %d: %q", code, shown)
	}
}

// A person who starts the server for assistants learns that it waits for one, or what is wrong.
func TestTerminalMCP(t *testing.T) {
	t.Parallel()
	e := emulate(t, process(t, "mcp", "--demo"), screenColumns, screenRows)
	e.writes(t, "Waiting for an AI assistant")
	e.enters(t, keyCtrlC)
	if code, shown := e.ends(t); code != exitCancelled {
		t.Errorf("exit code %d: %q", code, shown)
	}
	e = emulate(t, process(t, "mcp"), screenColumns, screenRows)
	e.enters(t, keyCtrlD) // ends a server
	if code, shown := e.ends(t); code != exitUsage || !strings.Contains(shown, "no connection of this plugin") {
		t.Errorf("exit code %d: %q", code, shown)
	}
}

// A table that fits the terminal is not wrapped.
func TestTerminalWidth(t *testing.T) {
	t.Parallel()
	cmd := terminalProcess(t, "describe", "user")
	cmd.Env = append(cmd.Env, "PAGER=cat", "NO_COLOR=1")
	_, shown := emulate(t, cmd, screenColumns, screenRows).ends(t)
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
