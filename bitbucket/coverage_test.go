package bitbucket

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/contract"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A coverage is a row of docs/coverage.md: one operation.
type coverage struct {
	path  string
	shown []string // the tables, or table.column; empty if there is a reason
	why   string
}

var (
	coverageRow      = regexp.MustCompile("(?m)^\\| `(/[^`]*)` \\| ((?:`[^`]*`,? )*)\\| ([^|]*)\\|$")
	tableOrItsColumn = regexp.MustCompile(`bitbucket_\w+(\.\w+)?`)
)

// readCoverage reads docs/coverage.md.
func readCoverage(t *testing.T) (page string, rows []coverage) {
	t.Helper()
	data, err := os.ReadFile("../docs/coverage.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range coverageRow.FindAllStringSubmatch(string(data), -1) {
		rows = append(rows, coverage{found[1], tableOrItsColumn.FindAllString(found[2], -1), strings.TrimSpace(found[3])})
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "| `") && !coverageRow.MatchString(line) {
			t.Fatalf("docs/coverage.md: this row needs a path, its tables or nothing, and a reason or nothing, as in | `/path` | `bitbucket_table` | |:\n%s", line)
		}
	}
	if len(rows) == 0 {
		t.Fatal("docs/coverage.md has no rows")
	}
	return string(data), rows
}

// TestCoverage compares docs/coverage.md with the tables.
func TestCoverage(t *testing.T) {
	page, rows := readCoverage(t)
	seen := map[string]bool{}
	for _, c := range rows {
		if (len(c.shown) == 0) == (c.why == "") {
			t.Errorf("%s needs a table or a reason, and not both: %q, %q", c.path, c.shown, c.why)
		}
		if seen[c.path] {
			t.Errorf("%s occurs twice", c.path)
		}
		seen[c.path] = true
	}
	columns := map[string][]string{}
	for _, tab := range tables {
		for _, c := range tab.columns {
			columns[tab.name] = append(columns[tab.name], c.name)
		}
		if !regexp.MustCompile("`" + tab.name + `\b`).MatchString(page) {
			t.Errorf("docs/coverage.md does not name %s", tab.name)
		}
	}
	for _, name := range tableOrItsColumn.FindAllString(page, -1) {
		tableName, col, _ := strings.Cut(name, ".")
		if columns[tableName] == nil || col != "" && !slices.Contains(columns[tableName], col) {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestCoverageOfTheDocument compares docs/coverage.md with the operations of Bitbucket's document.
func TestCoverageOfTheDocument(t *testing.T) {
	_, rows := readCoverage(t)
	listed := map[string]bool{}
	paths := contract.Document().Get("paths").Map()
	for _, c := range rows {
		listed[c.path] = true
		if _, ok := paths[c.path]; !ok && !slices.Contains(newer, c.path) {
			t.Errorf("%s is no operation of the document", c.path)
		}
	}
	for path, operations := range paths {
		if !listed[path] && !operations.Get("get.deprecated").Bool() {
			t.Errorf("docs/coverage.md does not name %s", path)
		}
	}
}

// TestCoverageIsRequested makes all kinds of scans of every table, and checks that they use the operations in docs/coverage.md.
func TestCoverageIsRequested(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 6, OneWorkspace: true, Users: 10})
	_, rows := readCoverage(t)
	for _, tab := range tables {
		operations := operationsOf(t, fake, tab)
		for _, c := range rows {
			for _, name := range c.shown {
				if tableName, _, _ := strings.Cut(name, "."); tableName == tab.name && !operations[c.path] {
					t.Errorf("%s does not request %s", tab.name, c.path)
				}
			}
		}
	}
	if operationsOf(t, fake, tableNamed("bitbucket_user"))["/repositories/{workspace}"] {
		t.Error("bitbucket_user requests repositories")
	}
}

// operationsOf returns the operations that a table requests: for a query of all columns, for one of the first column, and for
// one with each condition.
func operationsOf(t *testing.T, fake *fakebitbucket.Server, tab *table) map[string]bool {
	t.Helper()
	h := connected(t, fake)
	fake.ResetJournal()
	scans := []tableQuery{{}, {columns: tab.columns[0].name}}
	for _, q := range tab.keyColumns {
		scans = append(scans, tableQuery{where: []*proto.Qual{where(q.column, "=", exampleOf(fake.Organization(), tab.column(q.column)))}})
	}
	for _, q := range scans {
		q.table = tab.name
		_, _ = h.try(context.Background(), q) // there may be no rows
	}
	operations := map[string]bool{}
	for _, e := range fake.Journal() {
		operations[strings.ReplaceAll(strings.TrimPrefix(e.Endpoint, "/2.0"), "...}", "}")] = true
	}
	return operations
}

// exampleOf returns a value for a condition on the column.
func exampleOf(o *organization.Organization, c column) any {
	r := withSource(o)[0]
	value := map[string]any{
		"workspace_slug": r.Workspace.Slug, "full_name": r.FullName(), "repository_full_name": r.FullName(), "project_key": r.Project.Key,
		"uuid": r.UUID, "user_uuid": o.Connected.UUID, "hash": o.Head(r).Hash, "commit_hash": o.Head(r).Hash, "path": "README.md",
		"role": "member", "subject_type": "repository",
	}[c.name]
	switch {
	case value != nil:
		return value
	case c.kind == proto.ColumnType_INT:
		return 1
	case c.kind == proto.ColumnType_BOOL:
		return true
	case c.kind == proto.ColumnType_TIMESTAMP:
		return time.Now()
	}
	return "x"
}
