package command

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// The codes that a terminal sends for keys.
const (
	keyUp    = "\x1b[A"
	keyTab   = "\t"
	keyCtrlC = "\x03"
	keyCtrlD = "\x04"
)

// startShell starts a shell and waits for its prompt.
func startShell(t *testing.T, args ...string) *emulator {
	t.Helper()
	e := emulate(t, terminalProcess(t, append([]string{"query"}, args...)...), 100, 60)
	e.prompts(t, "Ctrl-D ends the shell.")
	return e
}

// leave ends the shell, once it waits for input.
func (e *emulator) leave(t *testing.T) string {
	t.Helper()
	e.waits(t, "a prompt", func(screen string) bool { return strings.HasSuffix(strings.TrimRight(screen, "\n"), "\nbitbucket>") })
	e.enters(t, keyCtrlD)
	code, output := e.ends(t)
	if code != exitOK {
		t.Errorf("exit code %d:\n%s", code, output)
	}
	return output
}

func TestShell(t *testing.T) {
	programtest.Path(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "result.csv")
	steps := map[string]struct {
		enters string
		shows  []string
	}{
		"a statement":              {"select 6 * 7 as answer;\r", []string{"| answer |", "|     42 |"}},
		"several lines":            {"select 6 * 7\ras answer\r;\r", []string{"bitbucket> select 6 * 7\n           as answer\n           ;\n", "|     42 |"}},
		"several statements":       {"select 1 as a; select 'x' as b;\r", []string{"| a |", "| b |"}},
		"a semicolon in a text":    {"select ';\r' as a;\r", []string{"| ; |"}},
		"a table that is misspelt": {"select 1\rfrom bitbucket_repositories;\r", []string{"Error: no such table: bitbucket_repositories: did you mean bitbucket_repository?\n  line 2:\n    from bitbucket_repositories;\n         ^^^^^^^^^^^^^^^^^^^^^^"}},
		"the second of two":        {"select 1 as one; select fullname from bitbucket_repository;\r", []string{"| one |", "did you mean full_name?\n  line 1, statement 2 of 2:\n", "\n                            ^^^^^^^^\n"}},
		"wide rows":                {"select * from bitbucket_user;\r", []string{"-[ RECORD 1 ]---", "\nnickname        | Amber Heron\n"}},
		"completion of a column":   {"select slug, is_admin" + keyTab + " from bitbucket_my_workspace;\r", []string{"| is_administrator |", "| harbor-labs | true"}},
		"completion of a table":    {"select count(*) as n from bitbucket_my_w" + keyTab + ";\r", []string{"bitbucket_my_workspace;", "| n |"}},
		"completion of a keyword":  {"selec" + keyTab + " 1 as n;\r", []string{"bitbucket> select 1 as n;", "| n |"}},
		"completion of an alias":   {"select w.slug from bitbucket_my_workspace as w where w.is_ad" + keyTab + ";\r", []string{"where w.is_administrator;", "| harbor-labs |"}},
		"completion of a command":  {".insp" + keyTab + " bitbucket_my_e" + keyTab + "\r", []string{"bitbucket_my_email", "Scopes\n  email"}},
		".tables":                  {".tables snippet\r", []string{"bitbucket_snippet ", "bitbucket_snippet_commit"}},
		".tables with a pattern":   {".tables bitbucket_my_%\r", []string{"bitbucket_my_workspace "}},
		".tables without a match":  {".tables nothing\r", []string{"Error: no table matches nothing"}},
		".inspect": {".inspect my_email\r", []string{
			"bitbucket_my_email\n", "\nColumns\n  email  text", "\nScopes\n  email", "\nRole\n", "\nCoverage\n", "\nCost\n  1 request", "\nExample: ", "\n  select",
		}},
		".inspect of no table": {".inspect repositories\r", []string{"Error: unknown table repositories: did you mean bitbucket_repository?"}},
		".connections":         {".connections\r", []string{"| bitbucket  | local/bitbucket |"}},
		".output":              {".output jsonl\rselect 1 as a;\r", []string{"Results go to the screen, in the format jsonl.", `{"a":1}`}},
		".output to a file":    {".output csv " + file + "\rselect 1 as a;\rselect 2 as b;\r", []string{"Results go to " + file}},
		".output of no format": {".output cvs\r", []string{`Error: unknown output format "cvs": did you mean csv?` + "\n"}},
		".output to no folder": {".output csv /dev/null/a\r", []string{"Error: can't write the results: open /dev/null/a: not a directory"}},
		".timing":              {".timing on\rselect 1 as a;\r", []string{"Timing is on.", "Rows: 1. Requests: 0. "}},
		".timing of nothing":   {".timing maybe\r", []string{"Error: .timing takes on or off, not maybe"}},
		".omissions":           {".omissions\r", []string{"Nothing was left out."}},
		".help":                {".help\r", []string{".inspect TABLE", ".timing [on | off]", "Ctrl-C cancels a statement."}},
		"as psql calls it":     {`\d my_email` + "\r", []string{"\nScopes\n  email"}},
		"an unknown command":   {".tabels\r", []string{"Error: unknown command .tabels: did you mean .tables?"}},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startShell(t, "--demo")
			e.enters(t, step.enters)
			for _, text := range step.shows {
				e.shows(t, text)
			}
			e.enters(t, ".quit\r")
			if code, output := e.ends(t); code != exitOK {
				t.Errorf("exit code %d:\n%s", code, output)
			}
		})
	}
	t.Cleanup(func() { // after all steps
		if content, err := os.ReadFile(file); string(content) != "a\n1\nb\n2\n" {
			t.Errorf("the file has %q, %v", content, err)
		}
	})
}

