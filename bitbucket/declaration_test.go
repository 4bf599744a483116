package bitbucket

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

var tableNamePattern = regexp.MustCompile(`^bitbucket_[a-z]+(_[a-z]+)*$`)

func TestDeclarations(t *testing.T) {
	for _, tab := range tables {
		t.Run(tab.name, func(t *testing.T) {
			if !tableNamePattern.MatchString(tab.name) {
				t.Errorf("name is not snake_case after bitbucket_")
			}
			sentence(t, "table", tab.description)
			names := map[string]bool{}
			for _, c := range tab.columns {
				if names[c.name] {
					t.Errorf("column %s is there twice", c.name)
				}
				names[c.name] = true
				sentence(t, c.name, c.description)
				if isText := c.kind == proto.ColumnType_STRING || c.kind == proto.ColumnType_JSON; c.sort != "" && isText {
					t.Errorf("column %s is a text that Bitbucket sorts, but the host has another order of texts", c.name)
				}
			}
			if !names["title"] {
				t.Error("no column title")
			}
			for _, q := range tab.keyColumns {
				c := tab.column(q.column)
				for _, s := range c.from() {
					if s.part == membershipPart || s.part == detailPart && tab.name != "bitbucket_workspace" {
						t.Errorf("condition on %s, which needs more requests for each row", c.name)
					}
				}
				if c.kind == proto.ColumnType_STRING && slices.Contains(q.operators, "<") {
					t.Errorf("condition %s < x would depend on the host's collation", c.name)
				}
			}
		})
	}
}

// sentence checks a description: a capital, a full stop, one to three sentences.
func sentence(t *testing.T, what, s string) {
	t.Helper()
	if s == "" || !unicode.IsUpper([]rune(s)[0]) || !strings.HasSuffix(s, ".") || strings.Count(s, ". ") > 2 {
		t.Errorf("description of %s is not a sentence or two: %q", what, s)
	}
}

func TestDocumentedConfigurationIsTheExample(t *testing.T) {
	example, err := os.ReadFile("../config/bitbucket.spc")
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile("../docs/index.md")
	if err != nil {
		t.Fatal(err)
	}
	installed := strings.Replace(string(example), `"local/bitbucket"`, `"ghcr.io/kindor/bitbucket"`, 1)
	if !strings.Contains(string(index), "```hcl\n"+installed+"```") {
		t.Error("docs/index.md does not show config/bitbucket.spc as `steampipe plugin install` writes it")
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		argument, _, _ := strings.Cut(field.Tag.Get("hcl"), ",")
		if argument == "" {
			continue
		}
		if !strings.Contains(string(example), "# "+argument) {
			t.Errorf("config/bitbucket.spc does not show %s", argument)
		}
		if !strings.Contains(string(index), "\n| `"+argument+"` |") {
			t.Errorf("the table of arguments in docs/index.md does not have %s", argument)
		}
	}
}

// TestColumnsThatCostARequestForEachRow lists the columns that cost a request for each row, and the reasons: SELECT * pays for
// them. A column of this kind is only added if no other table has it.
func TestColumnsThatCostARequestForEachRow(t *testing.T) {
	reasons := map[string]string{
		"bitbucket_branching_model":         "settings are of its own, and asked for where a repository overrides its project's",
		"bitbucket_connection":              "there is one row",
		"bitbucket_my_repository":           "the details come in a second list",
		"bitbucket_my_workspace":            "the connected user's role is nowhere else",
		"bitbucket_pipeline_definition":     "the schedules are in no file",
		"bitbucket_pipeline_test_case":      "the reasons are nowhere else",
		"bitbucket_pull_request":            "no list has when each was closed",
		"bitbucket_repository_access":       "the grants are read once for each repository and project, not for each row",
		"bitbucket_snippet":                 "the files are nowhere else",
		"bitbucket_workspace":               "no list has what it shows",
		"bitbucket_workspace_oidc_provider": "the keys are nowhere else",
	}
	for _, tab := range tables {
		costs := slices.ContainsFunc(tab.columns, func(c column) bool {
			return c.from()[0].part == detailPart || c.from()[0].part == membershipPart || c.from()[0].part == explanationPart
		})
		if costs != (reasons[tab.name] != "") {
			t.Errorf("%s: columns that cost a request for each row: %v, reason in this test: %q", tab.name, costs, reasons[tab.name])
		}
	}
}
