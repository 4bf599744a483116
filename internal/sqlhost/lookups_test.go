package sqlhost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

// thingTable has a thousand rows, and key columns for lookups.
func thingTable() *fakeTable {
	t := &fakeTable{schema: &proto.TableSchema{
		Columns:               columnDefinitions("id INT All", "name STRING", "kind STRING", "note STRING"),
		ListCallKeyColumnList: keyColumnsOf("id, =, >", "name, =", "kind, ="),
	}}
	for i := range int64(1_000) {
		t.rows = append(t.rows, fakeRow{"id": i, "name": fmt.Sprintf("thing%d", i), "kind": fmt.Sprintf("kind%d", i/250), "note": "x"})
	}
	return t
}

// numbers returns a subquery with the first n numbers.
func numbers(n int) string {
	return fmt.Sprintf(`(with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < %d) select i from n)`, n)
}

func inList(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("'thing%d'", i))
	}
	return strings.Join(all, ", ")
}

// TestLookups counts the scans of joins and IN lists with many values, and checks the first scan
// that is not for a single value.
func TestLookups(t *testing.T) {
	tests := map[string]struct {
		query     string // one row
		want      string
		wantScans int
		wantAll   string // the request of the scan after the first ten
	}{
		"join":                      {`select count(*), count(distinct id) from ` + numbers(1000) + ` cross join thing on id = i`, "1000|1000", 11, ""},
		"join of two tables":        {`select count(*) from thing a join thing b on b.name = a.name`, "1000", 12, "name = thing9"},
		"ten values":                {`select count(*) from ` + numbers(10) + ` cross join thing on id = i`, "10", 10, "-"},
		"in list":                   {`select count(*) from thing where name in (` + inList(300) + `)`, "300", 11, ""},
		"in subquery":               {`select count(*) from thing where id in ` + numbers(300), "300", 11, ""},
		"exists":                    {`select count(*) from ` + numbers(300) + ` where exists (select 1 from thing where id = i)`, "300", 11, ""},
		"exists, one value":         {`select count(*) from ` + numbers(300) + ` where exists (select i from thing where kind = 'kind1' and note || i <> '')`, "300", 11, "kind = kind1"},
		"constant term":             {`select count(*) from ` + numbers(300) + ` cross join thing on id = i and kind = 'kind0'`, "250", 11 + 50, "kind = kind0"},
		"constant for long":         {`select count(*) from thing a cross join thing b on b.kind = a.kind and b.id = a.id`, "1000", 1 + 11 + 1, "id = 9, kind = kind0"},
		"no limit, no order":        {`select sum((select id from thing where kind = 'kind' || (i / 75) and id > -1 order by id desc limit 1)) from ` + numbers(300), "187200", 12, "id > -1, kind = kind0"},
		"values without rows":       {`select count(id) from ` + numbers(20) + ` left join thing on id = i * 100`, "10", 11 + 10, ""},
		"values that are null":      {`select count(id) from ` + numbers(20) + ` left join thing on id = nullif(i, i)`, "0", 0, "-"},
		"a range varies":            {`select count(*) from ` + numbers(20) + ` cross join thing on id > i * 50 and kind = 'kind' || (i / 250)`, "745", 20, "id > 500, kind = kind0"},
		"a range varies with a key": {`select count(*) from ` + numbers(20) + ` cross join thing on id > i and name = 'thing' || (i + 1)`, "20", 20, "id > 10, name = thing11"},
		"values return":             {`select count(*) from ` + numbers(1000) + ` cross join thing on id = i % 12`, "1000", 11, ""},
		"text of numbers":           {`select count(*) from ` + numbers(300) + ` cross join thing on id = '0' || i`, "300", 11, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &fakePlugin{tables: map[string]*fakeTable{"thing": thingTable()}}
			p.tables["thing"].nullsFirst = true
			h := openHost(t, p)
			if diff := cmp.Diff([]string{test.want}, mustQuery(t, h, test.query)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			requested := p.takeRequests()
			if len(requested) != test.wantScans {
				t.Errorf("%d scans, want %d", len(requested), test.wantScans)
			}
			if all := "-"; len(requested) > maxLookups {
				all = pushedText(requested[maxLookups])
				if all != test.wantAll {
					t.Errorf("%q reached the plugin after the first lookups, want %q", all, test.wantAll)
				}
			}
		})
	}
}

// requestedValue returns the value that a request needs in a column, or nil.
func requestedValue(r *proto.ExecuteRequest, column string) any {
	q := r.GetQueryContext().GetQuals()[column].GetQuals()
	if len(q) == 0 {
		return nil
	}
	return qualValue(q[0].GetValue())
}

