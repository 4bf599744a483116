package docs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"gopkg.in/yaml.v2"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // the SDK logs every error to standard error
	debug.SetGCPercent(200)                 // the demo organization is large and lives long
	debug.SetMemoryLimit(1 << 30)
	os.Exit(m.Run())
}

// An example is a query on a page.
type example struct {
	Example
	page string
	none bool // it returns no rows in the demo organization
}

// noRows is the note below an example that returns no rows in the demo organization.
const noRows = "<!-- finds nothing in the demo organization -->"

// readExamples returns the examples of a page.
func readExamples(t *testing.T, page string) []example {
	t.Helper()
	text := read(t, page)
	found, err := parseExamples(text)
	if err != nil {
		t.Errorf("%s: %v", page, err)
	}
	var all []example
	for _, e := range found {
		section, _, _ := strings.Cut(text[strings.Index(text, "# "+e.Title+"\n"):], "\n#")
		all = append(all, example{e, page, strings.Contains(section, noRows)})
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages returns all pages with examples.
func pages(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables(t) {
		all = append(all, tablePage(table))
	}
	return append(all, "../README.md")
}

func tablePage(table string) string { return filepath.Join("tables", table+".md") }

// tables returns the names of all tables.
func tables(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, r := range bitbucket.Requirements() {
		if r.Column == "" {
			all = append(all, r.Table)
		}
	}
	return all
}

// demo opens the tables of the demo organization.
func demo(t *testing.T, fake *fakebitbucket.Server, plugin sqlhost.Plugin) *sqlhost.Host {
	t.Helper()
	o := fake.Organization()
	connection := sqlhost.Connection{Name: "bitbucket", Plugin: "local/bitbucket", Config: fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(o.Connected.UUID, fakebitbucket.AllScopes()...))}
	host, err := sqlhost.Open(plugin, []sqlhost.Connection{connection})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close() })
	return host
}

func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	l := &listener{bitbucket.NewServer(), map[string]*proto.ExecuteRequest{}}
	host := demo(t, fake, l)
	inSQLite := map[string]int{}
	var all []example
	for _, page := range pages(t) {
		all = append(all, readExamples(t, page)...)
	}
	key := func(e example) string { return strings.TrimSuffix(filepath.Base(e.page), ".md") + ": " + e.Title }
	t.Run("SQLite", func(t *testing.T) {
		for _, e := range all {
			n, err := rowsInSQLite(t.Context(), host, e.SQLite)
			switch {
			case err != nil:
				t.Errorf("%s: %v", key(e), err)
				continue
			case (n == 0) != e.none:
				t.Errorf("%s: %d rows", key(e), n)
			}
			inSQLite[key(e)] = n
		}
	})
	t.Logf("%d requests for all examples in SQLite", len(fake.Journal()))
	t.Run("requests", func(t *testing.T) { l.askAgain(t, fake) })
	t.Run("PostgreSQL", func(t *testing.T) {
		conn := postgrestest.Start(t)
		postgrestest.Load(t, conn, host, host.Tables())
		for _, e := range all {
			rows, err := conn.Query(t.Context(), e.Postgres)
			n := 0
			if err == nil {
				for rows.Next() {
					n++
				}
				rows.Close()
				err = rows.Err()
			}
			if err != nil {
				t.Errorf("%s: %v", key(e), err)
			} else if want, ok := inSQLite[key(e)]; ok && n != want && !strings.HasPrefix(key(e), "bitbucket_omission:") { // its rows depend on the queries before
				t.Errorf("%s: %d rows in PostgreSQL, %d in SQLite", key(e), n, want)
			}
		}
	})
}

// No example has a join in which Steampipe loses a condition.
func TestJoins(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	host := demo(t, fakebitbucket.Start(t, fakebitbucket.Options{}), bitbucket.NewServer())
	joins := postgrestest.NewJoins(t, postgrestest.Start(t), host)
	for _, page := range pages(t) {
		for _, e := range readExamples(t, page) {
			for _, table := range joins.Losing(t, strings.TrimRight(e.Postgres, ";\n")) {
				t.Errorf("%s: %s: Steampipe may lose a condition on %s: read it in a materialized CTE", e.page, e.Title, table)
			}
		}
	}
}

func rowsInSQLite(ctx context.Context, host *sqlhost.Host, sql string) (int, error) {
	rows, err := host.Query(ctx, strings.TrimRight(strings.TrimSpace(sql), ";"))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}

func TestChangelogNamesEveryTable(t *testing.T) {
	text := read(t, "../CHANGELOG.md")
	for _, table := range tables(t) {
		if !strings.Contains(text, "`"+table+"`") {
			t.Errorf("CHANGELOG.md does not name %s", table)
		}
	}
}

var word = regexp.MustCompile("`([a-z:]+)`")

