package codeowners

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRules(t *testing.T) {
	t.Parallel()
	text := strings.Join([]string{
		"# Owners of everything",
		"*            ada@example.com @grace   # by default",
		"",
		"docs/\t@acme/writers:random(2) @teams/tech-docs:least_busy",
		"/src\\ files/*.go @acme/go:all @acme/go:first",
		"generated/",
		"!vendor/ ada@example.com\r",
		"[a-z].txt ada@example.com",
		"#not-a-rule",
		"a#b @ada:all # c",
	}, "\n")
	ada := Owner{Name: "ada@example.com", Kind: Email, ID: "ada@example.com"}
	want := []Rule{
		{Line: 2, Pattern: "*", Owners: []Owner{ada, {Name: "@grace", Kind: User, ID: "grace"}}},
		{Line: 4, Pattern: "docs/", Owners: []Owner{
			{Name: "@acme/writers:random(2)", Kind: Group, Workspace: "acme", ID: "writers", Selection: "random(2)"},
			{Name: "@teams/tech-docs:least_busy", Kind: Team, ID: "tech-docs", Selection: "least_busy"},
		}},
		{Line: 5, Pattern: "/src files/*.go", Owners: []Owner{
			{Name: "@acme/go:all", Kind: Group, Workspace: "acme", ID: "go", Selection: "all"},
			{Name: "@acme/go:first", Kind: Group, Workspace: "acme", ID: "go:first"},
		}},
		{Line: 6, Pattern: "generated/", Owners: []Owner{}},
		{Line: 7, Pattern: "!vendor/", Owners: []Owner{ada}, Error: "Bitbucket does not support patterns that begin with !."},
		{Line: 8, Pattern: "[a-z].txt", Owners: []Owner{ada}, Error: "Bitbucket does not support ranges of characters in patterns."},
		{Line: 10, Pattern: "a#b", Owners: []Owner{{Name: "@ada:all", Kind: User, ID: "ada", Selection: "all"}}},
	}
	if diff := cmp.Diff(want, Rules(text)); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for _, none := range []string{"", "\n\n", "# only\n  # comments", "\\"} {
		if rules := Rules(none); len(rules) > 0 {
			t.Errorf("%q has the rules %+v", none, rules)
		}
	}
}

func TestTeams(t *testing.T) {
	t.Parallel()
	got, err := Teams([]byte("tech-docs:\n  contributors:\n    - ada@example.com\n    - \"@grace\"\n  reviews: {strategy: random, select: 1}\nempty: {}\n"))
	want := map[string][]Owner{
		"tech-docs": {{Name: "ada@example.com", Kind: Email, ID: "ada@example.com"}, {Name: "@grace", Kind: User, ID: "grace"}},
		"empty":     {},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, teams (-want +got):\n%s", err, diff)
	}
	for _, invalid := range []string{"a: [", "a: secret-value", "- a"} {
		if _, err := Teams([]byte(invalid)); err == nil || strings.Contains(err.Error(), "secret-value") {
			t.Errorf("%q: error %v", invalid, err)
		}
	}
}

// Whatever a file contains, its rules have patterns and come in the order of their lines, and owners have names.
func FuzzRules(f *testing.F) {
	f.Add("* ada@example.com\ndocs/ @acme/writers:random(2) # x\n\\# @teams/a")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = Teams([]byte(text))
		line := 0
		for _, r := range Rules(text) {
			if r.Line <= line || r.Pattern == "" {
				t.Errorf("a rule without a pattern or its place: %+v after line %d", r, line)
			}
			line = r.Line
			for _, o := range r.Owners {
				if o.Name == "" || o.Kind == "" {
					t.Errorf("an owner without a name: %+v", o)
				}
			}
		}
	})
}
