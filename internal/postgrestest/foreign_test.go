package postgrestest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // the SDK logs every error to standard error
	os.Exit(m.Run())
}

func open(t *testing.T) (*pgx.Conn, *sqlhost.Host) {
	t.Helper()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(fake.Organization().Connected.UUID, fakebitbucket.AllScopes()...))
	host, err := sqlhost.Open(bitbucket.NewServer(), []sqlhost.Connection{{Name: "bitbucket", Plugin: "local/bitbucket", Config: config}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close() })
	conn := Start(t)
	Link(t, conn, host)
	return conn, host
}

// queryRows returns the rows of a query.
func queryRows(t *testing.T, conn *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

// PostgreSQL has the rows that the plugin has, whatever it leaves to the plugin and whatever it does itself.
func TestLinkedRows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	conn, host := open(t)
	for _, sql := range []string{
		"select full_name from bitbucket_repository",
		"select full_name from bitbucket_repository where workspace_slug = 'harbor-labs' and not is_private",
		"select full_name from bitbucket_repository where workspace_slug in ('harbor-labs', 'QuarryTools') and language = 'go'",
		"select full_name from bitbucket_repository where created_on >= '2024-01-01 00:00:00' order by full_name limit 3",
		"select cast(count(*) as text) from bitbucket_my_repository",
		"select permission || ' ' || count(*) from bitbucket_my_repository group by permission",
		"select min(r.language) from bitbucket_my_workspace w join bitbucket_repository r on r.workspace_slug = w.slug group by w.slug",
	} {
		rows, err := host.Query(t.Context(), sql)
		if err != nil {
			t.Fatalf("SQLite: %s: %v", sql, err)
		}
		want := map[string]int{}
		for rows.Next() {
			want[fmt.Sprint(rows.Values()[0])]++
		}
		rows.Close()
		if err := rows.Err(); err != nil || len(want) == 0 {
			t.Fatalf("SQLite: %s: %d rows, %v", sql, len(want), err)
		}
		found := map[string]int{}
		for _, text := range queryRows(t, conn, sql) {
			found[text]++
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s (-SQLite +PostgreSQL):\n%s", sql, diff)
		}
	}
}

// A join asks for the rows of each value, and a table that is materialized is read as a whole.
func TestLinkedPlans(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	conn, _ := open(t)
	for sql, want := range map[string]string{
		"select g.slug from bitbucket_my_workspace w join bitbucket_group g on g.workspace_slug = w.slug":                                        "FROM main.bitbucket_group WHERE (($1::text = workspace_slug))",
		"select g.slug from bitbucket_my_workspace w left join bitbucket_group g on g.workspace_slug = w.slug":                                   "FROM main.bitbucket_group WHERE ((workspace_slug = $1::text))",
		"with g as materialized (select * from bitbucket_group) select g.slug from bitbucket_my_workspace w join g on g.workspace_slug = w.slug": "FROM main.bitbucket_group\n",
		"select count(*) from bitbucket_repository where workspace_slug = 'a' and created_on > now() order by 1":                                 "FROM main.bitbucket_repository WHERE ((workspace_slug = 'a'))",
	} {
		plan := strings.Join(queryRows(t, conn, "explain verbose "+sql), "\n") + "\n"
		if !strings.Contains(plan, want) {
			t.Errorf("%s\nwant %s in the plan:\n%s", sql, want, plan)
		}
	}
}

// What the plugin refuses fails, and the next query works.
func TestLinkedErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	conn, _ := open(t)
	_, err := conn.Exec(t.Context(), "select * from bitbucket_branch where repository_full_name = 'nobody/nothing'")
	if err == nil || !strings.Contains(err.Error(), "nobody/nothing") {
		t.Errorf("error %v, want one about the repository", err)
	}
	if n := queryRows(t, conn, "select slug from bitbucket_my_workspace"); len(n) == 0 {
		t.Error("no workspaces after an error")
	}
}
