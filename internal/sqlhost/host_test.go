package sqlhost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

func TestColumns(t *testing.T) {
	moment := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
	table := &fakeTable{
		schema: &proto.TableSchema{Columns: columnDefinitions("b BOOL", "i INT", "d DOUBLE", "s STRING", "j JSON", "old DATETIME",
			"ip IPADDR", "net CIDR", "ts TIMESTAMP", "inet INET", "tree LTREE", `odd"name STRING`)},
		rows: []fakeRow{
			{"b": true, "i": int64(1), "d": 1.5, "s": "é\x00'", "j": rawJSON(`{"a": [1, {"b": true}]}`), "old": moment, "ip": "10.0.0.1",
				"net": "10.0.0.0/8", "ts": moment.Add(120 * time.Millisecond), "inet": "::1", "tree": "a.b", `odd"name`: "x"},
			{"b": false},
		},
	}
	tests := map[string]struct {
		query string
		want  []string
		types []Type
	}{
		"all": {
			`select * from t limit 1`,
			[]string{"1|1|1.5|é\x00'|{\"a\": [1, {\"b\": true}]}|2026-03-04T04:06:07+00:00|10.0.0.1|10.0.0.0/8|2026-03-04T04:06:07.12+00:00|::1|a.b|x"},
			[]Type{Boolean, Integer, Real, Text, JSON, Timestamp, Inet, Inet, Timestamp, Inet, Ltree, Text},
		},
		"null":                {`select i, ts, j from t where b = 0`, []string{"<nil>|<nil>|<nil>"}, []Type{Integer, Timestamp, JSON}},
		"hidden":              {`select sp_connection_name, _ctx from t where b`, []string{"c1|<nil>"}, []Type{Text, JSON}},
		"json path":           {`select j ->> '$.a[1].b', j -> 'a' from t where b`, []string{`1|[1,{"b":true}]`}, []Type{"", ""}},
		"storage classes":     {`select typeof(b), typeof(i), typeof(d), typeof(s), typeof(j), typeof(ts) from t where b`, []string{"integer|integer|real|text|text|text"}, nil},
		"date functions":      {`select date(ts, '+1 day'), strftime('%Y', old), old = datetime(old) from t where b`, []string{"2026-03-05|2026|1"}, []Type{"", "", ""}},
		"odd name":            {`select "odd""name" from t where b`, []string{"x"}, []Type{Text}},
		"through a view":      {`select x.when_ts from (select ts as when_ts from t where b) x`, []string{"2026-03-04T04:06:07.12+00:00"}, []Type{Timestamp}},
		"no column":           {`select count(*) from t`, []string{"2"}, []Type{""}},
		"schema":              {`select i from c1.t where b`, []string{"1"}, []Type{Integer}},
		"schema upper case":   {`select i from C1.T where b`, []string{"1"}, []Type{Integer}},
		"schema quoted":       {`select c1.t.i from "c1".t where b`, []string{"1"}, []Type{Integer}},
		"no table":            {`values (1, 'a', null, x'00')`, []string{"1|a|<nil>|[0]"}, nil},
		"trailing semicolon":  {"select 1 ; -- one\n", []string{"1"}, nil},
		"not a query":         {`create temp table x(a)`, nil, nil},
		"pragma":              {`select name, type, hidden from pragma_table_xinfo('t') where hidden or name = 'ts'`, []string{"ts|TIMESTAMP TEXT|0", "sp_connection_name|TEXT|1", "sp_ctx|JSON TEXT|1", "_ctx|JSON TEXT|1"}, nil},
		"explain":             {`explain query plan select 1`, []string{"1|0|0|SCAN CONSTANT ROW"}, nil},
		"rowid stays":         {`select count(*) from t where rowid <> rowid + 0`, []string{"0"}, nil},
		"rowid tells rows":    {`select count(distinct rowid) from t`, []string{"2"}, nil},
		"timestamp and a day": {`select count(*) from t where ts between '2026-03-04' and '2026-03-05'`, []string{"1"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"t": table}})
			rows, err := h.Query(context.Background(), test.query)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var got []string
			for rows.Next() {
				got = append(got, rowTexts([][]any{rows.Values()})...)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			var types []Type
			for _, c := range rows.Columns() {
				types = append(types, c.Type)
			}
			if diff := cmp.Diff(test.types, types); test.types != nil && diff != "" {
				t.Errorf("types (-want +got):\n%s", diff)
			}
		})
	}
}