// A page has the form that Steampipe's hub expects, and names the scopes and the role that its table needs.
func TestPages(t *testing.T) {
	found, err := filepath.Glob("tables/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		if name := strings.TrimSuffix(filepath.Base(file), ".md"); !slices.Contains(tables(t), name) {
			t.Errorf("%s is of no table", file)
		}
	}
	needed := map[string][]string{}
	for _, r := range bitbucket.Requirements() {
		needed[r.Table] = append(needed[r.Table], r.Scopes...)
	}
	for _, table := range tables(t) {
		t.Run(table, func(t *testing.T) {
			text := read(t, tablePage(table))
			title := regexp.MustCompile(`(?m)^title: "Steampipe Table: ` + table + ` - Query Bitbucket (.*) using SQL"$`).FindStringSubmatch(text)
			if title == nil {
				t.Fatal("no title in the front matter")
			}
			for _, part := range []string{
				"---\ntitle: ", "\ndescription: \"Allows users to query ", "\nfolder: \"", "\n---\n",
				"\n# Table: " + table + " - Query Bitbucket " + title[1] + " using SQL\n",
				"\n## Table Usage Guide\n", "\n**Important Notes**\n", "\n## Examples\n\n### Basic info\n",
			} {
				if !strings.Contains(text, part) {
					t.Errorf("no %q", part)
				}
			}
			parsed, _ := Lookup(table)
			for name, text := range map[string]string{
				"its folder": parsed.Folder, "a description": parsed.Description, "what a row is": parsed.About, "what it is for": parsed.Usage,
				"scopes": parsed.Scopes, "the role": parsed.Role, "the coverage": parsed.Coverage, "the cost": parsed.Cost,
			} {
				if text == "" {
					t.Errorf("the page does not say %s", name)
				}
			}
			var scopes []string
			for _, scope := range word.FindAllStringSubmatch(parsed.Scopes, -1) {
				scopes = append(scopes, scope[1])
			}
			slices.Sort(scopes)
			want := slices.Clone(needed[table])
			slices.Sort(want)
			if diff := cmp.Diff(slices.Compact(want), slices.Compact(scopes)); diff != "" {
				t.Errorf("scopes (-needed +said):\n%s", diff)
			}
			all := readExamples(t, tablePage(table))
			if n := len(all); n < 3 || n > 8 {
				t.Errorf("%d examples, want four or five", n)
			}
			for _, e := range all {
				for _, sql := range []string{e.Postgres, e.SQLite} {
					if strings.Contains(sql, "select *") || strings.Contains(sql, "select\n  *") {
						t.Errorf("%s: select * says nothing", e.Title)
					}
					if lower := regexp.MustCompile(`'[^']*'`).ReplaceAllString(sql, "''"); lower != strings.ToLower(lower) {
						t.Errorf("%s: SQL is written in lower case", e.Title)
					}
					if !strings.Contains(sql, table) {
						t.Errorf("%s: the query is not about the table", e.Title)
					}
				}
			}
		})
	}
}

// explainLines logs which lines to add and which to delete.
func explainLines(t *testing.T, got, want string) {
	t.Helper()
	before, after := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i, line := range after {
		if !slices.Contains(before, line) {
			t.Errorf("add after %q:\n%s", after[max(i-1, 0)], line)
		}
	}
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("delete:\n%s", line)
		}
	}
}

// The overview lists all tables by folder, with the descriptions in the front matter of their pages.
func TestIndexListsEveryTable(t *testing.T) {
	byFolder := map[string][]string{}
	for _, table := range Tables() {
		byFolder[table.Folder] = append(byFolder[table.Folder], fmt.Sprintf(
			"- [`%s`](https://github.com/kindor/steampipe-plugin-bitbucket/blob/main/docs/tables/%[1]s.md): %s\n", table.Name, table.Description))
	}
	list := "\n## Tables\n"
	for _, name := range slices.Sorted(maps.Keys(byFolder)) {
		list += "\n### " + name + "\n\n" + strings.Join(byFolder[name], "")
	}
	_, listed, _ := strings.Cut(read(t, "index.md"), "\n## Tables\n")
	listed, _, _ = strings.Cut(listed, "\n\n## ")
	list = strings.TrimPrefix(strings.TrimSuffix(list, "\n"), "\n## Tables\n")
	if list != listed {
		t.Error("docs/index.md does not list the tables as their pages describe them. Under Tables, sorted by folder and then by name:")
		explainLines(t, listed, list)
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The YAML on the pages is valid, and has every key once.
func TestYAMLIsValid(t *testing.T) {
	documents := 0
	for _, page := range pages(t) {
		for _, block := range yamlBlock.FindAllStringSubmatch(read(t, page), -1) {
			decoder := yaml.NewDecoder(strings.NewReader(block[1]))
			decoder.SetStrict(true)
			for {
				var document map[string]any
				err := decoder.Decode(&document)
				if errors.Is(err, io.EOF) {
					break
				}
				documents++
				if err != nil || len(document) == 0 {
					t.Fatalf("%s: %v in\n%s", page, err, block[1])
				}
			}
		}
	}
	if documents == 0 {
		t.Error("no page shows YAML")
	}
}
