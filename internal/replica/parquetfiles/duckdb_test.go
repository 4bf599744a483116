package parquetfiles

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A duckdb answers questions in the real DuckDB, all in one start of it.
type duckdb struct {
	t         *testing.T
	program   string
	before    []string // statements
	questions []string
	want      [][]map[string]any
}

// ask notes statements, of which the last one is a question, and its rows.
func (d *duckdb) ask(want []map[string]any, statements ...string) {
	last := len(statements) - 1
	d.before = append(d.before, statements[:last]...)
	d.questions = append(d.questions, statements[last])
	d.want = append(d.want, want)
}

// compare compares the answers with the rows.
func (d *duckdb) compare() {
	d.t.Helper()
	var parts []string
	for i, q := range d.questions {
		parts = append(parts, fmt.Sprintf("select %d as i, coalesce(to_json(list(q)), '[]') as rows from (%s) as q", i, q))
	}
	all := strings.Join(parts, " union all ") + " order by i"
	out, err := exec.CommandContext(d.t.Context(), d.program, append(d.before, all)...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s: %v\n%s", all, err, out)
	}
	var got []struct{ Rows []map[string]any }
	if err := json.Unmarshal(out, &got); err != nil || len(got) != len(d.want) {
		d.t.Fatalf("%d answers, %v: %s", len(got), err, out)
	}
	for i, want := range d.want {
		if diff := cmp.Diff(want, got[i].Rows); diff != "" {
			d.t.Errorf("%s (-want +got):\n%s", d.questions[i], diff)
		}
	}
}

