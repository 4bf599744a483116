package sqlhost

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatements(t *testing.T) {
	tests := map[string]struct {
		script  string
		want    []string
		wantErr string
	}{
		"nothing":             {"", nil, ""},
		"only a comment":      {"-- one\n/* two */ ;;", nil, ""},
		"one":                 {"select 1", []string{"select 1"}, ""},
		"one with semicolon":  {" select 1 ; ", []string{"select 1"}, ""},
		"several":             {"select 1;select 2;\n\nselect 3;", []string{"select 1", "select 2", "select 3"}, ""},
		"in a string":         {"select ';', 'it''s;'; select 2", []string{"select ';', 'it''s;'", "select 2"}, ""},
		"in names":            {"select \"a;\"\"b\", `c;``d`, [e;]; select 2", []string{"select \"a;\"\"b\", `c;``d`, [e;]", "select 2"}, ""},
		"in comments":         {"select 1 -- a; 'b\n + 2 /* c; \" */; select 3", []string{"select 1 -- a; 'b\n + 2", "select 3"}, ""},
		"comments around":     {"/* first */ select 1; -- last", []string{"select 1"}, ""},
		"comment at the end":  {"select 1 --", []string{"select 1"}, ""},
		"minus, not comment":  {"select 2 - -1; select 3 / 1 * 2", []string{"select 2 - -1", "select 3 / 1 * 2"}, ""},
		"json operators":      {"select j ->> '$.a', j -> 'b'; select 1", []string{"select j ->> '$.a', j -> 'b'", "select 1"}, ""},
		"letters beyond":      {"select 'é;ü' as größe; select 1", []string{"select 'é;ü' as größe", "select 1"}, ""},
		"parentheses":         {"select (1 + (2)); select 3", []string{"select (1 + (2))", "select 3"}, ""},
		"closing too much":    {"select 1); select 2", []string{"select 1)", "select 2"}, ""}, // SQLite reports the error
		"string open":         {"select 1;\nselect 'a", nil, "incomplete statement: a quote opened in line 2 is not closed"},
		"string open, quotes": {"select 'a''", nil, "incomplete statement: a quote opened in line 1 is not closed"},
		"name open":           {"select \"a", nil, "incomplete statement: a quote opened in line 1 is not closed"},
		"bracket open":        {"select [a", nil, "incomplete statement: a quote opened in line 1 is not closed"},
		"comment open":        {"select 1\n\n/* a *", nil, "incomplete statement: a comment opened in line 3 is not closed"},
		"parenthesis open":    {"select\n(1", nil, "incomplete statement: a parenthesis opened in line 2 is not closed"},
		"open in the middle":  {"select (1; select 2", nil, "incomplete statement: a parenthesis opened in line 1 is not closed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Statements(test.script)
			if err == nil && test.wantErr != "" || err != nil && err.Error() != test.wantErr {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			var texts []string
			for _, s := range got {
				texts = append(texts, s.Text)
				if rest := test.script[s.Begin:]; !strings.HasPrefix(rest, s.Text) {
					t.Errorf("%q does not begin at %q", s.Text, rest)
				}
			}
			if diff := cmp.Diff(test.want, texts); diff != "" {
				t.Errorf("statements (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCollates(t *testing.T) {
	tests := map[string]struct {
		sql  string
		want bool
	}{
		"none":                {`select 1 from t where a = 'collate' order by b`, false},
		"where":               {`select 1 from t where a = 'x' collate nocase`, true},
		"quoted":              {`select 1 from t where a = 'x' collate "NOCASE"`, true},
		"binary":              {`select 1 from t where a = 'x' COLLATE Binary`, false},
		"order by":            {`select 1 from t order by a collate nocase, b collate rtrim limit 3`, false},
		"order by, then more": {`select * from (select 1 from t order by a collate nocase) where b = 'x' collate nocase`, true},
		"select in order by":  {`select 1 from t order by (select b from u where c = 'x' collate nocase)`, true},
		"window":              {`select row_number() over (order by a collate nocase) from t`, false},
		"column":              {`create table t(a text collate nocase)`, true},
		"escape":              {`select 1 from t where a like 'x!%' escape '!'`, true},
		"a name":              {`select "collate", t.[escape] from t`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens, err := lex(test.sql)
			if err != nil {
				t.Fatal(err)
			}
			if got := collates(tokens); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestQualifiers(t *testing.T) {
	tokens, err := lex(`select a.x, "B b".y, 'c'.z, 1.5 from a.t, [d] . u -- e.v`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b b", "c", "1", "d"}, qualifiers(tokens)); diff != "" {
		t.Errorf("qualifiers (-want +got):\n%s", diff)
	}
}
