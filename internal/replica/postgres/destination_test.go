package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/postgres"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica/replicatest"
)

// TestDestination runs tests that need a server, but not one of their own. Each has a schema.
func TestDestination(t *testing.T) {
	server := postgrestest.StartServer(t)
	for _, tt := range []struct {
		name string
		test func(e *env)
	}{
		{"values", testValues}, {"odd documents", testOddDocuments}, {"declarations", testDeclarations}, {"migration", testMigration},
		{"other type", testOtherType}, {"history begins", testHistoryBegins}, {"nulls in scopes", testNullsInScopes},
		{"busy", testBusy}, {"lost lock", testLostLock}, {"time limits", testTimeLimits}, {"temporary files", testTemporaryFiles},
		{"reading while staging", testReadingWhileStaging}, {"not open", testNotOpen}, {"grants", testGrants},
		{"no privileges", testNoPrivileges}, {"read-only", testReadOnly}, {"other encoding", testOtherEncoding},
		{"other columns staged", testOtherColumnsStaged}, {"schema of any name", testSchemaOfAnyName},
		{"laws", testLaws}, {"lost connection", testLostConnection}, {"lost answer", testLostAnswer}, {"killed", testKilled},
		{"flat memory", testFlatMemory},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &env{T: t, server: server, conn: server.Connect(t), schema: strings.ReplaceAll(tt.name, " ", "_")}
			e.schema = strings.ReplaceAll(e.schema, "-", "_")
			tt.test(e)
		})
	}
}

// An env is a schema for a test.
type env struct {
	*testing.T
	server *postgrestest.Server
	conn   *pgx.Conn // of the superuser
	schema string
	runs   int
}

func (e *env) location() string { return e.server.Location() + "&schema=" + url.QueryEscape(e.schema) }

func (e *env) exec(statement string) {
	e.Helper()
	if _, err := e.conn.Exec(e.Context(), strings.ReplaceAll(statement, "SCHEMA", pgx.Identifier{e.schema}.Sanitize())); err != nil {
		e.Fatalf("%s: %v", statement, err)
	}
}

// lines returns what a query returns, one text for each row.
func (e *env) lines(query string) []string {
	e.Helper()
	rows, err := e.conn.Query(e.Context(), strings.ReplaceAll(query, "SCHEMA", pgx.Identifier{e.schema}.Sanitize()), pgx.QueryExecModeExec)
	if err != nil {
		e.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				values[i] = at.UTC().Format("15:04")
			}
		}
		return strings.TrimSuffix(fmt.Sprintln(values...), "\n"), err
	})
	if err != nil {
		e.Fatalf("%s: %v", query, err)
	}
	return all
}

func (e *env) want(query string, want ...string) {
	e.Helper()
	if diff := cmp.Diff(want, e.lines(query)); diff != "" {
		e.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

// run does a run at the hour that is its number.
func (e *env) run(changes []replica.Change, batches ...replicatest.Batch) (map[string]replica.Counts, error) {
	e.Helper()
	e.runs++
	started := time.Date(2026, 11, 30, e.runs, 0, 0, 0, time.UTC)
	run := &replicatest.Run{
		Run:     replica.Run{ID: fmt.Sprint("run", e.runs), StartedAt: started, EndedAt: started.Add(time.Minute), Version: "1.0.0"},
		Batches: batches, Changes: changes,
	}
	return run.Do(e.Context(), open(e, e.location()), -1)
}

func (e *env) mustRun(changes []replica.Change, batches ...replicatest.Batch) map[string]replica.Counts {
	e.Helper()
	counts, err := e.run(changes, batches...)
	if err != nil {
		e.Fatal(err)
	}
	return counts
}

// wantError checks that an error has these words.
func (e *env) wantError(err error, words ...string) {
	e.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			e.Errorf("error is %v, want %q in it", err, w)
		}
	}
}

