package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// The copies of all tables have the rows that query returns, column by column. DuckDB and PostgreSQL
// read them.
func TestSyncEqualsQuery(t *testing.T) {
	t.Parallel()
	dir, server := t.TempDir(), postgrestest.StartServer(t)
	duckdb := programtest.Tool(t, "../../tools/duckdb", "duckdb")
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 24})
	for _, to := range []string{"parquet:" + dir, server.Location()} {
		if got := runCommand(t, "", "sync", "--quiet", "--config", configOf(t, fake), "--to", to); got.code != exitOK {
			t.Fatalf("exit code %d: %s", got.code, got.err)
		}
	}
	truth := openTables(t, fake)
	tables := map[string][]sqlhost.Column{}
	for _, table := range truth.Tables() {
		if columns := copiedColumns(table); columns != nil {
			tables[table.Name] = columns
		}
	}
	fromDuckDB := inDuckDB(t, duckdb, dir, tables)
	conn := server.Connect(t)
	for name, columns := range tables {
		want := truthOf(t, truth, name, columns)
		if len(want) == 0 {
			t.Errorf("%s has no rows", name)
		}
		if diff := cmp.Diff(want, rowTexts(t, fromDuckDB[name])); diff != "" {
			t.Errorf("%s in DuckDB (-query +DuckDB):\n%.3000s", name, diff)
		}
		var fromPostgres []map[string]*string
		var text string
		sql := "select coalesce(json_agg(q), '[]')::text from (" + selection(columns, "((extract(epoch from %s) * 1000000)::bigint)::text", "bitbucket."+name) + ") as q"
		if err := conn.QueryRow(t.Context(), sql).Scan(&text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := json.Unmarshal([]byte(text), &fromPostgres); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, rowTexts(t, fromPostgres)); diff != "" {
			t.Errorf("%s in PostgreSQL (-query +PostgreSQL):\n%.3000s", name, diff)
		}
	}
}

// openTables opens the tables of a connection to the fake.
func openTables(t *testing.T, fake *fakebitbucket.Server) *sqlhost.Host {
	t.Helper()
	config := connectionBody([]spcArgument{{name: "access_token", value: fake.AccessToken(fake.Organization().Connected.UUID)}, {name: "base_url", value: fake.URL()}})
	db, err := openDatabase([]sqlhost.Connection{{Name: "work", Plugin: localPlugin, Config: config}}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.close)
	return db.Host
}

// copiedColumns returns the columns of a table that copies have, or nil if it is not copied.
func copiedColumns(table sqlhost.Table) (columns []sqlhost.Column) {
	_, left, ok := bitbucket.CopyingOf(table.Name)
	for _, c := range table.Columns {
		if ok && !c.Hidden && !slices.Contains(left, c.Name) {
			columns = append(columns, c)
		}
	}
	return columns
}

// truthOf returns the rows of the command query as texts.
func truthOf(t *testing.T, host *sqlhost.Host, table string, columns []sqlhost.Column) []string {
	t.Helper()
	var names []string
	for _, c := range columns {
		names = append(names, sqlhost.Quote(c.Name))
	}
	rows, err := host.Query(context.Background(), "select "+strings.Join(names, ", ")+" from "+table)
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	defer rows.Close()
	var found []map[string]*string
	for rows.Next() {
		row := map[string]*string{}
		for i, v := range rows.Values() {
			if v == nil {
				continue
			}
			text := fmt.Sprint(v)
			switch columns[i].Type {
			case sqlhost.Boolean:
				text = map[string]string{"0": "false", "1": "true"}[text]
			case sqlhost.Timestamp:
				at, err := time.Parse(time.RFC3339Nano, text)
				if err != nil {
					t.Fatal(err)
				}
				text = fmt.Sprint(at.UnixMicro())
			}
			row[columns[i].Name] = &text
		}
		found = append(found, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return rowTexts(t, found)
}

// selection returns a query for all columns as texts. Times are in microseconds since 1970.
func selection(columns []sqlhost.Column, micros, from string) string {
	var parts []string
	for _, c := range columns {
		name := sqlhost.Quote(c.Name)
		value := "cast(" + name + " as varchar)"
		if c.Type == sqlhost.Timestamp {
			value = fmt.Sprintf(micros, name)
		}
		parts = append(parts, value+" as "+name)
	}
	return "select " + strings.Join(parts, ", ") + " from " + from
}

// inDuckDB returns the rows of all tables in DuckDB. It starts once, which takes longer than the queries.
func inDuckDB(t *testing.T, duckdb, dir string, tables map[string][]sqlhost.Column) map[string][]map[string]*string {
	t.Helper()
	var statements, parts []string
	for name, columns := range tables {
		files := fmt.Sprintf("read_parquet('%s/%s/*.parquet')", dir, name)
		statements = append(statements, "create view "+name+" as "+selection(columns, "epoch_us(%s)::varchar", files))
		parts = append(parts, fmt.Sprintf("select '%s' as name, coalesce(to_json(list(q)), '[]') as rows from %[1]s as q", name))
	}
	cmd := exec.CommandContext(t.Context(), duckdb, append(statements, strings.Join(parts, " union all "))...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var found []struct {
		Name string
		Rows []map[string]*string
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	rows := map[string][]map[string]*string{}
	for _, f := range found {
		rows[f.Name] = f.Rows
	}
	return rows
}

// rowTexts returns rows as texts that can be compared, sorted.
func rowTexts(t *testing.T, rows []map[string]*string) (texts []string) {
	t.Helper()
	for _, row := range rows {
		values := map[string]any{}
		for name, text := range row {
			if text == nil {
				continue
			}
			values[name] = *text
			var document any // the same JSON has several forms
			if strings.HasPrefix(*text, "{") || strings.HasPrefix(*text, "[") {
				if json.Unmarshal([]byte(*text), &document) == nil {
					values[name] = document
				}
			}
		}
		text, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	slices.Sort(texts)
	return texts
}
