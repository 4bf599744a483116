package command

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want string
	}{
		"an unknown command":  {[]string{"issues"}, `unknown command "issues" (see steampipe-plugin-bitbucket --help)`},
		"a similar command":   {[]string{"describ"}, `unknown command "describ": did you mean describe?`},
		"a misspelt command":  {[]string{"qery"}, `unknown command "qery": did you mean query?`},
		"swapped letters":     {[]string{"tabels"}, `unknown command "tabels": did you mean tables?`},
		"a similar flag":      {[]string{"query", "--outptu", "json"}, "unknown flag: --outptu: did you mean --output?"},
		"a comment":           {[]string{"query", "-- only a comment"}, `"-- only a comment" looks like SQL that begins with a dash: write -- before it`},
		"a similar table":     {[]string{"describe", "bitbucket_repositories"}, "unknown table bitbucket_repositories: did you mean bitbucket_repository?"},
		"a similar control":   {[]string{"audit", "--control", "branch_pushs"}, "unknown control branch_pushs: did you mean branch_pushes?"},
		"a similar benchmark": {[]string{"audit", "--benchmark", "acess_audit"}, "unknown benchmark acess_audit: did you mean access_audit?"},
		"a similar format":    {[]string{"audit", "--output", "jnuit"}, `unknown output format "jnuit": did you mean junit?`},
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

func TestVersionAsJSON(t *testing.T) {
	t.Parallel()
	got := runCommand(t, "", "version", "--output", "json")
	var version map[string]string
	if err := json.Unmarshal([]byte(got.out), &version); err != nil || got.code != exitOK {
		t.Fatalf("exit code %d, %v: %s%s", got.code, err, got.out, got.err)
	}
	for _, key := range []string{"version", "commit", "date", "go", "platform"} {
		if version[key] == "" {
			t.Errorf("no %s in %s", key, got.out)
		}
	}
}

// The completion scripts call the program, which completes the names.
func TestCompletion(t *testing.T) {
	t.Parallel()
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	for name, tt := range map[string]struct {
		args []string
		want []string
	}{
		"tables":      {[]string{"describe", "bitbucket_my_"}, []string{"bitbucket_my_repository", "bitbucket_my_workspace"}},
		"connections": {[]string{"query", "--config", config, "--connection", ""}, []string{"work"}},
		"in an audit": {[]string{"audit", "--config", config, "--connection", ""}, []string{"work"}},
		"controls":    {[]string{"audit", "--control", "branch_"}, []string{"branch_pushes", "branch_force"}},
		"benchmarks":  {[]string{"audit", "--benchmark", "access_"}, []string{"access_audit", "access_audit_people"}},
		"formats":     {[]string{"query", "--output", ""}, []string{"jsonl", "markdown"}},
	} {
		got := runProcess(t, nil, append([]string{"__complete"}, tt.args...)...)
		for _, want := range tt.want {
			if !strings.Contains("\n"+got.out, "\n"+want+"\n") {
				t.Errorf("%s: no %s in %s", name, want, got.out)
			}
		}
		if tables := strings.Contains(got.out, "bitbucket_user\n"); tables {
			t.Errorf("%s: %s", name, got.out)
		}
	}
}