// TestColumnsUsed checks the requested columns, beyond the 64 bits of SQLite's mask.
func TestColumnsUsed(t *testing.T) {
	var names []string
	for i := range 70 {
		names = append(names, fmt.Sprintf("c%d INT", i))
	}
	table := &fakeTable{schema: &proto.TableSchema{Columns: columnDefinitions(names...)}, rows: []fakeRow{{"c2": int64(2), "c65": int64(65)}}}
	p := &fakePlugin{tables: map[string]*fakeTable{"wide": table}}
	h := openHost(t, p)
	tests := map[string]struct {
		query string
		want  []string
		more  bool // all from the 64th on
	}{
		"one":            {`select c2 from wide`, []string{"c2"}, false},
		"in where":       {`select c2 from wide where c3 is null`, []string{"c2", "c3"}, false},
		"in order by":    {`select c2 from wide order by c62`, []string{"c2", "c62"}, false},
		"none":           {`select count(*) from wide`, nil, false},
		"beyond the 64.": {`select c2, c65 from wide`, []string{"c2"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			mustQuery(t, h, test.query)
			got := p.takeRequests()[0].GetQueryContext().GetColumns()
			want := test.want
			if test.more {
				for _, c := range table.schema.GetColumns()[63:] {
					want = append(want, c.GetName())
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
	if got := mustQuery(t, h, `select c2, c65, c66 from wide`); got[0] != "2|65|<nil>" {
		t.Errorf("got %q", got)
	}
}

func TestRequiredQuals(t *testing.T) {
	schema := func(list, get []*proto.KeyColumn) *fakeTable {
		return &fakeTable{
			schema: &proto.TableSchema{Columns: columnDefinitions("a STRING", "b STRING", "c STRING"), ListCallKeyColumnList: list, GetCallKeyColumnList: get},
			rows:   []fakeRow{{"a": "x", "b": "y", "c": "z"}, {"a": "x", "b": "z"}, {"a": "y", "b": "z"}},
		}
	}
	p := &fakePlugin{tables: map[string]*fakeTable{
		"must":     schema(keyColumnsOf("a!, =", "c, ="), nil),
		"both":     schema(keyColumnsOf("a!, =", "b!, ~~*"), nil),
		"free":     schema(nil, nil),
		"either":   schema(keyColumnsOf("a?, =", "b?, ="), nil),
		"list_get": schema(keyColumnsOf("a!, ="), keyColumnsOf("b!, =", "c!, =")),
		"get":      schema(nil, keyColumnsOf("b!, =", "c!, =")),
	}}
	h := openHost(t, p)
	tests := map[string]struct {
		query     string
		want      []string
		wantLimit int64 // that reached the plugin
		wantErr   string
	}{
		"there":               {query: `select b from must where a = 'x' order by b`, want: []string{"y", "z"}},
		"in":                  {query: `select b from must where a in ('x', 'y') order by b`, want: []string{"y", "z", "z"}},
		"from a join":         {query: `select m.b from either e join must m on m.a = e.a where e.b = 'y' order by 1`, want: []string{"y", "z"}},
		"from a left join":    {query: `select count(*) from either e left join must m on m.a = e.c where e.b = 'z'`, want: []string{"2"}},
		"not first in a join": {query: `select m.b from must m join free f on f.a = m.a where m.c = 'z'`, want: []string{"y", "y"}},
		"not there":           {query: `select b from must`, wantErr: "table must needs a condition on a, for example: where a = …"},
		"other":               {query: `select b from must where c = 'z'`, wantErr: "table must needs a condition on a, for example: where a = …"},
		"other operator":      {query: `select b from must where a > 'x'`, wantErr: "table must needs a condition on a, for example: where a = …"},
		"two missing":         {query: `select b from both`, wantErr: "table both needs a condition on a and on b, for example: where a = …"},
		"one of two missing":  {query: `select b from both where a = 'x'`, wantErr: "table both needs a condition on b, for example: where b like …"},
		"any of":              {query: `select a from either where b = 'y'`, want: []string{"x"}},
		"none of":             {query: `select a from either`, wantErr: "table either needs a condition on one of a, b, for example: where a = …"},
		"null":                {query: `select a from must where a = null`},
		"get serves":          {query: `select a from list_get where b = 'y' and c = 'z' limit 2`, want: []string{"x"}, wantLimit: 2},
		"get incomplete":      {query: `select a from list_get where b = 'y'`, wantErr: "table list_get needs a condition on a, for example: where a = …"},
		"get optional":        {query: `select a from get where b = 'z' order by a limit 1`, want: []string{"x"}},
		"get quals, list":     {query: `select a from get where b = 'z' limit 1`, want: []string{"x"}},
		"get quals, get":      {query: `select a from get where b = 'y' and c = 'z' limit 1`, want: []string{"x"}, wantLimit: 1},
		"list quals and more": {query: `select b from list_get where a = 'x' and b = 'z' limit 1`, want: []string{"z"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p.takeRequests()
			rows, err := queryRows(h, test.query)
			if got := fmt.Sprint(err); test.wantErr != "" && got != test.wantErr || test.wantErr == "" && err != nil {
				t.Errorf("error %q, want %q", got, test.wantErr)
			}
			if diff := cmp.Diff(test.want, rowTexts(rows)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			for _, r := range p.takeRequests() {
				if got := r.GetExecuteConnectionData()["c1"].GetLimit().GetValue(); got != test.wantLimit {
					t.Errorf("limit %d, want %d", got, test.wantLimit)
				}
			}
		})
	}
}

// TestLimitStopsThePlugin counts the rows that the plugin made.
func TestLimitStopsThePlugin(t *testing.T) {
	table := &fakeTable{schema: &proto.TableSchema{Columns: columnDefinitions("id INT All", "note STRING"), ListCallKeyColumnList: keyColumnsOf("id, >")}}
	for i := range int64(10_000) {
		table.rows = append(table.rows, fakeRow{"id": i, "note": "x"})
	}
	tests := map[string]struct {
		query string
		want  int64
	}{
		"limit":             {`select * from t limit 5`, 5},
		"limit and offset":  {`select * from t limit 5 offset 10`, 15},
		"limit and where":   {`select * from t where id > 100 limit 5`, 5},
		"limit and order":   {`select * from t order by id desc limit 5`, 5},
		"not exact":         {`select * from t where note = 'x' limit 5`, 5 + rowBuffer + 2},
		"sorted here":       {`select * from t order by note limit 5`, 10_000},
		"limit of the join": {`select * from t, (select 1) limit 5`, 5 + rowBuffer + 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &fakePlugin{tables: map[string]*fakeTable{"t": table}}
			mustQuery(t, openHost(t, p), test.query)
			if got := p.produced.Load(); got > test.want {
				t.Errorf("%d rows, want at most %d", got, test.want)
			}
		})
	}
}

// TestOrderIsChecked uses a plugin that declares an order and doesn't keep it.
func TestOrderIsChecked(t *testing.T) {
	tests := map[string]struct {
		values  []any
		query   string
		wantErr string
	}{
		"ascending":            {[]any{nil, int64(1), int64(1), int64(2)}, `select v from t order by v limit 9`, ""},
		"descending":           {[]any{int64(2), int64(1), nil, nil}, `select v from t order by v desc limit 9`, ""},
		"not ascending":        {[]any{int64(2), int64(1)}, `select v from t order by v limit 9`, "table t did not return its rows in the order of v; to have SQLite sort them, write: order by +v"},
		"not descending":       {[]any{int64(1), int64(2)}, `select v from t order by v desc limit 9`, "table t did not return its rows in the order of v; to have SQLite sort them, write: order by +v"},
		"null last, ascending": {[]any{int64(1), nil}, `select v from t order by v limit 9`, "table t did not return its rows in the order of v; to have SQLite sort them, write: order by +v"},
		"null first, descend.": {[]any{nil, int64(1)}, `select v from t order by v desc limit 9`, "table t did not return its rows in the order of v; to have SQLite sort them, write: order by +v"},
		"sorted here":          {[]any{int64(2), int64(1)}, `select v from t order by +v limit 9`, ""},
		"real":                 {[]any{nil, 0.5, 1.5}, `select d from t order by d limit 9`, ""},
		"time":                 {[]any{time.Unix(1, 0), time.Unix(1, 1), time.Unix(60, 0)}, `select ts from t order by ts limit 9`, ""},
		"not time":             {[]any{time.Unix(1, 1), time.Unix(1, 0)}, `select ts from t order by ts limit 9`, "table t did not return its rows in the order of ts; to have SQLite sort them, write: order by +ts"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := &fakeTable{schema: &proto.TableSchema{Columns: columnDefinitions("v INT All", "d DOUBLE All", "ts TIMESTAMP All")}}
			p := &fakePlugin{tables: map[string]*fakeTable{"t": table}}
			p.execute = func(r *proto.ExecuteRequest, s proto.WrapperPlugin_ExecuteServer) error {
				for _, v := range test.values {
					row := fakeRow{"v": v, "d": v, "ts": v}
					if err := s.Send(&proto.ExecuteResponse{Row: row.proto("c1", r.GetQueryContext().GetColumns())}); err != nil {
						return err
					}
				}
				return nil
			}
			_, err := queryRows(openHost(t, p), test.query)
			if err == nil && test.wantErr != "" || err != nil && err.Error() != test.wantErr {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
		})
	}
}

// failAfter returns a plugin whose scans fail after some rows.
func failAfter(rows int, err error) *fakePlugin {
	p := &fakePlugin{tables: map[string]*fakeTable{"t": {schema: &proto.TableSchema{Columns: columnDefinitions("id INT", "name STRING")}}}}
	p.execute = func(r *proto.ExecuteRequest, s proto.WrapperPlugin_ExecuteServer) error {
		for i := range rows {
			row := fakeRow{"id": int64(i), "name": "x"}
			if err := s.Send(&proto.ExecuteResponse{Row: row.proto("c1", r.GetQueryContext().GetColumns())}); err != nil {
				return err
			}
		}
		return err
	}
	return p
}

var errPlain = errors.New("c1: rpc error: code = Internal desc = the service said no")

// TestErrorIsNeverShortRows runs failing scans many times at once: each must be an error.
func TestErrorIsNeverShortRows(t *testing.T) {
	queries := []string{
		`select * from t`, `select count(*) from t`, `select * from t order by name`, `select * from c1.t a join c1.t b on a.id = b.id`,
		`select id from t group by id having count(*) > 1`, `select (select max(id) from t)`, `select 1 where exists (select * from t where id < 0)`,
	}
	var work sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range 200 {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			sql := queries[i%len(queries)]
			h, err := Open(failAfter(i%150, errPlain), []Connection{{Name: "c1"}})
			if err != nil {
				t.Error(err)
				return
			}
			defer h.Close()
			_, err = queryRows(h, sql)
			if err == nil || err.Error() != "the service said no" || !errors.Is(err, errPlain) {
				t.Errorf("%s, failing after %d rows: error %v", sql, i%150, err)
			}
			if _, err := queryRows(h, `select 1`); err != nil {
				t.Errorf("after the error: %v", err)
			}
		})
	}
	work.Wait()
}

func TestQueryErrors(t *testing.T) {
	tests := map[string]struct{ query, want string }{
		"syntax":         {`selec 1`, `near "selec": syntax error`},
		"no table":       {`select * from missing`, `no such table: missing`},
		"no column":      {`select missing from t`, `no such column: missing`},
		"quoted":         {`select "missing" from t`, `no such column: "missing" - should this be a string literal in single-quotes?`},
		"no schema":      {`select * from c2.t`, `no such table: c2.t: did you mean c1.t?`},
		"two statements": {`select 1; select 2`, `a query must be one statement, not 2`},
		"no statement":   {`-- nothing`, `a query must be one statement, not 0`},
		"incomplete":     {"select\n 'x", `incomplete statement: a quote opened in line 2 is not closed`},
		"read only":      {`insert into t values (1, 'x')`, `attempt to write a readonly database`},
		"making a table": {`create virtual table temp.x using steampipe(1)`, `a plugin's tables exist already and can't be created`},
		"function error": {`select json('{') from t`, `malformed JSON`},
		"rpc":            {`select * from t`, `the service said no`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := failAfter(2, errPlain)
			_, err := queryRows(openHost(t, p), test.query)
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestErrorNamesConnection uses several connections: then the SDK's prefix names the one that failed.
func TestErrorNamesConnection(t *testing.T) {
	h := openHost(t, failAfter(0, errPlain), Connection{Name: "c1"}, Connection{Name: "c2"})
	if _, err := queryRows(h, `select * from t`); err == nil || err.Error() != "c1: the service said no" {
		t.Errorf("error %v, want one that names c1", err)
	}
}

// TestCancel cancels while a scan waits for a row that doesn't come, and while SQLite computes.
func TestCancel(t *testing.T) {
	forever := `with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n`
	tests := map[string]struct {
		query string
		rows  int // before the scan blocks
	}{
		"before the first row": {`select * from t`, 0},
		"after rows":           {`select * from t`, 3},
		"while counting":       {`select count(*) from t`, 3},
		"in an inner loop":     {`select * from (values (1), (2)) v join t on t.name = v.column1`, 3},
		"while computing":      {forever, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			p := failAfter(0, nil)
			p.execute = func(r *proto.ExecuteRequest, s proto.WrapperPlugin_ExecuteServer) error {
				for range test.rows {
					if err := s.Send(&proto.ExecuteResponse{Row: fakeRow{}.proto("c1", nil)}); err != nil {
						return err
					}
				}
				cancel()
				<-s.Context().Done()
				return nil // like the end of the rows
			}
			if test.query == forever {
				cancelSoon(cancel)
			}
			h := openHost(t, p)
			err := drain(ctx, h, test.query)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
			if got := mustQuery(t, h, `select 1`); got[0] != "1" {
				t.Errorf("after that: %q", got)
			}
		})
	}
}

// cancelSoon cancels from another goroutine.
func cancelSoon(cancel func()) { go func() { runtime.Gosched(); cancel() }() }

func drain(ctx context.Context, h *Host, sql string) error {
	rows, err := h.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// TestDeafPlugin uses a plugin that ignores the cancellation. The query ends anyway.
func TestDeafPlugin(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	p := failAfter(0, nil)
	p.execute = func(*proto.ExecuteRequest, proto.WrapperPlugin_ExecuteServer) error {
		cancel()
		<-release
		return nil
	}
	h := openHost(t, p)
	if err := drain(ctx, h, `select * from t`); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	close(release)
}

// TestQueryWaits runs a second query before the rows of the first are closed.
func TestQueryWaits(t *testing.T) {
	h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}})
	rows, err := h.Query(context.Background(), `select * from item`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := drain(ctx, h, `select 1`); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	second := make(chan error)
	go func() { second <- drain(context.Background(), h, `select 1`) }()
	if err := errors.Join(rows.Close(), rows.Close(), <-second); err != nil {
		t.Error(err)
	}
	if rows.Next() {
		t.Error("a row after Close")
	}
}

// TestNothingRunsOn ends statements in all ways, and checks that no scan is left.
func TestNothingRunsOn(t *testing.T) {
	p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable(), "member": memberTable()}}
	h := openHost(t, p)
	for _, sql := range []string{
		`select * from item limit 1`,
		`select * from item where note = 'note 1' limit 1`,
		`select * from item i join member m on m.serial = i.id limit 3`,
		`select * from item i, member m, item j limit 500`,
		`select 1 where exists (select * from item where note = 'note 1')`,
		`select json('{') from item`,
	} {
		_, _ = queryRows(h, sql)
		if running := p.running.Load(); running != 0 {
			t.Errorf("%s: %d scans run on", sql, running)
		}
	}
	rows, err := h.Query(context.Background(), `select * from item i, member m`)
	if err != nil {
		t.Fatal(err)
	}
	rows.Next()
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if running := p.running.Load(); running != 0 {
		t.Errorf("Close: %d scans run on", running)
	}
}

func TestOpenErrors(t *testing.T) {
	tests := map[string]struct {
		connections []Connection
		failed      map[string]string
		want        string
	}{
		"bad configs": {
			[]Connection{{Name: "a"}, {Name: "b"}, {Name: "c"}},
			map[string]string{"c": "unknown argument x", "a": "rpc error: code = Internal desc = no"},
			"connection a: no\nconnection c: unknown argument x",
		},
		"no name":      {[]Connection{{}}, nil, "a connection has no name"},
		"twice":        {[]Connection{{Name: "a"}, {Name: "A"}}, nil, "connection A: there are two connections with this name"},
		"main":         {[]Connection{{Name: "main"}}, nil, "connection main: SQLite has its own schema with this name; rename the connection"},
		"no such part": {[]Connection{{Name: "a", Type: "aggregator", Connections: []string{"b"}}}, nil, `connection a: its connections contain "b", which does not exist`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(&fakePlugin{failed: test.failed}, test.connections)
			if err == nil || err.Error() != test.want {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			var one *ConnectionError
			if test.want != "a connection has no name" && !errors.As(err, &one) {
				t.Errorf("%T is not a ConnectionError", err)
			}
		})
	}
}

func TestAggregator(t *testing.T) {
	p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}}
	h := openHost(t, p, Connection{Name: "a", Plugin: "local/fake", Config: "x = 1"}, Connection{Name: "b", Plugin: "local/fake"},
		Connection{Name: "all", Plugin: "local/fake", Type: "aggregator", Connections: []string{"a", "b"}})
	want := []*proto.ConnectionConfig{
		{Connection: "a", Plugin: "local/fake", PluginShortName: "fake", PluginInstance: "local/fake", Config: "x = 1"},
		{Connection: "b", Plugin: "local/fake", PluginShortName: "fake", PluginInstance: "local/fake"},
		{Connection: "all", Plugin: "local/fake", PluginShortName: "fake", PluginInstance: "local/fake", Type: "aggregator", ChildConnections: []string{"a", "b"}},
	}
	if got := p.configs[0].GetConfigs(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("configs %v, want %v", got, want)
	}
	tests := map[string]struct {
		query string
		want  []string
	}{
		"bare name":    {`select count(*), max(sp_connection_name) from item`, []string{"60|a"}},
		"one":          {`select count(*), max(sp_connection_name) from b.item`, []string{"60|b"}},
		"all":          {`select sp_connection_name, count(*) from "all".item group by 1 order by 1`, []string{"a|60", "b|60"}},
		"limit":        {`select count(*) from (select * from "all".item limit 7)`, []string{"7"}},
		"order, limit": {`select id, sp_connection_name from "all".item order by id limit 3`, []string{"0|a", "0|b", "1|a"}},
		"join":         {`select x.id, y.id from a.item x join b.item y on y.id = x.parent where x.id = 5`, []string{"5|1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := mustQuery(t, h, test.query)
			if name == "order, limit" {
				slices.Sort(got) // equal ids come in any order
				got = got[:2]
				test.want = test.want[:2]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManyConnections(t *testing.T) {
	p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}}
	var connections []Connection
	for i := range 30 {
		connections = append(connections, Connection{Name: fmt.Sprintf("c%d", i)})
	}
	h := openHost(t, p, connections...)
	if got := len(h.Tables()); got != 30 {
		t.Errorf("%d tables, want 30", got)
	}
	for i := range 30 {
		sql := fmt.Sprintf(`select sp_connection_name from c%d.item where id = 1`, i)
		if got, want := mustQuery(t, h, sql), fmt.Sprintf("c%d", i); got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for range 2 * maxAttached { // a connection counts once, however often it is used
		mustQuery(t, h, `select count(*) from c29.item`)
	}
	var parts []string
	for i := range 11 {
		parts = append(parts, fmt.Sprintf("select id from c%d.item", i))
	}
	if got := mustQuery(t, h, "select count(*) from ("+strings.Join(parts[:10], " union all ")+")"); got[0] != "600" {
		t.Errorf("ten connections: %q", got)
	}
	_, err := queryRows(h, strings.Join(parts, " union all "))
	want := "a statement can name at most 10 connections; this one names 11: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10"
	if err == nil || err.Error() != want {
		t.Errorf("eleven connections: error %v, want %q", err, want)
	}
}

// TestTablesAreCreatedWhenNamed checks that SQLite knows the tables that statements have named, in every schema, and all of them as
// soon as a statement asks which there are.
func TestTablesAreCreatedWhenNamed(t *testing.T) {
	tables := map[string]*fakeTable{"item": itemTable(), "other": itemTable(), "third": itemTable()}
	var connections []Connection
	for i := range maxAttached + 1 {
		connections = append(connections, Connection{Name: fmt.Sprintf("c%d", i)})
	}
	h := openHost(t, &fakePlugin{tables: tables}, connections...)
	named := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(h.created))); diff != "" {
			t.Errorf("tables that SQLite knows (-want +got):\n%s", diff)
		}
	}
	mustQuery(t, h, `select 1`)
	named()
	mustQuery(t, h, `create temp view v as select id from c0.Item`)
	mustQuery(t, h, `create temp table mine as select 'c0' as connection`)
	named("item")
	for _, c := range connections {
		mustQuery(t, h, `select id from `+c.Name+`.item`) // the last detaches the first
	}
	if _, err := queryRows(h, `create table OTHER (id)`); err == nil {
		t.Error("a table of the user has the name of one of the plugin")
	}
	named("item", "other")
	if got := mustQuery(t, h, `select (select count(*) from c0.other) + (select count(*) from v) + (select count(*) from "OTHER")`); got[0] != "180" {
		t.Errorf("%q rows of two tables and a view of a schema that was detached", got)
	}
	for _, sql := range []string{
		`select name from sqlite_schema where name not like 'sqlite_%'`, `select name from c0.sqlite_master`, `select name from pragma_table_list where schema = 'c0' and name not like 'sqlite_%'`,
	} {
		got := mustQuery(t, h, sql)
		slices.Sort(got)
		if diff := cmp.Diff([]string{"item", "other", "third"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sql, diff)
		}
	}
}

func TestTables(t *testing.T) {
	p := &fakePlugin{tables: map[string]*fakeTable{"t": {schema: &proto.TableSchema{
		Description:           "Things.",
		Columns:               columnDefinitions("a STRING", "b TIMESTAMP")[:3],
		ListCallKeyColumnList: keyColumnsOf("a!, =, ~~*"),
		GetCallKeyColumnList:  keyColumnsOf("a!, =, <>", "b!, ="),
	}}}}
	want := []Table{{
		Connection:  "c1",
		Name:        "t",
		Description: "Things.",
		Columns: []Column{
			{Name: "a", Type: Text, Description: "The a."},
			{Name: "b", Type: Timestamp, Description: "The b."},
			{Name: "sp_connection_name", Type: Text, Description: "The sp_connection_name.", Hidden: true},
		},
		KeyColumns: []KeyColumn{
			{Name: "a", Operators: []string{"=", "~~*", "<>"}, Require: "required"},
			{Name: "b", Operators: []string{"="}, Require: "optional"},
		},
	}}
	if diff := cmp.Diff(want, openHost(t, p).Tables()); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

// TestCollationsLast creates a table with its own collation, which later statements use without
// naming it.
func TestCollationsLast(t *testing.T) {
	p := &fakePlugin{tables: map[string]*fakeTable{"item": itemTable()}}
	h := openHost(t, p)
	before := `select count(*) from item where name = 'alpha'`
	mustQuery(t, h, before)
	if got := pushedText(p.takeRequests()[0]); got != "name = alpha" {
		t.Errorf("before: %q reached the plugin", got)
	}
	mustQuery(t, h, `create temp table names(n text collate nocase)`)
	mustQuery(t, h, `insert into names values ('ALPHA')`)
	if got := mustQuery(t, h, `select count(*) from names cross join item on n = name`); got[0] != "12" {
		t.Errorf("%s rows, want 12: four of each case", got)
	}
}

// TestDeclaredTimes reads times from an ordinary table.
func TestDeclaredTimes(t *testing.T) {
	h := openHost(t, failAfter(0, nil))
	mustQuery(t, h, `create temp table times(day date, moment timestamp, n date)`)
	mustQuery(t, h, `insert into times values ('2026-03-04', '2026-03-04 05:06:07', 'soon')`)
	if diff := cmp.Diff([]string{"2026-03-04|2026-03-04T05:06:07+00:00|soon"}, mustQuery(t, h, `select * from times`)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestClosed(t *testing.T) {
	h, err := Open(failAfter(0, nil), []Connection{{Name: "c1"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.Close(), h.Close()); err != nil {
		t.Error(err)
	}
	if err := drain(context.Background(), h, `select 1`); err == nil {
		t.Error("a query ran on a closed database")
	}
}
