// Package powerpipe holds the Powerpipe mod against the plugin: it reads the mod as strictly as Powerpipe does, and runs all
// of its queries.
package powerpipe

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/powerpipetest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // the SDK logs every error to standard error
	os.Exit(m.Run())
}

// What is generated must be what the sources would make today.
func TestGenerated(t *testing.T) {
	t.Parallel()
	mod, err := audit.Mod()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range mod {
		got, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil || string(got) != want {
			t.Errorf("%s is out of date: go generate ./internal/audit (%v)", name, err)
		}
	}
}

func read(t *testing.T) *powerpipetest.Mod {
	t.Helper()
	mod, err := powerpipetest.Read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

// Every query of the mod comes from the sources, and something shows it.
func TestQueriesAreUsed(t *testing.T) {
	t.Parallel()
	mod := read(t)
	if diff := cmp.Diff(audit.Queries(), slices.Sorted(maps.Keys(mod.Queries))); diff != "" {
		t.Errorf("queries (-sources +mod):\n%s", diff)
	}
	used := map[string]bool{}
	for _, use := range mod.Uses {
		used[use.Query] = true
	}
	for name := range mod.Queries {
		if !used[name] {
			t.Errorf("nothing shows query %s", name)
		}
	}
}

// A demo is the tables of the demo organization, in both engines.
type demo struct {
	world
	host     *sqlhost.Host
	postgres *pgx.Conn
}

func open(t *testing.T) demo {
	t.Helper()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	d := demo{world: world{fake.Organization(), time.Now()}}
	config := fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(d.Connected.UUID, fakebitbucket.AllScopes()...))
	var err error
	d.host, err = sqlhost.Open(t.Context(), bitbucket.NewServer(), []sqlhost.Connection{{Name: "bitbucket", Plugin: "local/bitbucket", Config: config}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.host.Close() })
	d.postgres = postgrestest.Start(t)
	return d
}

// load copies the tables that the queries read into PostgreSQL, with the columns that they need of them, and before the
// plugin's in SQLite. So all run on one state, which is read once.
func (d demo) load(t *testing.T, values map[string]any) *audit.Run {
	t.Helper()
	run := audit.NewRun(d.host, values)
	var tables []sqlhost.Table
	for name, columns := range d.reads(t, values) {
		i := slices.IndexFunc(d.host.Tables(), func(table sqlhost.Table) bool { return table.Name == name })
		table := d.host.Tables()[i]
		table.Columns = slices.DeleteFunc(slices.Clone(table.Columns), func(c sqlhost.Column) bool { return !slices.Contains(columns, c.Name) })
		tables = append(tables, table)
	}
	postgrestest.Load(t, d.postgres, d.host, tables)
	if err := run.Keep(t.Context(), audit.Queries()); err != nil {
		t.Fatal(err)
	}
	return run
}

// reads are the columns that the queries read, by table.
func (d demo) reads(t *testing.T, values map[string]any) map[string][]string {
	t.Helper()
	columns := map[string][]string{}
	for _, query := range audit.Queries() {
		sql, err := audit.SQL(query, values)
		if err != nil {
			t.Fatal(err)
		}
		reads, err := d.host.Reads(t.Context(), sql)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for _, r := range reads {
			columns[r.Table] = append(columns[r.Table], r.Columns...)
		}
	}
	return columns
}

// values are those of variables, and what people may choose in dashboards: something that has much to show.
func (d demo) values() map[string]any {
	values := audit.Defaults()
	maps.Copy(values, d.choices())
	return values
}

