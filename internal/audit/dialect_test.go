package audit

import (
	"database/sql"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
)

func TestQueriesAreWritten(t *testing.T) {
	t.Parallel()
	values := Defaults()
	for _, name := range []string{"workspace_slug", "repository_full_name", "user_uuid"} {
		values[name] = "it's"
	}
	values["since"], values["place"], values["permission"] = 90, "it's", "admin"
	for _, query := range Queries() {
		sqlite, err := SQL(query, values)
		if err != nil {
			t.Error(err)
		}
		postgres, params, err := Prepared(query)
		if err != nil {
			t.Error(err)
		}
		for _, sql := range []string{sqlite, postgres} {
			if strings.Contains(sql, "<no value>") || strings.Contains(sql, "{{") || strings.HasPrefix(sql, "\n") {
				t.Errorf("%s is not written out:\n%s", query, sql)
			}
		}
		if strings.Contains(sqlite, "$1") || strings.Contains(sqlite, "::") {
			t.Errorf("%s is not valid in SQLite:\n%s", query, sqlite)
		}
		for _, p := range params {
			if _, ok := values[p.Name]; !ok {
				t.Errorf("%s takes the unknown variable %s", query, p.Name)
			}
		}
	}
	if _, err := SQL("repository_overview", Defaults()); err == nil || !strings.Contains(err.Error(), "repository_full_name has no value") {
		t.Errorf("a query without its value: %v", err)
	}
	if _, err := SQL("nope", values); err == nil {
		t.Error("a query that is not there was written")
	}
	sql, err := SQL("repository_overview", values)
	if err != nil || !strings.Contains(sql, "full_name = 'it''s'") {
		t.Errorf("a text was not quoted: %v\n%s", err, sql)
	}
	values["min_approvals"] = "2"
	if _, err := SQL("branch_approvals", values); err == nil || !strings.Contains(err.Error(), "min_approvals is 2, which is not a number") {
		t.Errorf("a text for a number: %v", err)
	}
}

// Reports only show the scheme and the host of an address.
func TestHost(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	postgres := postgrestest.Start(t)
	for address, want := range map[string]string{
		"https://hooks.example.com/services/T0/B0/hush": "https://hooks.example.com",
		"https://hooks.example.com?token=hush":          "https://hooks.example.com",
		"https://hooks.example.com#hush":                "https://hooks.example.com",
		"http://build.example.com:8080/hush/":           "http://build.example.com:8080",
		"https://user:hush@example.com/a@b":             "https://example.com",
		"https://user:hu@sh@example.com":                "https://example.com",
		"https://example.com?to=hush@example.org":       "https://example.com",
		"https://[2001:db8::1]:443/hush":                "https://[2001:db8::1]:443",
		"hooks.example.com/hush":                        "hooks.example.com",
		"":                                              "",
	} {
		var inSQLite, inPostgres string
		if err := db.QueryRowContext(t.Context(), "select "+(&writer{dialect: SQLite}).host("?1"), address).Scan(&inSQLite); err != nil {
			t.Fatal(err)
		}
		if err := postgres.QueryRow(t.Context(), "select "+(&writer{dialect: PostgreSQL}).host("$1::text"), address).Scan(&inPostgres); err != nil {
			t.Fatal(err)
		}
		if inSQLite != want || inPostgres != want {
			t.Errorf("%s: %q in SQLite and %q in PostgreSQL, want %q", address, inSQLite, inPostgres, want)
		}
	}
}

// Every control in the mod exists, and so does everything that the benchmarks name.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	queries := map[string]bool{}
	for _, query := range Queries() {
		queries[query] = true
	}
	judged := map[string]bool{}
	for _, b := range Benchmarks {
		for _, name := range b.All() {
			judged[name] = true
			if FindControl(name) == nil {
				t.Errorf("benchmark %s has no control %s", b.Name, name)
			}
		}
		if FindBenchmark(b.Name) != b {
			t.Errorf("benchmark %s is not found", b.Name)
		}
	}
	for i, c := range Controls {
		if !queries[c.Name] || !judged[c.Name] || FindControl(c.Name) != Controls[i] {
			t.Errorf("control %s has no query or benchmark, or its name is another's", c.Name)
		}
		for _, text := range []string{c.Risk, c.Remedy} {
			if !strings.HasSuffix(text, ".") || strings.Contains(text, "  ") {
				t.Errorf("control %s: %q is not a sentence", c.Name, text)
			}
		}
	}
	for i, v := range Variables {
		if found, ok := FindVariable(v.Name); !ok || found.Description != v.Description {
			t.Errorf("variable %s is not found", v.Name)
		}
		if i > 0 && Variables[i-1].Name >= v.Name {
			t.Errorf("variable %s is not in its place", v.Name)
		}
		if _, err := literal(v.Name, v.Kind(), v.Default); err != nil {
			t.Error(err)
		}
	}
}

// Of those with the same name, each has a suffix. Two rows of one user are no reason for one.
func TestNamed(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	postgres := postgrestest.Start(t)
	for expression, want := range map[string]string{
		named("name", "uuid"):              "Ada Byron (0001aaaa), Ada Byron (0002bbbb), Bo Diddley, Bo Diddley",
		named("name", "slug"):              "Ada Byron (ada), Ada Byron (byron), Bo Diddley, Bo Diddley",
		named("name", "uuid", "workspace"): "Ada Byron (acme), Ada Byron (other), Bo Diddley, Bo Diddley",
	} {
		const people = `(select '{0001aaaa-1}' as uuid, 'Ada Byron' as name, 'ada' as slug, 'acme' as workspace
			union all select '{0002bbbb-2}', 'Ada Byron', 'byron', 'other'
			union all select '{0003cccc-3}', 'Bo Diddley', 'bo', 'acme'
			union all select '{0003cccc-3}', 'Bo Diddley', 'bo', 'acme')`
		query := "select string_agg(shown, ', ' order by shown) from (select " + expression + " as shown from " + people + " as people) as named"
		var inSQLite, inPostgres string
		if err := db.QueryRow(query).Scan(&inSQLite); err != nil {
			t.Fatal(err)
		}
		if err := postgres.QueryRow(t.Context(), query).Scan(&inPostgres); err != nil {
			t.Fatal(err)
		}
		if inSQLite != want || inPostgres != want {
			t.Errorf("%s: SQLite %q, PostgreSQL %q, want %q", expression, inSQLite, inPostgres, want)
		}
	}
}
