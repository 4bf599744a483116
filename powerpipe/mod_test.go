// Package powerpipe tests the Powerpipe mod with the plugin: the real Powerpipe runs it, in a PostgreSQL whose tables call the
// plugin.
package powerpipe

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // the SDK logs every error to standard error
	debug.SetGCPercent(200)                 // the demo organization is large and lives long
	os.Exit(m.Run())
}

// The generated files are up to date.
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

// A demo has the tables of the demo organization in both engines.
type demo struct {
	world
	fake     *fakebitbucket.Server
	host     *sqlhost.Host
	postgres *pgx.Conn
	use      func(*sqlhost.Host) // makes PostgreSQL use another host
}

func openDemo(t *testing.T) demo {
	t.Helper()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	fake.SetRole(o.Workspaces[0].Slug, o.Users[len(o.Users)-1].UUID, "member") // without access to a repository
	d := demo{world: world{fake.Organization(), time.Now()}, fake: fake, postgres: postgrestest.Start(t)}
	d.host = d.newHost(t)
	d.use = postgrestest.Link(t, d.postgres, d.host)
	return d
}

// newHost opens a host with an empty cache.
func (d demo) newHost(t *testing.T) *sqlhost.Host {
	t.Helper()
	config := fmt.Sprintf("base_url = %q\naccess_token = %q", d.fake.URL(), d.fake.AccessToken(d.Connected.UUID, fakebitbucket.AllScopes()...))
	host, err := sqlhost.Open(bitbucket.NewServer(), []sqlhost.Connection{{Name: "bitbucket", Plugin: "local/bitbucket", Config: config}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close() })
	return host
}

// view runs a dashboard with an empty cache. It reads each list of a repository once, unless the filters differ.
func (d demo) view(t *testing.T, p *program, dashboard string, values map[string]any) snapshot {
	t.Helper()
	if dashboard != "bitbucket_omissions" { // which shows what others have left out
		d.use(d.newHost(t))
		defer d.use(d.host)
	}
	before := len(d.fake.Journal())
	s := p.dashboard(t, dashboard, values)
	journal := d.fake.Journal()[before:]
	queries, twice, read, needed := map[string]map[string]bool{}, map[string]string{}, map[string]bool{}, 0
	for _, e := range journal {
		// On a slow machine, a page may read something again that is too old by then.
		if address := e.EscapedPath + "?" + e.Query.Encode(); e.Status >= http.StatusBadRequest || !read[address] {
			read[address] = true
			needed++
		}
		// The table of test reports reads the steps of pipelines itself.
		if !strings.Contains(e.Endpoint, "{repo_slug}/") || strings.HasSuffix(e.Endpoint, "/steps") {
			continue
		}
		list := e.EscapedPath + "?q=" + e.Query.Get("q")
		if queries[list] == nil {
			queries[list] = map[string]bool{}
		}
		queries[list][e.Query.Get("fields")] = true
		if len(queries[list]) > 1 {
			twice[e.Endpoint] = list
		}
	}
	if stated, ok := statedRequests(t)[dashboard]; ok && (needed > stated+stated/20+1 || needed < stated-stated/20-1) {
		t.Errorf("%s takes %d requests, and docs/index.md says %d", dashboard, needed, stated)
	}
	for _, list := range twice {
		t.Errorf("%s reads %s for different columns:\n%s", dashboard, list, strings.Join(slices.Sorted(maps.Keys(queries[list])), "\n"))
	}
	return s
}

