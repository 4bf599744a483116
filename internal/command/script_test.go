package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQueryFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	report := writeFile(t, dir, "report.sql", "\ufeff-- a report\nselect 1 as a;\nselect 2\n as b;\n")
	wrong := writeFile(t, dir, "wrong.sql", "select 1 as a;\n\nselect nowhere as b,\n\t'ü', fullname\nfrom bitbucket_repository;\n")
	unclosed := writeFile(t, dir, "unclosed.sql", "select 1;\nselect 'x\n")
	const csv = "a\n1\n\nb\n2\n"
	for name, tt := range map[string]struct {
		stdin string
		args  []string
		want  outcome
	}{
		"an argument":    {args: []string{report}, want: outcome{exitOK, csv, ""}},
		"a flag":         {args: []string{"-f", report}, want: outcome{exitOK, csv, ""}},
		"and SQL":        {args: []string{"--file", report, "select 3 as c"}, want: outcome{exitOK, csv + "\nc\n3\n", ""}},
		"standard input": {stdin: "select 1 as a; select 2 as b", args: []string{"-f", "-"}, want: outcome{exitOK, csv, ""}},
		"no such file": {args: []string{dir + "/nothing.sql"}, want: outcome{
			exitUsage, "", "Error: can't read the statements: open " + dir + "/nothing.sql: no such file or directory\n",
		}},
		"an error": {args: []string{wrong}, want: outcome{exitFailed, "a\n1\n", "Error: no such column: nowhere\n  " + wrong +
			", line 3, statement 2 of 2:\n    select nowhere as b,\n           ^^^^^^^\n"}},
		"an error before the first statement": {args: []string{unclosed}, want: outcome{
			exitFailed, "", "Error: incomplete statement: a quote opened in line 2 is not closed\n  " + unclosed + ", line 2:\n    select 'x\n           ^\n",
		}},
		"a long line": {args: []string{"select 'some text that is long, and that makes this line longer than the terminal' as a, nowhere + 1 as this_is_the_name_of_the_column from bitbucket_user"},
			want: outcome{exitFailed, "", "Error: no such column: nowhere\n    …t makes this line longer than the terminal' as a, nowhere + 1 as this_is_th…\n" +
				"                                                       ^^^^^^^\n"}},
		"without names": {args: []string{"--no-header", report}, want: outcome{exitOK, "1\n\n2\n", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t, tt.stdin, append([]string{"query", "--demo", "--output", "csv"}, tt.args...)...)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

// A file of results is only replaced by a complete one.
func TestQueryOutputFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "result.csv")
	expect := func(want string, args ...string) {
		t.Helper()
		got := runCommand(t, "", append([]string{"query", "--demo", "--output", "csv", "-o"}, args...)...)
		content, _ := os.ReadFile(file)
		entries, err := os.ReadDir(dir)
		if string(content) != want || got.out != "" || len(entries) != 1 || err != nil {
			t.Errorf("%v: the file has %q among %v, and standard output %q; %s", args, content, entries, got.out, got.err)
		}
	}
	expect("a\n1\n", file, "select 1 as a")
	expect("a\n1\n", file, "select 2 as a", "select nothing")
	expect("a\n3\n", file, "select 3 as a")
	if got := runCommand(t, "", "query", "-o", "/nonexistent/a", "select 1"); got.code != exitUsage {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	if got := runCommand(t, "", "query", "--demo", "-o", os.DevNull, "select 1"); got.code != exitOK {
		t.Errorf("a device: exit code %d: %s", got.code, got.err)
	}
}
