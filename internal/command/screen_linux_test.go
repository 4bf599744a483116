package command

import (
	"strings"
	"testing"
)

// The editor keeps the rows above it when the screen is full.
func TestShellAtTheEndOfTheScreen(t *testing.T) {
	t.Parallel()
	e := emulate(t, terminalProcess(t, "query", "--demo"), 80, 12)
	e.prompts(t, "Ctrl-D ends the shell.")
	e.enters(t, "values (1), (2), (3);\r")
	e.prompts(t, "|       3 |")
	e.enters(t, "select 'x' as\r y,\r 4 as\r z;\r")
	screen := e.prompts(t, "| x | 4 |")
	const want = "+---------+\nbitbucket> select 'x' as\n            y,\n            4 as\n            z;\n+---+---+\n"
	if !strings.Contains(screen, want) {
		t.Errorf("the screen has lost a row:\n%s", screen)
	}
	e.leave(t)
}

// A result that is longer than the screen goes through the pager, and a shorter one does not.
func TestPager(t *testing.T) {
	t.Parallel()
	const long, short = "with recursive n(i) as (select 1 union all select i + 1 from n limit 50) select i from n", "select 1 as a"
	for name, tt := range map[string]struct {
		sql, pager string
		paged      bool
	}{
		"long":             {long, "sed s/^/paged:/", true},
		"short":            {short, "sed s/^/paged:/", false},
		"turned off":       {long, "cat", false},
		"closed early":     {strings.Replace(long, "50", "500000", 1), "sed 's/^/paged:/;3q'", true},
		"that can't start": {long, "/nonexistent/pager 2>/dev/null || sed s/^/paged:/", true},
	} {
		for _, format := range []string{"table", "csv", "line"} {
			t.Run(name+" "+format, func(t *testing.T) {
				t.Parallel()
				cmd := terminalProcess(t, "query", "--demo", "--output", format, tt.sql)
				cmd.Env = append(cmd.Env, "PAGER="+tt.pager)
				code, output := emulate(t, cmd, 80, 24).ends(t)
				if code != exitOK || strings.Contains(output, "paged:") != tt.paged || strings.Contains(output, "Error") {
					t.Errorf("exit code %d:\n%.500s", code, output)
				}
			})
		}
	}
}

// Rows that are wider than the screen are printed as lines, unless the user has asked for a table.
func TestWideRows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		line bool
	}{
		"wide":        {[]string{"select * from bitbucket_user"}, true},
		"narrow":      {[]string{"select 1 as a"}, false},
		"a long text": {[]string{"select 'a long text that is wrapped, since it has more letters than the screen has columns, as texts do' as a"}, false},
		"asked for":   {[]string{"--output", "table", "select * from bitbucket_user"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, output := emulate(t, terminalProcess(t, append([]string{"query", "--demo"}, tt.args...)...), 80, 50).ends(t)
			if code != exitOK || strings.Contains(output, "-[ RECORD 1 ]-") != tt.line {
				t.Errorf("exit code %d:\n%s", code, output)
			}
		})
	}
	if got := runProcess(t, nil, "query", "--demo", "select * from bitbucket_user"); strings.Contains(got.out, "RECORD") {
		t.Errorf("without a terminal the format changes:\n%s", got.out)
	}
}

// Errors are colored on a terminal, unless the user wants no colors.
func TestColors(t *testing.T) {
	t.Parallel()
	for variable, colored := range map[string]bool{"A=": true, "NO_COLOR=1": false} {
		cmd := terminalProcess(t, "query", "--demo", "selec")
		cmd.Env = append(cmd.Env, variable)
		if code, output := emulate(t, cmd, 80, 24).ends(t); code != exitFailed || strings.Contains(output, "\x1b[1;31mError:") != colored {
			t.Errorf("%s: exit code %d: %q", variable, code, output)
		}
	}
}