// DuckDB reads the files without help: types, order, rows, statistics and what the files say of themselves.
func TestDuckDB(t *testing.T) {
	dir := t.TempDir()
	db := &duckdb{t: t, program: programtest.Tool(t, "../../../tools/duckdb", "duckdb")}
	d := begin(t, "parquet:"+dir)
	at := time.Date(2026, 11, 30, 8, 15, 30, 123456789, time.FixedZone("CET", 3600))
	stage(t, d, branches,
		[]any{"a", "main", int64(9007199254740993), true, at, `{"self": [1, null]}`},
		[]any{"a", "", int64(-1), false, time.Date(1969, 1, 1, 0, 0, 0, 1000, time.UTC), `"text"`},
		[]any{"b", "caf\xe9", nil, nil, nil, nil})
	stage(t, d, keys, []any{int64(1), "one", int64(1)})
	empty := branches
	empty.Name = "bitbucket_empty"
	publish(t, d, 1, replica.Change{Table: branches}, replica.Change{Table: keys}, replica.Change{Table: empty})
	stage(t, d, keys, []any{int64(1), "uno", int64(1)})
	publish(t, d, 2, replica.Change{Table: keys})
	d.Close()

	glob := func(pattern string) string { return "read_parquet('" + dir + "/" + pattern + "')" }
	types := []map[string]any{
		{"column_name": "repository", "column_type": "VARCHAR"}, {"column_name": "name", "column_type": "VARCHAR"},
		{"column_name": "commits", "column_type": "BIGINT"}, {"column_name": "is_main", "column_type": "BOOLEAN"},
		{"column_name": "at", "column_type": "TIMESTAMP WITH TIME ZONE"}, {"column_name": "links", "column_type": "JSON"},
	}
	for _, table := range []string{"bitbucket_branch", "bitbucket_empty"} {
		db.ask(types, "select column_name, column_type from (describe from "+glob(table+"/*.parquet")+")")
	}
	db.ask([]map[string]any{{"n": 0.0}}, "select count(*) n from "+glob("bitbucket_empty/*.parquet"))
	db.ask([]map[string]any{
		{"repository": "a", "name": "", "n": "-1", "is_main": false, "at": "1969-01-01 00:00:00.000001", "j": `"text"`, "k": nil},
		{"repository": "a", "name": "main", "n": "9007199254740993", "is_main": true, "at": "2026-11-30 07:15:30.123456", "j": `{"self": [1, null]}`, "k": 1.0},
		{"repository": "b", "name": "caf\uFFFD", "n": nil, "is_main": nil, "at": nil, "j": nil, "k": nil},
	}, "set timezone = 'UTC'", "select repository, name, commits::varchar n, is_main, \"at\"::timestamp::varchar as at, links::varchar j, "+
		"json_extract(links, '$.self[0]')::int as k from "+glob("bitbucket_branch/*")+" order by repository, name")
	db.ask([]map[string]any{
		{"label": "one", "f": "2026-11-01 08:15:30", "t": "2026-11-02 08:15:30", "run_id": "20261101T081530Z"},
		{"label": "uno", "f": "2026-11-02 08:15:30", "t": nil, "run_id": "20261102T081530Z"},
	}, "select label, valid_from::timestamp::varchar f, valid_to::timestamp::varchar t, run_id from (from "+glob("bitbucket_key/*.parquet")+
		" union all by name select * exclude ended_on from "+glob("bitbucket_key_ended/*/*.parquet")+") order by valid_from")
	db.ask([]map[string]any{{"d": "2026-11-02", "n": 1.0}},
		"select ended_on::varchar d, count(*) n from "+glob("bitbucket_key_ended/*/*.parquet")+" group by ended_on")
	metadata := "'" + dir + "/bitbucket_branch/*.parquet')"
	db.ask([]map[string]any{{"k": "description", "v": "Branches."}, {"k": "run", "v": "20261101T081530Z"},
		{"k": "run_started_at", "v": "2026-11-01T08:15:30Z"}, {"k": "table", "v": "bitbucket_branch"}, {"k": "version", "v": "9.9.9"}},
		"select decode(key) k, decode(value) v from parquet_kv_metadata("+metadata+" order by 1")
	db.ask([]map[string]any{{"compression": "ZSTD", "lo": "-1", "hi": "9007199254740993", "n": 1.0}},
		"select compression, stats_min_value lo, stats_max_value hi, stats_null_count n from parquet_metadata("+metadata+" where path_in_schema = 'commits'")
	// The manifest is a way to the files that is exact at any time.
	db.ask([]map[string]any{{"label": "uno"}},
		"set variable files = (select list('"+dir+"/' || f.path) from (select unnest(tables) t from '"+dir+"/_manifest.json'), unnest(t.files) u(f) "+
			"where t.name = 'bitbucket_key')", "select label from read_parquet(getvariable('files'))")
	db.compare()
}

// Older rows that ended have fewer columns than younger ones, and are read with them.
func TestDuckDBReadsGrownHistory(t *testing.T) {
	dir := t.TempDir()
	db := &duckdb{t: t, program: programtest.Tool(t, "../../../tools/duckdb", "duckdb")}
	d := begin(t, "parquet:"+dir)
	grown := keys
	grown.Columns = append([]replica.Column{{Name: "owner", Type: replica.Text}}, keys.Columns...)
	for n := 1; n <= 4; n++ {
		if n < 3 {
			stage(t, d, keys, []any{int64(1), time.Month(n).String(), int64(1)}, []any{int64(2), "two", int64(1)})
			publish(t, d, n, replica.Change{Table: keys})
			continue
		}
		stage(t, d, grown, []any{time.Weekday(n).String(), int64(1), time.Month(n).String(), int64(1)})
		publish(t, d, n, replica.Change{Table: grown})
	}
	db.ask([]map[string]any{{"owner": nil, "label": "two"}, {"owner": "Thursday", "label": "April"}},
		"select owner, label from read_parquet('"+dir+"/bitbucket_key/*.parquet') order by id desc")
	db.ask([]map[string]any{{"owner": nil, "label": "January"}, {"owner": nil, "label": "February"}, {"owner": "Wednesday", "label": "March"}},
		"select owner, label from read_parquet('"+dir+"/bitbucket_key_ended/*/*.parquet', union_by_name = true) order by valid_to")
	db.compare()
}