func TestQueries(t *testing.T) {
	mod := read(t)
	d := open(t)
	values := d.values()
	run := d.load(t, values)
	for _, c := range audit.Controls {
		if truths[c.Name] == nil {
			t.Errorf("nobody knows what control %s should find", c.Name)
			continue
		}
		want := truths[c.Name](d.world)
		for _, status := range []audit.Status{audit.OK, audit.Alarm} {
			if !slices.Contains(slices.Collect(maps.Values(want)), status) {
				t.Errorf("control %s has no resource in the demo organization that is %s", c.Name, status)
			}
		}
		inSQLite := run.Judge(t.Context(), c)
		if inSQLite.Err != nil {
			t.Errorf("SQLite: %s: %v", c.Name, inSQLite.Err)
			continue
		}
		found := verdicts{}
		rows := map[string]string{}
		for _, r := range inSQLite.Resources {
			if _, twice := found[r.Resource]; twice {
				t.Errorf("%s: %s stands there twice", c.Name, r.Resource)
			}
			found[r.Resource] = r.Status
			rows[r.Resource] = row(r)
			if !strings.HasSuffix(r.Reason, ".") || strings.Contains(r.Reason, "  ") {
				t.Errorf("%s: no sentence: %q", c.Name, r.Reason)
			}
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("SQLite: %s (-truth +found):\n%s", c.Name, diff)
		}
		inPostgres, err := ask(t.Context(), d.postgres, mod.Queries[c.Name], nil)
		if err != nil {
			t.Errorf("PostgreSQL: %s: %v", c.Name, err)
			continue
		}
		same := map[string]string{}
		for _, r := range inPostgres.rows {
			same[r[slices.Index(inPostgres.columns, "resource")]] = strings.Join(r, " | ")
		}
		if diff := cmp.Diff(rows, same); diff != "" {
			t.Errorf("%s (-SQLite +PostgreSQL):\n%s", c.Name, diff)
		}
	}
	shown := map[string][]string{} // columns of the queries
	for name, query := range mod.Queries {
		if audit.FindControl(name) != nil {
			continue
		}
		inPostgres, err := ask(t.Context(), d.postgres, query, values)
		if err != nil {
			t.Errorf("PostgreSQL: %s: %v", name, err)
			continue
		}
		shown[name] = inPostgres.columns
		inSQLite, err := d.ask(t.Context(), name, values)
		if err != nil {
			t.Errorf("SQLite: %s: %v", name, err)
			continue
		}
		if len(inSQLite.rows) == 0 {
			t.Errorf("%s shows nothing", name)
		}
		if diff := cmp.Diff(inSQLite.columns, inPostgres.columns); diff != "" {
			t.Errorf("%s: columns (-SQLite +PostgreSQL):\n%s", name, diff)
		}
		if diff := cmp.Diff(sorted(inSQLite.rows), sorted(inPostgres.rows)); diff != "" {
			t.Errorf("%s (-SQLite +PostgreSQL):\n%s", name, diff)
		}
	}
	for _, use := range mod.Uses {
		for _, column := range use.Columns {
			if shown[use.Query] != nil && !slices.Contains(shown[use.Query], column) {
				t.Errorf("%s: query %s has no column %q", use.Where, use.Query, column)
			}
		}
		if missing := missingColumns(use.Block, shown[use.Query]); shown[use.Query] != nil && missing != "" {
			t.Errorf("%s: query %s has no column %s, which a %s needs", use.Where, use.Query, missing, use.Block)
		}
	}
}

// missingColumns is one that a block needs to show what a query finds.
func missingColumns(block string, columns []string) string {
	for _, column := range map[string][]string{
		"card": {"label", "value"}, "input": {"label", "value"}, "node": {"id", "title"}, "edge": {"from_id", "to_id"},
	}[block] {
		if !slices.Contains(columns, column) {
			return column
		}
	}
	return ""
}

// An answer is rows, as texts.
type answer struct {
	columns []string
	rows    [][]string
}

// row is a resource as a row of an answer.
func row(r audit.Resource) string {
	status := r.Status
	if status == audit.NotJudged {
		status = audit.Skip // Powerpipe has no status of that name
	}
	texts := []string{r.Resource, string(status), r.Reason}
	for _, d := range r.Dimensions {
		texts = append(texts, d.Value)
	}
	return strings.Join(texts, " | ")
}

func sorted(rows [][]string) []string {
	var all []string
	for _, r := range rows {
		all = append(all, strings.Join(r, " | "))
	}
	slices.Sort(all)
	return all
}

// ask runs a query of the mod in PostgreSQL, with the parameters as Powerpipe passes them.
func ask(ctx context.Context, conn *pgx.Conn, q powerpipetest.Query, values map[string]any) (answer, error) {
	var a answer
	var arguments []any
	for _, p := range q.Params {
		argument := p.Default
		if argument == nil {
			argument = values[p.Name]
		}
		arguments = append(arguments, argument)
	}
	rows, err := conn.Query(ctx, q.SQL, arguments...)
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for _, f := range rows.FieldDescriptions() {
		a.columns = append(a.columns, f.Name)
	}
	for rows.Next() {
		var r []string
		values, err := rows.Values()
		if err != nil {
			return a, err
		}
		for _, v := range values {
			r = append(r, shown(v))
		}
		a.rows = append(a.rows, r)
	}
	return a, rows.Err()
}

// ask runs a query in SQLite.
func (d demo) ask(ctx context.Context, name string, values map[string]any) (answer, error) {
	var a answer
	sql, err := audit.SQL(name, values)
	if err != nil {
		return a, err
	}
	rows, err := d.host.Query(ctx, sql)
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for _, c := range rows.Columns() {
		a.columns = append(a.columns, c.Name)
	}
	for rows.Next() {
		var r []string
		for _, v := range rows.Values() {
			r = append(r, shown(v))
		}
		a.rows = append(a.rows, r)
	}
	return a, rows.Err()
}
