package command

import (
	"strings"
	"testing"
)

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want string
	}{
		"an unknown command":  {[]string{"issues"}, `unknown command "issues" (see steampipe-plugin-bitbucket --help)`},
		"a similar command":   {[]string{"describ"}, `unknown command "describ": did you mean describe?`},
		"an unknown table":    {[]string{"describe", "issue"}, "unknown table issue: `steampipe-plugin-bitbucket tables` lists the tables"},
		"no table":            {[]string{"describe"}, "describe takes the name of one table"},
		"too many tables":     {[]string{"describe", "a", "b"}, "describe takes the name of one table"},
		"an argument":         {[]string{"tables", "a"}, `tables takes no arguments, but got "a"`},
		"an unknown format":   {[]string{"tables", "--output", "xml"}, `unknown output format "xml"`},
		"an unknown flag":     {[]string{"demo", "--fast"}, "unknown flag: --fast"},
		"a needless flag":     {[]string{"tables", "--demo"}, "unknown flag: --demo"},
		"another one":         {[]string{"describe", "--demo", "user"}, "unknown flag: --demo"},
		"a flag without text": {[]string{"query", "--output"}, "flag needs an argument: --output"},
	}
	for name, tt := range tests {
		got := runCommand(t, "", tt.args...)
		if got.code != exitUsage || !strings.HasPrefix(got.err, "Error: "+tt.want) || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%s: exit code %d, %q%q; want %d and %q", name, got.code, got.out, got.err, exitUsage, tt.want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	got := runCommand(t, "", "version")
	for _, part := range []string{program + " ", "\ncommit ", "\ndate ", "\ngo1."} {
		if got.code != exitOK || !strings.Contains(got.out, part) {
			t.Errorf("exit code %d, no %q in %q", got.code, part, got.out)
		}
	}
}
