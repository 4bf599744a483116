package replicatest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// Sync copies the tables that match one of the patterns, as the connected user of a fake sees them. It is the next run of the
// connection bitbucket, in a process that has nothing in its caches.
func Sync(t testing.TB, fake *fakebitbucket.Server, to replica.Destination, patterns ...string) replica.Summary {
	t.Helper()
	config := fmt.Sprintf("access_token = %q\nbase_url = %q\nmax_age = \"0s\"\n", fake.AccessToken(fake.Organization().Connected.UUID), fake.URL())
	connections := []sqlhost.Connection{{Name: "bitbucket", Plugin: "local/bitbucket", Config: config}}
	open := func(s *bitbucket.Server) *sqlhost.Host {
		host, err := sqlhost.Open(s, connections)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = host.Close() })
		return host
	}
	server := bitbucket.NewServer()
	rehearsal := server.Rehearse()
	source := &replica.Plugin{Connection: "bitbucket", Server: server, Host: open(server), Rehearsal: rehearsal, Rehearsed: open(rehearsal)}
	specs, err := replica.Select(source.Host.Tables(), patterns, nil)
	if err != nil {
		t.Fatal(err)
	}
	options := replica.Options{Connection: "bitbucket", Version: "1.0.0", FullEvery: 7 * 24 * time.Hour, QuotaShare: 1}
	summary, err := replica.Copy(t.Context(), source, to, specs, options)
	if err := errors.Join(err, to.Close()); err != nil {
		t.Fatal(err)
	}
	return summary
}

// Date moves the runs that a schema has to other times, the first run to the first of them, as if days had passed between them.
func Date(t testing.TB, conn *pgx.Conn, schema string, times ...time.Time) {
	t.Helper()
	ctx := t.Context()
	exec := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := conn.Exec(ctx, statement, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	exec("create temp table moved (before timestamptz, after timestamptz)")
	runs := pgx.Identifier{schema, "_sync_run"}.Sanitize()
	exec(`insert into moved select started_at, after from (select started_at, row_number() over (order by started_at) as n from `+runs+`) as run
		join unnest($1::timestamptz[]) with ordinality as wanted (after, n) using (n)`, times)
	exec("update " + runs + " set (started_at, ended_at) = row(after, after + (ended_at - started_at)) from moved where started_at = before")
	rows, err := conn.Query(ctx, "select table_name::text, column_name::text from information_schema.columns join information_schema.tables "+
		"using (table_schema, table_name) where table_schema = $1 and table_type = 'BASE TABLE' and column_name in ('valid_from', 'valid_to')", schema)
	if err != nil {
		t.Fatal(err)
	}
	type dated struct{ Table, Column string }
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[dated])
	if err != nil || len(columns) == 0 {
		t.Fatalf("%d tables with a history: %v", len(columns), err)
	}
	for _, c := range columns {
		exec("update " + pgx.Identifier{schema, c.Table}.Sanitize() + " set " + c.Column + " = after from moved where " + c.Column + " = before")
	}
	exec("drop table moved")
}