// A note about omissions follows the rows, and .omissions repeats it.
func TestShellOmissions(t *testing.T) {
	t.Parallel()
	e := startShell(t, "--demo")
	e.enters(t, "select count(*) as n from bitbucket_deploy_key;\r")
	e.prompts(t, "bitbucket_deploy_key covers what the connected user administers")
	e.enters(t, ".omissions\r")
	e.shows(t, "not_administered")
	e.leave(t)
}

func TestShellHistory(t *testing.T) {
	t.Parallel()
	cmd := terminalProcess(t, "query", "--demo")
	first := emulate(t, cmd, 100, 40)
	first.prompts(t, "Ctrl-D ends the shell.")
	first.enters(t, "select 1 +\r 2 as three;\r")
	first.prompts(t, "|     3 |")
	first.leave(t)

	again := process(t, "query", "--demo")
	again.Env = cmd.Env
	second := emulate(t, again, 100, 40)
	second.prompts(t, "Ctrl-D ends the shell.")
	second.enters(t, keyUp)
	second.shows(t, "bitbucket> select 1 +\n            2 as three;\n")
	second.enters(t, "\r")
	second.prompts(t, "|     3 |")
	second.leave(t)
	for _, variable := range cmd.Env {
		if dir, ok := strings.CutPrefix(variable, "STEAMPIPE_INSTALL_DIR="); ok {
			info, err := os.Stat(filepath.Join(dir, "bitbucket", "history.jsonl"))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the history: %v, %v", info, err)
			}
		}
	}
}

// A long history loses its oldest statements.
func TestShellShortensHistory(t *testing.T) {
	t.Parallel()
	file := writeFile(t, t.TempDir(), "history.jsonl", strings.Repeat("{}\n", longestHistory)+"last\n")
	if err := shorten(file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if lines := strings.Count(string(content), "\n"); err != nil || lines > keptHistory || lines < keptHistory-1 || !strings.HasSuffix(string(content), "{}\nlast\n") {
		t.Errorf("%d lines remain, %v", lines, err)
	}
}

func TestShellListsCandidates(t *testing.T) {
	t.Parallel()
	e := startShell(t, "--demo")
	e.enters(t, "select 1 from bitbucket_rep"+keyTab)
	e.shows(t, "bitbucket> select 1 from bitbucket_repository\ntables\nbitbucket_repository ")
	e.shows(t, "bitbucket_repository_watcher")
}

// Ctrl-C drops the typed text.
func TestShellDropsLine(t *testing.T) {
	t.Parallel()
	e := startShell(t, "--demo")
	e.enters(t, "select nothing")
	e.shows(t, "bitbucket> select nothing")
	e.enters(t, keyCtrlC)
	e.prompts(t, "bitbucket> select nothing")
	e.enters(t, "select 5 as five;\r")
	e.prompts(t, "|    5 |")
	e.leave(t)
}

// Ctrl-C ends the running statement, but not the shell.
func TestShellCancels(t *testing.T) {
	t.Parallel()
	address, requested := silentBitbucket(t)
	config := writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
		{name: "plugin", value: "bitbucket"}, {name: "access_token", value: "hush"}, {name: "base_url", value: address},
	}))
	e := startShell(t, "--config", config)
	for i := range 2 {
		e.enters(t, "select * from bitbucket_repository;\r")
		<-requested
		e.enters(t, keyCtrlC)
		e.waits(t, "a prompt after it was cancelled", func(screen string) bool {
			return strings.Count(screen, "Error: cancelled") == i+1 && strings.HasSuffix(strings.TrimRight(screen, "\n"), "\nbitbucket>")
		})
		e.enters(t, fmt.Sprintf("select 'still here ' || %d as here;\r", i))
		e.prompts(t, fmt.Sprintf("still here %d", i))
	}
	e.leave(t)
}

// All statements share the lists of workspaces and repositories, which are read once.
func TestShellSharesInventory(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	e := startShell(t, "--config", configOf(t, fake))
	lists := func() (n int) {
		for _, request := range fake.Journal() {
			if request.Method == http.MethodGet && (request.Path == "/2.0/user/workspaces" || strings.Count(request.Path, "/") == 3 && strings.HasPrefix(request.Path, "/2.0/repositories/")) {
				n++
			}
		}
		return n
	}
	e.enters(t, "select count(*) as first from bitbucket_branch;\r")
	e.prompts(t, "| first |")
	before := lists()
	e.enters(t, "select count(*) as second from bitbucket_tag;\r")
	e.prompts(t, "| second |")
	if after := lists(); before == 0 || after != before {
		t.Errorf("%d requests for lists, and %d after the second statement", before, after)
	}
	e.leave(t)
}

// SIGTERM ends the shell, which restores the terminal.
func TestShellEnds(t *testing.T) {
	t.Parallel()
	cmd := process(t, "query", "--demo")
	cmd.Env = append(cmd.Env, "TERM=dumb")
	e := emulate(t, cmd, screenColumns, screenRows)
	e.hides(t) // the editor reads
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, _ := e.ends(t); code != exitOK || !e.echoes(t) {
		t.Errorf("exit code %d, the terminal echoes: %t", code, e.echoes(t))
	}
}
