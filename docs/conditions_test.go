package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

var (
	conditionsRow = regexp.MustCompile(`(?m)^\| Conditions \| (.*) \|$`)
	notCondition  = regexp.MustCompile("; `order by.*| unless .*|\\([^)]*\\)")
	codeWord      = regexp.MustCompile("`([a-z_]+)[^`]*`")
)

// unsaving are the columns whose conditions the plugin takes although they save no request: it returns fewer rows.
var unsaving = map[string][]string{
	"bitbucket_group":                    {"group_slug", "slug"},
	"bitbucket_group_member":             {"group_slug", "user_account_id", "user_uuid"},
	"bitbucket_pipeline":                 {"stage_name", "state_name"},
	"bitbucket_pull_request_merge_check": {"pull_request_state"},
}

// TestConditionsRows holds the row Conditions of a table's page to the conditions that the table takes: the row has no others, and
// it or the notes below have all that save requests.
func TestConditionsRows(t *testing.T) {
	t.Parallel()
	host := demo(t, fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 1}), bitbucket.NewServer())
	for _, table := range host.Tables() {
		var taken, saving []string
		for _, k := range table.KeyColumns {
			if !slices.Contains(unsaving[table.Name], k.Name) && k.Name != "sp_connection_name" { // which the SDK adds to every table
				saving = append(saving, k.Name)
			}
			taken = append(taken, k.Name)
		}
		notes, _, _ := strings.Cut(read(t, tablePage(table.Name)), "## Examples")
		row := conditionsRow.FindString(notes)
		for _, name := range columnsIn(table, notCondition.ReplaceAllString(row, "")) {
			if !slices.Contains(taken, name) {
				t.Errorf("%s: the row Conditions has %s, which the table does not take", table.Name, name)
			}
		}
		for _, name := range saving {
			if !slices.Contains(columnsIn(table, notes), name) {
				t.Errorf("%s: the page does not say that a condition on %s saves requests", table.Name, name)
			}
		}
	}
}

// columnsIn returns the columns of a table that a text has in code.
func columnsIn(table sqlhost.Table, text string) []string {
	var names []string
	for _, match := range codeWord.FindAllStringSubmatch(text, -1) {
		if slices.ContainsFunc(table.Columns, func(c sqlhost.Column) bool { return c.Name == match[1] && !c.Hidden }) {
			names = append(names, match[1])
		}
	}
	return names
}