// keys is a table with a history.
func keys() replica.Table {
	return replica.Table{
		Name: "bitbucket_key", Description: "Keys that aren't \\ public.", Key: []string{"id"}, HasHistory: true, Ignored: []string{"used_on"},
		Columns: []replica.Column{
			{Name: "id", Type: replica.Text, Description: "The key's id."}, {Name: "repository_uuid", Type: replica.Text, Description: "Repository."},
			{Name: "label", Type: replica.Text, Description: "Label."}, {Name: "used_on", Type: replica.Timestamp, Description: "Last use."},
		},
	}
}

func whole(t replica.Table) []replica.Change { return []replica.Change{{Table: t, IsWhole: true}} }

func newBatch(t replica.Table, rows ...[]any) replicatest.Batch {
	return replicatest.Batch{Table: t, Rows: rows}
}

func testValues(e *env) {
	table := replica.Table{Name: "bitbucket_value", Key: []string{"n"}, Columns: []replica.Column{
		{Name: "n", Type: replica.Integer}, {Name: "text", Type: replica.Text}, {Name: "flag", Type: replica.Boolean},
		{Name: "at", Type: replica.Timestamp}, {Name: "document", Type: replica.JSON}, {Name: "select", Type: replica.Text},
	}}
	at := func(year, nanoseconds int) time.Time {
		return time.Date(year, 12, 31, 23, 59, 59, nanoseconds, time.UTC)
	}
	rows := [][]any{
		{int64(0), nil, nil, nil, nil, nil},
		{int64(-1 << 63), "", false, at(0, 0), `null`, ""},
		{int64(1<<63 - 1), "\t\n\r\\N\\. '\"$1 \U0001f600é", true, at(9999, 999999000), `"text"`, `\`},
		{int64(1), strings.Repeat("long ", 1<<20), true, at(1969, 1000), `{"b": [1.50, 0, 1e300, {"\u00e9": "\ud83d\ude00"}], "a": {}}`, "x"},
		{int64(2), "\\x00", false, time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600)), `[]`, "\ufffd"},
	}
	e.mustRun(whole(table), newBatch(table, rows...))
	model := &replicatest.Model{}
	model.Apply(&replicatest.Run{Batches: []replicatest.Batch{newBatch(table, rows...)}, Changes: whole(table)})
	replicatest.Check(e, target(e.server.Location(), e.conn, e.schema), model, []replica.Table{table})
	if counts := e.mustRun(whole(table), newBatch(table, rows...)); counts[table.Name] != (replica.Counts{Rows: 5}) {
		e.Errorf("the same rows again: %+v, want that nothing is written", counts)
	}
	e.want("select pg_typeof(n), pg_typeof(text), pg_typeof(flag), pg_typeof(at), pg_typeof(document) from SCHEMA.bitbucket_value where n = 0",
		"bigint text boolean timestamp with time zone jsonb")
}

// Some JSON is more than jsonb can have, and some text is none. It is stored as near as possible.
func testOddDocuments(e *env) {
	table := replica.Table{Name: "bitbucket_odd", Key: []string{"id"}, Columns: []replica.Column{
		{Name: "id", Type: replica.Text}, {Name: "document", Type: replica.JSON},
	}}
	deep := strings.Repeat("[", 9999) + strings.Repeat("]", 9999)
	long := "0." + strings.Repeat("3", 20000)
	for document, want := range map[string]string{
		`{"a":"\ud800","\udc00":1}`:                              `{"a": "` + "\ufffd" + `", "` + "\ufffd" + `": 1}`,
		`{"a":"x\u0000y"}`:                                       `{"a": "x` + "\ufffd" + `y"}`,
		`{"a":"\\u0000"}`:                                        `{"a": "\\u0000"}`,
		`["\ud83d\ude00<&>", 1e999, 1e-999]`:                     `["` + "\U0001f600" + `<&>", 1` + strings.Repeat("0", 999) + `, 0.` + strings.Repeat("0", 998) + `1]`,
		`[1e131073, -1E+9999, 1e-20000, 1e99999999999999999999]`: `["1e131073", "-1E+9999", "1e-20000", "1e99999999999999999999"]`,
		long:       `"` + long + `"`,
		deep:       `"` + deep + `"`,
		`{"a":`:    `"{\"a\":"`,
		``:         `""`,
		"\"\xff\"": "\"\ufffd\"",
	} {
		e.mustRun(whole(table), newBatch(table, []any{"text \xff\x00", document}))
		got := e.lines("select id || ' ' || document from SCHEMA.bitbucket_odd")
		if diff := cmp.Diff([]string{"text \ufffd\ufffd " + want}, got); diff != "" {
			e.Errorf("%.50s (-want +got):\n%s", document, diff)
		}
	}
}

func testDeclarations(e *env) {
	member := replica.Table{Name: "bitbucket_member", Description: "Members.", Key: []string{"workspace_slug", "user_uuid"}, Columns: []replica.Column{
		{Name: "workspace_slug", Type: replica.Text}, {Name: "user_uuid", Type: replica.Text},
	}}
	changes := append(whole(keys()), whole(member)...)
	for range 2 { // again changes nothing
		e.mustRun(changes)
		e.want("select relname, obj_description(oid, 'pg_class') from pg_class where relnamespace = 'SCHEMA'::regnamespace and relkind in ('r', 'v') and relname ~ '^b' order by 1",
			`bitbucket_key Keys that aren't \ public.`, `bitbucket_key_current Keys that aren't \ public.`,
			`bitbucket_key_ended Earlier versions of the rows of bitbucket_key: they have changed, or are gone.`,
			`bitbucket_key_history All versions of the rows of bitbucket_key, with the times in which they were like this.`,
			`bitbucket_member Members.`, `bitbucket_member_current Members.`)
		for _, name := range []string{"bitbucket_key", "bitbucket_key_current", "bitbucket_key_ended", "bitbucket_key_history"} {
			e.want("select attname, col_description(attrelid, attnum) from pg_attribute where attrelid = 'SCHEMA."+name+"'::regclass and attnum > 0 order by attnum",
				"id The key's id.", "repository_uuid Repository.", "label Label.", "used_on Last use.", "valid_from Start of the run that first saw the row like this.",
				"valid_to Start of the run that no longer saw the row like this; null if it is current.", "run_id Run that first saw the row like this.")
		}
		e.want("select pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indrelid where relnamespace = 'SCHEMA'::regnamespace and relname ~ '^b' order by 1",
			"CREATE INDEX bitbucket_key_ended_id_idx ON declarations.bitbucket_key_ended USING btree (id)",
			"CREATE INDEX bitbucket_key_ended_valid_to_idx ON declarations.bitbucket_key_ended USING btree (valid_to)",
			"CREATE INDEX bitbucket_key_repository_uuid_idx ON declarations.bitbucket_key USING btree (repository_uuid)",
			"CREATE UNIQUE INDEX bitbucket_key_pkey ON declarations.bitbucket_key USING btree (id)",
			"CREATE UNIQUE INDEX bitbucket_member_pkey ON declarations.bitbucket_member USING btree (workspace_slug, user_uuid)")
		e.want("select count(*) from pg_class where relnamespace = 'SCHEMA'::regnamespace and relname ~ '^_staging'", "0")
	}
	e.want("select count(*) from pg_class c left join pg_attribute a on attrelid = c.oid and attnum > 0 where relname = '_sync_run' and relnamespace = 'SCHEMA'::regnamespace and col_description(c.oid, attnum) is null", "0")
	e.want("select id, started_at, ended_at, is_full, version, tables->'bitbucket_key'->>'rows' from SCHEMA._sync_run order by id", "run1 01:00 01:01 false 1.0.0 0", "run2 02:00 02:01 false 1.0.0 0")
}

// A new column comes last, and a column that is no longer copied stays, without values. What an administrator granted,
// and views on the views, stay.
func testMigration(e *env) {
	e.exec("create role reader_" + e.schema)
	old := keys()
	e.mustRun(whole(old), newBatch(old, []any{"a", "{r}", "one", nil}, []any{"b", "{r}", "two", nil}))
	e.exec("grant usage on schema SCHEMA to reader_migration")
	e.exec("grant select on SCHEMA.bitbucket_key, SCHEMA.bitbucket_key_current, SCHEMA.bitbucket_key_history, SCHEMA.bitbucket_key_ended to reader_migration")
	e.exec("create view SCHEMA.mine as select id, label from SCHEMA.bitbucket_key_history")
	table := keys()
	table.Columns = slices.Delete(slices.Clone(table.Columns), 2, 3) // no label any more
	table.Columns = append(table.Columns, replica.Column{Name: "kind", Type: replica.Text, Description: "Kind."})
	counts := e.mustRun(whole(table), newBatch(table, []any{"a", "{r}", nil, "rsa"}, []any{"b", "{s}", nil, "dsa"}))
	if n := counts[table.Name]; n.Added != 0 || n.Removed != 0 || n.Rows != 2 {
		e.Errorf("counts are %+v", n)
	}
	e.exec("set role reader_migration")
	const columns = "select id, repository_uuid, label, kind, valid_from, valid_to, run_id from "
	e.want(columns+"SCHEMA.bitbucket_key_current order by id", "a {r} <nil> rsa 01:00 <nil> run1", "b {s} <nil> dsa 02:00 <nil> run2")
	e.want(columns+"SCHEMA.bitbucket_key_history order by id, valid_from", "a {r} <nil> rsa 01:00 <nil> run1", "b {r} two <nil> 01:00 02:00 run1", "b {s} <nil> dsa 02:00 <nil> run2")
	e.want("select count(*) from SCHEMA.bitbucket_key_ended", "1")
	e.exec("reset role")
	e.want("select count(*) from SCHEMA.mine", "3")
	for _, name := range []string{"bitbucket_key", "bitbucket_key_current", "bitbucket_key_ended", "bitbucket_key_history"} {
		e.want("select attname, col_description(attrelid, attnum) from pg_attribute where attrelid = 'SCHEMA."+name+"'::regclass and attnum > 0 order by attnum desc limit 1", "kind Kind.")
	}
}

func testOtherType(e *env) {
	table := keys()
	e.mustRun(whole(table), newBatch(table, []any{"a", "{r}", "one", nil}))
	other := keys()
	other.Columns[2].Type = replica.Integer
	_, err := e.run(whole(other), newBatch(other, []any{"a", "{r}", int64(1), nil}))
	e.wantError(err, "column label", "type text", "bigint", `drop table "other_type"."bitbucket_key", "other_type"."bitbucket_key_ended" cascade`)
	e.want("select label from SCHEMA.bitbucket_key_current", "one")
	other = keys()
	other.Key = []string{"id", "repository_uuid"}
	_, err = e.run(whole(other), newBatch(other))
	e.wantError(err, "the key of", "is id,", "key id, repository_uuid", "cascade")
	e.exec(`drop table "other_type"."bitbucket_key", "other_type"."bitbucket_key_ended" cascade`)
	e.mustRun(whole(other), newBatch(other, []any{"a", "{r}", "one", nil}))
	e.want("select label from SCHEMA.bitbucket_key_current", "one")
}

// Rows that are there when a history begins are known to have been like this in the run before.
func testHistoryBegins(e *env) {
	plain := keys()
	plain.HasHistory, plain.Ignored = false, nil
	e.mustRun(whole(plain), newBatch(plain, []any{"a", "{r}", "one", nil}, []any{"b", "{r}", "two", nil}))
	table := keys()
	e.mustRun(whole(table), newBatch(table, []any{"a", "{r}", "one", nil}, []any{"b", "{r}", "three", nil}))
	want := []string{"a one 01:00 <nil> run1", "b two 01:00 02:00 run1", "b three 02:00 <nil> run2"}
	const history = "select id, label, valid_from, valid_to, run_id from SCHEMA.bitbucket_key_history order by id, valid_from"
	e.want(history, want...)
	e.mustRun(whole(plain), newBatch(plain, []any{"b", "{r}", "three", nil})) // the history goes on
	want[0] = "a one 01:00 03:00 run1"
	e.want(history, want...)
}

func testNullsInScopes(e *env) {
	table := keys()
	e.mustRun(whole(table), newBatch(table, []any{"a", "{r}", "", nil}, []any{"b", nil, "", nil}, []any{"c", "{s}", "", nil}))
	replaced := func(column string, values ...any) []replica.Change {
		scope := replica.Scope{Columns: []string{column}}
		for _, v := range values {
			scope.Values = append(scope.Values, []any{v})
		}
		return []replica.Change{{Table: table, Replaced: []replica.Scope{scope}}}
	}
	e.mustRun(replaced("repository_uuid"))
	e.want("select id from SCHEMA.bitbucket_key order by 1", "a", "b", "c")
	e.mustRun(replaced("repository_uuid", nil))
	e.want("select id from SCHEMA.bitbucket_key order by 1", "a", "c")
	e.mustRun(replaced("repository_uuid", "{s}", nil))
	e.want("select id from SCHEMA.bitbucket_key order by 1", "a")
	_, err := e.run(replaced("nothing", "x"))
	e.wantError(err, "column nothing")
}

func testBusy(e *env) {
	first := open(e, e.location())
	before := time.Now().Add(-time.Minute)
	if _, err := first.Open(e.Context()); err != nil {
		e.Fatal(err)
	}
	_, err := open(e, e.location()).Open(e.Context())
	var busy *replica.BusyError
	if !errors.As(err, &busy) {
		e.Fatalf("error is %v, want that another run has the destination", err)
	}
	host, _ := os.Hostname()
	if name := fmt.Sprintf("process %d on %s", os.Getpid(), host); !strings.HasPrefix(name, busy.Holder) || busy.Holder == "" {
		e.Errorf("holder is %q, want %q", busy.Holder, name)
	}
	if busy.Since.Before(before) || busy.Since.After(time.Now().Add(time.Minute)) {
		e.Errorf("the other run has it since %v, want now", busy.Since)
	}
	e.wantError(err, "database postgres, schema busy")
	other := &env{T: e.T, server: e.server, schema: "not_busy"}
	if _, err := open(e, other.location()).Open(e.Context()); err != nil {
		e.Errorf("a run to another schema: %v", err)
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		e.Fatal(err)
	}
	if _, err := open(e, e.location()).Open(e.Context()); err != nil {
		e.Errorf("after the first run has ended: %v", err)
	}
}

// A pooler in transaction mode gives a transaction a session that does not have the lock.
func testLostLock(e *env) {
	d := open(e, e.location())
	if _, err := d.Open(e.Context()); err != nil {
		e.Fatal(err)
	}
	e.exec("create function SCHEMA.unlock() returns trigger language plpgsql as 'begin perform pg_advisory_unlock_all(); return new; end'")
	e.exec("create trigger unlock before update on SCHEMA._sync_state for each row execute function SCHEMA.unlock()")
	stage := func() error {
		return d.Stage(e.Context(), replica.Batch{Table: keys(), Rows: replicatest.Seq(nil, nil)}, replicatest.Progress(`1`))
	}
	if err := stage(); err != nil {
		e.Fatal(err)
	}
	e.wantError(stage(), "lost the lock", "session mode")
	_, err := d.Publish(e.Context(), replica.Run{ID: "run"}, whole(keys()), nil)
	e.wantError(err, "lost the lock")
	e.want("select count(*) from SCHEMA._sync_run", "0")
}

// The role has time limits, and may lose commits.
func testTimeLimits(e *env) {
	e.exec("create role hurried login superuser")
	limits := []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"}
	for _, name := range limits {
		e.exec("alter role hurried set " + name + " = '1h'")
	}
	e.exec("alter role hurried set synchronous_commit = off")
	d := open(e, strings.Replace(e.location(), "steampipe@", "hurried@", 1))
	if _, err := d.Open(e.Context()); err != nil {
		e.Fatal(err)
	}
	e.exec("create table SCHEMA.seen (name text, setting text)")
	e.exec("create function SCHEMA.see() returns trigger language plpgsql as 'begin insert into SCHEMA.seen select name, setting from pg_settings; return new; end'")
	e.exec("create trigger see before update on SCHEMA._sync_state for each row execute function SCHEMA.see()")
	if _, err := d.Publish(e.Context(), replica.Run{ID: "run"}, nil, nil); err != nil {
		e.Fatal(err)
	}
	e.want("select setting from SCHEMA.seen where name = any ('{"+strings.Join(limits, ",")+"}')", "0", "0", "0", "0")
	e.want("select setting from SCHEMA.seen where name = 'synchronous_commit'", "on")
}

// A merge that may not write temporary files fails, and goes on when it may.
func testTemporaryFiles(e *env) {
	table := keys()
	var rows [][]any
	for i := range 20000 {
		rows = append(rows, []any{fmt.Sprint(i), "{r}", "", nil})
	}
	e.exec("create role narrow login superuser")
	e.exec("alter role narrow set work_mem = 64")
	e.exec("alter role narrow set temp_file_limit = 0")
	run := &replicatest.Run{Run: replica.Run{ID: "run"}, Batches: []replicatest.Batch{newBatch(table, rows...)}, Changes: whole(table)}
	location := strings.Replace(e.location(), "steampipe@", "narrow@", 1)
	_, err := run.Do(e.Context(), open(e, location), -1)
	e.wantError(err, "publishing the run", "temporary file", "more room", "Readers see the rows as they were")
	e.want("select count(*) from SCHEMA._sync_run", "0")
	e.want("select count(*) from SCHEMA._staging_bitbucket_key", "20000")
	e.exec("alter role narrow reset temp_file_limit")
	counts, err := run.Do(e.Context(), open(e, location), -1)
	if err != nil || counts[table.Name].Added != 20000 {
		e.Errorf("with temporary files: %+v, %v", counts, err)
	}
}

// Rows may come from the destination itself. Who has read enough stops.
func testReadingWhileStaging(e *env) {
	table := keys()
	e.mustRun(whole(table), newBatch(table, []any{"a", "{r}", "one", nil}, []any{"b", "{r}", "two", nil}))
	d := open(e, e.location())
	if _, err := d.Open(e.Context()); err != nil {
		e.Fatal(err)
	}
	columns := []string{"id", "repository_uuid", "label", "used_on"}
	if err := d.Stage(e.Context(), replica.Batch{Table: table, Rows: d.Current(e.Context(), table, columns)}, replicatest.Progress(`1`)); err != nil {
		e.Fatal(err)
	}
	e.want("select id from SCHEMA._staging_bitbucket_key order by 1", "a", "b")
	for range d.Current(e.Context(), table, columns) {
		break
	}
	ctx, cancel := context.WithCancel(e.Context())
	cancel()
	for _, err := range d.Current(ctx, table, columns) {
		if !errors.Is(err, context.Canceled) {
			e.Errorf("a canceled reader got %v", err)
		}
	}
	if err := d.Discard(e.Context()); err != nil {
		e.Fatal(err)
	}
	e.want("select count(*) from pg_class where relnamespace = 'SCHEMA'::regnamespace and relname ~ '^_staging'", "0")
}

func testNotOpen(e *env) {
	d := open(e, e.location())
	_, published := d.Publish(e.Context(), replica.Run{}, nil, nil)
	for _, err := range []error{d.Stage(e.Context(), replica.Batch{Table: keys(), Rows: replicatest.Seq(nil, nil)}, replicatest.Progress(`1`)), d.Discard(e.Context()), published, d.Close()} {
		if err != nil {
			e.wantError(err, "not open")
		}
	}
}

// The role owns nothing but a schema that an administrator made for it.
func testGrants(e *env) {
	e.exec("create role owner_of_schema login")
	e.exec("create schema SCHEMA authorization owner_of_schema")
	run := replicatest.NewGenerator(1).Next()
	if _, err := run.Do(e.Context(), open(e, strings.Replace(e.location(), "steampipe@", "owner_of_schema@", 1)), -1); err != nil {
		e.Error(err)
	}
	e.want("select count(*) from SCHEMA._sync_run", "1")
}

func testNoPrivileges(e *env) {
	e.exec("create role stranger login")
	location := strings.Replace(e.location(), "steampipe@", "stranger@", 1)
	_, err := open(e, location).Open(e.Context())
	e.wantError(err, "role stranger may not create it", `create schema "no_privileges" authorization "stranger"`)
	e.exec("create schema SCHEMA")
	_, err = open(e, location).Open(e.Context())
	e.wantError(err, `grant usage, create on schema "no_privileges" to "stranger"`)
	e.exec("grant usage, create on schema SCHEMA to stranger")
	if err := runOnce(e, location); err != nil {
		e.Error(err)
	}
	e.exec("alter table SCHEMA._sync_run owner to steampipe")
	_, err = open(e, location).Open(e.Context())
	e.wantError(err, `does not own "no_privileges"."_sync_run"`)
}

func runOnce(e *env, location string) error {
	_, err := replicatest.NewGenerator(1).Next().Do(e.Context(), open(e, location), -1)
	return err
}

func testReadOnly(e *env) {
	e.exec("create role careful login superuser")
	e.exec("alter role careful set default_transaction_read_only = on")
	_, err := open(e, strings.Replace(e.location(), "steampipe@", "careful@", 1)).Open(e.Context())
	e.wantError(err, "read-only", `alter role "careful" set default_transaction_read_only = off`)
}

func testOtherEncoding(e *env) {
	e.exec("create database latin encoding 'LATIN1' locale 'C' template template0")
	_, err := open(e, strings.Replace(e.location(), "/postgres?", "/latin?", 1)).Open(e.Context())
	e.wantError(err, "encoding LATIN1", "UTF8")
}

func testOtherColumnsStaged(e *env) {
	run := &replicatest.Run{Run: replica.Run{ID: "run"}, Changes: whole(keys()), Batches: []replicatest.Batch{newBatch(keys()), newBatch(keys())}}
	if _, err := run.Do(e.Context(), open(e, e.location()), 1); err != nil {
		e.Fatal(err)
	}
	for i := range run.Batches {
		run.Batches[i].Table.Columns = run.Batches[i].Table.Columns[:3]
	}
	_, err := run.Do(e.Context(), open(e, e.location()), -1)
	e.wantError(err, "another version of the plugin has staged other columns")
}

func testSchemaOfAnyName(e *env) {
	e.schema = `A "schema" & more; ` + "é"
	e.mustRun(whole(keys()), newBatch(keys(), []any{"a", nil, nil, nil}))
	e.mustRun(whole(keys()))
	e.want("select id from SCHEMA.bitbucket_key_history", "a")
}

func TestLocation(t *testing.T) {
	for location, want := range map[string]string{
		"mysql://host/db":                             "begins with postgres://",
		"postgres://u:sec%ret@host/db":                "encoded as in a URL",
		"postgres://u:sec:ret@host:port/db":           "encoded as in a URL",
		"postgres://u@host/db?sslmode=secret":         "encoded as in a URL",
		"postgres://u:secret@host/db?schema=":         "1 to 63 bytes",
		"postgres://u:secret@host/db?schema=%zz":      "not encoded",
		"postgres://u:secret@host/db?schema=pg_x":     "PostgreSQL's own",
		"postgres://u:secret@host/db?sslrootcert=/no": "must be there",
	} {
		_, err := postgres.New(location)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: error is %v, want %q in it, and no secret", location, err, want)
		}
	}
	for _, location := range []string{"postgres:///", "postgresql://u:p@a:1,b:2/db?schema=x&sslmode=disable", "postgres://host?schema=a%20b"} {
		if _, err := postgres.New(location); err != nil {
			t.Errorf("%s: %v", location, err)
		}
	}
}

// No password is in the error of a connection that fails.
func TestUnreachable(t *testing.T) {
	_, err := open(t, "postgres://u:secret@127.0.0.1:1/db?sslmode=disable&schema=x").Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), "connecting to PostgreSQL at 127.0.0.1, database db, schema x") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v", err)
	}
}