// idRows returns n rows with an id and its name.
func idRows(n int) []fakeRow {
	var rows []fakeRow
	for i := range int64(n) {
		rows = append(rows, fakeRow{"id": i, "name": fmt.Sprintf("name%d", i)})
	}
	return rows
}

// TestUnfitForLookups uses tables that cannot be read as a whole, or gain nothing by it. The rows are the same.
func TestUnfitForLookups(t *testing.T) {
	isAll := func(r *proto.ExecuteRequest) bool { return len(r.GetQueryContext().GetQuals()) == 0 }
	tests := map[string]struct {
		keys []string
		// rows returns the rows for a request, and an error after them.
		rows      func(*proto.ExecuteRequest) ([]fakeRow, error)
		query     string
		want      string
		wantScans int
	}{
		"required": {
			keys: []string{"id!, ="},
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				return []fakeRow{{"id": requestedValue(r, "id")}}, nil
			},
			want: "300", wantScans: 300,
		},
		"any of": {
			keys: []string{"id?, =", "name?, ="},
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				return []fakeRow{{"id": requestedValue(r, "id")}}, nil
			},
			want: "300", wantScans: 300,
		},
		"an error after some rows": {
			keys: []string{"id, ="},
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				if isAll(r) {
					return idRows(290), errPlain
				}
				return []fakeRow{{"id": requestedValue(r, "id")}}, nil
			},
			want: "300", wantScans: 301,
		},
		"more rows than are kept": {
			keys: []string{"id, ="},
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				if isAll(r) {
					return idRows(fullMemo + 1), nil
				}
				return []fakeRow{{"id": requestedValue(r, "id")}}, nil
			},
			want: "300", wantScans: 301,
		},
		"a column that repeats what was asked": {
			keys: []string{"id, ="},
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				return []fakeRow{{"id": requestedValue(r, "id"), "name": "a"}, {"id": requestedValue(r, "id"), "name": "b"}}, nil
			},
			want: "600", wantScans: 301,
		},
		"rows that are not listed at first": {
			keys: []string{"id, ="},
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				if isAll(r) {
					return []fakeRow{{"id": int64(3)}, {"id": int64(12)}}, nil
				}
				return []fakeRow{{"id": requestedValue(r, "id")}}, nil
			},
			want: "300", wantScans: 301,
		},
		"rows that are not listed later": {
			keys: []string{"id, ="},
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				if isAll(r) {
					return idRows(100), nil
				}
				return []fakeRow{{"id": requestedValue(r, "id")}}, nil
			},
			want: "300", wantScans: 10 + 1 + 200,
		},
		"two plans with more rows than are kept": {
			keys:  []string{"id, =", "name, ="},
			query: `select count(*) from ` + numbers(300) + ` cross join t on id = i or name = 'name' || i`,
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				if isAll(r) {
					return idRows(fullMemo/2 + 1), nil
				}
				id := requestedValue(r, "id")
				if id == nil {
					var n int64
					_, err := fmt.Sscanf(requestedValue(r, "name").(string), "name%d", &n)
					id = n
					if err != nil {
						return nil, err
					}
				}
				return []fakeRow{{"id": id, "name": fmt.Sprintf("name%d", id)}}, nil
			},
			want: "300", wantScans: 11 + 301,
		},
		"a constant that varies late, in many rows": {
			keys:  []string{"id, =", "name, ="},
			query: `select count(*) from ` + numbers(40) + ` cross join t on id = i and name = 'name' || (i / 20)`,
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				if id := requestedValue(r, "id"); id != nil {
					return []fakeRow{{"id": id, "name": requestedValue(r, "name")}}, nil
				}
				rows := idRows(fullMemo/2 + 1)
				for i := range rows {
					rows[i]["name"] = fmt.Sprintf("name%d", i/20)
				}
				return rows, nil
			},
			want: "40", wantScans: 12,
		},
		"one of two columns repeats": {
			keys:  []string{"id, =", "name, ="},
			query: `select count(*) from ` + numbers(20) + ` cross join t on id = i and name in ('read', 'write')`,
			rows: func(r *proto.ExecuteRequest) ([]fakeRow, error) {
				if isAll(r) {
					return []fakeRow{{"id": int64(11), "name": nil}, {"id": int64(12), "name": nil}}, nil
				}
				return []fakeRow{{"id": requestedValue(r, "id"), "name": requestedValue(r, "name")}}, nil
			},
			want: "40", wantScans: 41,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &fakePlugin{tables: map[string]*fakeTable{"t": {schema: &proto.TableSchema{
				Columns:               columnDefinitions("id INT", "name STRING"),
				ListCallKeyColumnList: keyColumnsOf(test.keys...),
			}}}}
			p.execute = func(r *proto.ExecuteRequest, s proto.WrapperPlugin_ExecuteServer) error {
				rows, err := test.rows(r)
				for _, row := range rows {
					if err := s.Send(&proto.ExecuteResponse{Row: row.proto("c1", r.GetQueryContext().GetColumns())}); err != nil {
						return err
					}
				}
				return err
			}
			h := openHost(t, p)
			h.rowsPerLookup = fullMemo // so that the budget is not the reason
			sql := test.query
			if sql == "" {
				sql = `select count(*) from ` + numbers(300) + ` cross join t on id = i`
			}
			if got := mustQuery(t, h, sql); got[0] != test.want {
				t.Errorf("%s rows, want %s", got[0], test.want)
			}
			if scans := len(p.takeRequests()); scans != test.wantScans {
				t.Errorf("%d scans, want %d", scans, test.wantScans)
			}
			if running := p.running.Load(); running != 0 {
				t.Errorf("%d scans run on", running)
			}
		})
	}
}