// statedRequests are the numbers of requests that the documentation states, by dashboard.
func statedRequests(t *testing.T) map[string]int {
	t.Helper()
	stated := map[string]int{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z][\w ]+) \| (\d+) \|`).FindAllStringSubmatch(files(t, "docs/index.md")[0], -1) {
		n, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		stated["bitbucket_"+strings.ToLower(strings.ReplaceAll(row[1], " ", "_"))] = n
	}
	if len(stated) < 9 {
		t.Fatalf("docs/index.md states the requests of %d dashboards", len(stated))
	}
	return stated
}

// No query has a join in which Steampipe loses a condition.
func TestJoins(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	d := openDemo(t)
	joins := postgrestest.NewJoins(t, d.postgres, d.host)
	for _, query := range audit.Queries() {
		sql, _, err := audit.Prepared(query)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range joins.Losing(t, sql) {
			t.Errorf("%s: Steampipe may lose a condition on %s: read it in a materialized CTE", query, table)
		}
	}
}

// keep reads the tables that the queries share into SQLite, once.
func (d demo) keep(t *testing.T, values map[string]any) *audit.Run {
	t.Helper()
	run := audit.NewRun(d.host, values)
	if err := run.Keep(t.Context(), audit.Queries()); err != nil {
		t.Fatal(err)
	}
	return run
}

// values returns the values of variables and of inputs in dashboards. They are chosen to show much.
func (d demo) values() map[string]any {
	values := audit.Defaults()
	maps.Copy(values, d.choices())
	return values
}

// The controls find the truth, in SQLite and in Powerpipe, and the panels of the dashboards show the same in both.
func TestMod(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	d := openDemo(t)
	p := newProgram(t, d)
	values := d.values()
	run := d.keep(t, values)
	t.Run("lists", p.lists)
	t.Run("example", p.takesExample)
	t.Run("controls", func(t *testing.T) { d.controls(t, run, p) })
	t.Run("dashboards", func(t *testing.T) { d.dashboards(t, p, values) })
	t.Run("figures", func(t *testing.T) { d.figures(t, values) })
	t.Run("reader", func(t *testing.T) { d.reads(t) })
	t.Run("copies", func(t *testing.T) { d.copies(t, values) })
}

// panels runs the queries of the dashboards in PostgreSQL.
func (d demo) panels(t *testing.T, values map[string]any) {
	t.Helper()
	for _, query := range audit.Queries() {
		if audit.FindControl(query) != nil {
			continue
		}
		sql, arguments := d.prepared(t, query, values)
		if _, err := d.postgres.Exec(t.Context(), sql, arguments...); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// prepared returns a query in PostgreSQL's dialect, and its arguments.
func (d demo) prepared(t *testing.T, query string, values map[string]any) (sql string, arguments []any) {
	t.Helper()
	sql, params, err := audit.Prepared(query)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range params {
		arguments = append(arguments, values[p.Name])
	}
	return sql, arguments
}

// An account that only reads sees less, and no errors.
func (d demo) reads(t *testing.T) {
	values := d.values()
	values["workspace_slug"] = d.Workspaces[1].Slug
	visible, administered := 0, 0
	for _, r := range d.RepositoriesOf(d.Workspaces[1]) {
		switch d.EffectivePermission(r, d.Connected) {
		case "read":
			values["repository_full_name"] = r.FullName()
			fallthrough
		case "write":
			visible++
		case "admin":
			visible++
			administered++
		}
	}
	for permission, want := range map[string]string{
		"admin": fmt.Sprintf(" | %d of %d repositories | info", administered, visible),
		"read":  fmt.Sprintf(" | %d of %[1]d repositories | ok", visible),
	} {
		values["place"], values["permission"] = d.Workspaces[1].Slug, permission
		got := d.inPostgres(t, "seen", values)
		if !strings.HasPrefix(got, "Seen") || !strings.HasSuffix(got, want) {
			t.Errorf("%s: seen: %s, want Seen%s", permission, got, want)
		}
	}
	values["place"], values["permission"] = "", "admin"
	everywhere := fmt.Sprintf(" | %d of %d repositories | info", len(d.administered()), len(d.repositories()))
	if got := d.inPostgres(t, "seen", values); !strings.HasSuffix(got, everywhere) {
		t.Errorf("seen everywhere: %s, want Seen%s", got, everywhere)
	}
	d.panels(t, values)
}

// inPostgres returns the first row of a query in PostgreSQL, as a text.
func (d demo) inPostgres(t *testing.T, query string, values map[string]any) string {
	t.Helper()
	sql, arguments := d.prepared(t, query, values)
	rows, err := d.postgres.Query(t.Context(), sql, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("%s finds nothing: %v", query, rows.Err())
	}
	found, err := rows.Values()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, v := range found {
		texts = append(texts, valueText(v))
	}
	return strings.Join(texts, " | ")
}

// copies runs the queries of the dashboards on copies of the tables. They find the same, without a request.
func (d demo) copies(t *testing.T, values map[string]any) {
	script, err := os.ReadFile("copy_tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	// Here the schema public has the tables, and not the copies.
	sql := strings.NewReplacer(`:"connection".`, "public.", "public.", "copies.").Replace(string(script))
	if _, err := d.postgres.Exec(t.Context(), "create schema copies; "+sql+" set search_path = copies"); err != nil {
		t.Fatal(err)
	}
	before := len(d.fake.Journal())
	d.panels(t, values)
	if n := len(d.fake.Journal()) - before; n > 0 {
		t.Errorf("%d requests for the dashboards on the copies", n)
	}
}

func (d demo) controls(t *testing.T, run *audit.Run, p *program) {
	inPowerpipe := map[string][]audit.Resource{}
	for _, b := range audit.Benchmarks {
		maps.Copy(inPowerpipe, p.benchmark(t, b.Name))
	}
	for _, c := range audit.Controls {
		if truths[c.Name] == nil {
			t.Errorf("control %s has no expected results", c.Name)
			continue
		}
		want := truths[c.Name](d.world)
		bad := audit.Alarm
		if slices.Contains([]string{"branch_stale_approvals", "branch_pushes", "branch_force", "branch_delete"}, c.Name) {
			bad = audit.Info // a rule of the project may do what the repository's own don't, and no merge check shows it
		}
		for _, status := range []audit.Status{audit.OK, bad} {
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
		for _, r := range inSQLite.Resources {
			if _, twice := found[r.Resource]; twice {
				t.Errorf("%s: %s comes twice", c.Name, r.Resource)
			}
			found[r.Resource] = r.Status
			if !strings.HasSuffix(r.Reason, ".") || strings.Contains(r.Reason, "  ") {
				t.Errorf("%s: no sentence: %q", c.Name, r.Reason)
			}
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("SQLite: %s (-truth +found):\n%s", c.Name, diff)
		}
		if diff := cmp.Diff(resourceLines(inSQLite.Resources), resourceLines(inPowerpipe[c.Name])); diff != "" {
			t.Errorf("%s (-audit +Powerpipe):\n%s", c.Name, diff)
		}
	}
}

// resourceLines returns resources as sorted texts. Powerpipe does not have all statuses of the audit.
func resourceLines(resources []audit.Resource) []string {
	var all []string
	for _, r := range resources {
		status := r.Status
		if !slices.Contains([]audit.Status{audit.OK, audit.Alarm, audit.Info, audit.Error}, status) {
			status = audit.Skip
		}
		texts := []string{r.Resource, string(status), r.Reason}
		for _, dimension := range r.Dimensions {
			texts = append(texts, dimension.Name+"="+dimension.Value)
		}
		all = append(all, strings.Join(texts, " | "))
	}
	slices.Sort(all)
	return all
}

// dashboards runs all dashboards, compares each panel with its query in SQLite, and opens all links.
func (d demo) dashboards(t *testing.T, p *program, values map[string]any) {
	queries := map[string]string{} // names by SQL
	params := map[string][]audit.Param{}
	unused := map[string]bool{}
	for _, name := range audit.Queries() {
		if audit.FindControl(name) == nil {
			sql, declared, err := audit.Prepared(name)
			if err != nil {
				t.Fatal(err)
			}
			queries[sql+";"], params[name], unused[name] = name, declared, true
		}
	}
	snapshots := map[string]snapshot{}
	for _, dashboard := range p.list(t, "dashboard") {
		s := d.view(t, p, dashboard, values)
		snapshots[dashboard] = s
		s.leads(t, dashboard)
		for name, panel := range s.Panels {
			if panel.SQL == "" {
				continue
			}
			query := queries[strings.TrimSpace(panel.SQL)]
			if query == "" {
				t.Errorf("the mod does not have the query of %s:\n%s", name, panel.SQL)
				continue
			}
			delete(unused, query)
			want, err := d.ask(t.Context(), query, panel.values(t, params[query]))
			if err != nil {
				t.Errorf("SQLite: %s: %v", query, err)
				continue
			}
			got := panel.answer()
			if len(got.rows) == 0 {
				t.Errorf("%s shows nothing", query)
			}
			if diff := cmp.Diff(want.columns, got.columns); diff != "" {
				t.Errorf("%s: columns (-SQLite +Powerpipe):\n%s", query, diff)
			}
			if diff := cmp.Diff(sorted(want.rows), sorted(got.rows)); diff != "" {
				t.Errorf("%s (-SQLite +Powerpipe):\n%s", query, diff)
			}
			for column := range panel.Properties.Columns {
				if !slices.Contains(got.columns, column) {
					t.Errorf("%s: query %s has no column %q", name, query, column)
				}
			}
			if missing := missingColumns(panel.Type, got.columns); missing != "" {
				t.Errorf("%s: query %s has no column %s, which a %s needs", name, query, missing, panel.Type)
			}
		}
	}
	for name := range unused {
		t.Errorf("nothing shows query %s", name)
	}
	p.open(t, snapshots)
}

// missingColumns returns a column that a block needs and its query does not return.
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

// An answer has rows as texts.
type answer struct {
	columns []string
	rows    [][]string
}

func sorted(rows [][]string) []string {
	var all []string
	for _, r := range rows {
		all = append(all, strings.Join(r, " | "))
	}
	slices.Sort(all)
	return all
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
			r = append(r, valueText(v))
		}
		a.rows = append(a.rows, r)
	}
	return a, rows.Err()
}