// TestLookupsBudget reads a large table as a whole only if this costs no more than the lookups before.
func TestLookupsBudget(t *testing.T) {
	p := &fakePlugin{tables: map[string]*fakeTable{"t": {schema: &proto.TableSchema{
		Columns:               columnDefinitions("id INT"),
		ListCallKeyColumnList: keyColumnsOf("id, ="),
	}}}}
	read := 0
	p.execute = func(r *proto.ExecuteRequest, s proto.WrapperPlugin_ExecuteServer) error {
		rows := idRows(5000)
		if id := requestedValue(r, "id"); id != nil {
			rows = []fakeRow{{"id": id}}
		}
		for _, row := range rows {
			if err := s.Send(&proto.ExecuteResponse{Row: row.proto("c1", r.GetQueryContext().GetColumns())}); err != nil {
				return nil
			}
			read++
		}
		return nil
	}
	h := openHost(t, p)
	if got := mustQuery(t, h, `select count(*) from `+numbers(300)+` cross join t on id = i`); got[0] != "300" {
		t.Errorf("%s rows, want 300", got[0])
	}
	// After 10, 20 and 40 values, the table costs more than the lookups; after 80 it does not.
	if scans := len(p.takeRequests()); scans != 80+4 {
		t.Errorf("%d scans, want 80 for one value and 4 for all", scans)
	}
	if read > 80+1000+2000+4000+5000+3*100 {
		t.Errorf("the plugin sent %d rows", read)
	}
}

// TestCancelLookups cancels in the scan for all values.
func TestCancelLookups(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := &fakePlugin{tables: map[string]*fakeTable{"thing": thingTable()}}
	p.execute = func(r *proto.ExecuteRequest, s proto.WrapperPlugin_ExecuteServer) error {
		if len(r.GetQueryContext().GetQuals()) == 0 {
			cancel()
			<-s.Context().Done()
		}
		return nil
	}
	h := openHost(t, p)
	err := drain(ctx, h, `select * from `+numbers(100)+` cross join thing on id = i`)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if err := h.Close(); err != nil { // waits for all scans
		t.Error(err)
	}
	if got := len(p.takeRequests()); got != maxLookups+1 {
		t.Errorf("%d scans, want %d", got, maxLookups+1)
	}
}

// TestKey compares values that SQLite may call equal, under one affinity or another.
func TestKey(t *testing.T) {
	tests := map[string]struct {
		values []any
		want   bool
	}{
		"integers":          {[]any{int64(5), 5.0, "5", " 5 ", "05", "5.0", "+5", "50e-1"}, true},
		"reals":             {[]any{0.5, "0.5", ".5", "5e-1"}, true},
		"15 digits":         {[]any{0.1 + 0.2000000000000000001, 0.30000000000000004, "0.3"}, true},
		"zeros":             {[]any{int64(0), 0.0, "-0", "-0.0"}, true},
		"large integers":    {[]any{int64(1<<62 + 1), "4611686018427387905"}, true},
		"words":             {[]any{"nan", "nan"}, true},
		"different numbers": {[]any{int64(5), int64(6)}, false},
		"different texts":   {[]any{"a", "b"}, false},
		"null":              {[]any{nil, "a"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, v := range test.values[1:] {
				if got := lookupKey(test.values[0]) == lookupKey(v); got != test.want {
					t.Errorf("%#v and %#v: got %t, want %t", test.values[0], v, got, test.want)
				}
			}
		})
	}
}
