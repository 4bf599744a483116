package sqlhost

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

func TestParseTimestamp(t *testing.T) {
	second := time.Date(2026, 11, 30, 8, 15, 30, 0, time.UTC)
	half := second.Add(500 * time.Millisecond)
	tests := map[string]time.Time{
		"2026-11-30":                           second.Truncate(24 * time.Hour),
		"2026-11-30Z":                          second.Truncate(24 * time.Hour),
		"2026-11-30+02":                        second.Truncate(24 * time.Hour).Add(-2 * time.Hour),
		"2026-11-30 08:15":                     second.Add(-30 * time.Second),
		"2026-11-30T08:15Z":                    second.Add(-30 * time.Second),
		"2026-11-30 08:15:30":                  second,
		"2026-11-30T08:15:30":                  second,
		"2026-11-30t08:15:30z":                 second,
		"2026-11-30T08:15:30Z":                 second,
		"2026-11-30 08:15:30+00":               second,
		"2026-11-30T10:15:30+02:00":            second,
		"2026-11-30 10:15:30 +02:00":           second,
		"2026-11-30 10:15:30+0200":             second,
		"2026-11-30 10:15:30+02":               second,
		"2026-11-30T02:45:30-05:30":            second,
		"2026-11-30T08:15:30.5Z":               half,
		"2026-11-30 08:15:30.500":              half,
		"2026-11-30T10:15:30.500000+02":        half,
		" 2026-11-30 08:15:30.500000+00:00\n ": half,
		"0001-01-01T00:00:00.123456789Z":       time.Date(1, 1, 1, 0, 0, 0, 123456789, time.UTC),
		"9999-12-31T23:59:59Z":                 time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	for text, want := range tests {
		if got, ok := parseTimestamp(text); !ok || got != want {
			t.Errorf("%q: %v, %t, want %v", text, got, ok, want)
		}
		if got, ok := parseTimestamp(formatTimestamp(want)); !ok || got != want || !stored(formatTimestamp(want)) {
			t.Errorf("%s, as it is stored: %v, %t", formatTimestamp(want), got, ok)
		}
	}
	for _, text := range []string{"", "yesterday", "now", "2026", "2026-11", "2026-1-2", "2026-13-45", "2026-02-30", "30.11.2026", "2026-11-30T", "2026-11-30 08",
		"2026-11-30 24:15", "2026-11-30 08:61", "2026-11-30 08:15:30,5", "2026-11-30 08:15:30.", "2026-11-30 08:15:30+2", "2026-11-30 08:15:30+02:0", "2026-11-30x08:15",
		"2026-11-30 08:15 CET", "2026-11-30--", "1764460800", "2461375.5", "2026-11-30 08:15:30+", "2026-11-30 Z x", "08:15"} {
		if got, ok := parseTimestamp(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// Times as texts must sort by time, because temporary tables and expressions compare texts.
func TestStoredOrder(t *testing.T) {
	begin := time.Date(2026, 11, 30, 8, 15, 29, 0, time.UTC)
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		unit := []time.Duration{time.Second, 500 * time.Millisecond, time.Millisecond, time.Microsecond, time.Nanosecond}[random.IntN(5)]
		a := begin.Add(time.Duration(random.Int64N(3e9)).Truncate(unit))
		b := begin.Add(time.Duration(random.Int64N(3e9)).Truncate(unit))
		if strings.Compare(formatTimestamp(a), formatTimestamp(b)) != a.Compare(b) {
			t.Fatalf("%s and %s are in another order than the times", formatTimestamp(a), formatTimestamp(b))
		}
	}
}

// momentTable has times with and without fractions, in a key column and in another column.
func momentTable() *fakeTable {
	t := &fakeTable{schema: &proto.TableSchema{
		Columns:               columnDefinitions("id INT", "at TIMESTAMP All", "seen TIMESTAMP", "open BOOL", "done BOOL", "size INT", "share DOUBLE", "name STRING"),
		ListCallKeyColumnList: keyColumnsOf("at, "+compareOperators, "open, =, <>"),
	}}
	at := time.Date(2026, 11, 30, 8, 15, 30, 0, time.UTC)
	for i, step := range []time.Duration{0, 500 * time.Millisecond, time.Second, -8*time.Hour - 15*time.Minute - 30*time.Second, 12 * time.Hour, 24 * time.Hour, time.Microsecond, 0} {
		row := fakeRow{"id": int64(i), "at": at.Add(step), "seen": at.Add(step), "open": i%2 == 0, "done": i%2 == 0, "size": int64(i), "share": float64(i), "name": fmt.Sprint(i%2 == 0)}
		if i == 7 {
			row = fakeRow{"id": int64(i), "size": int64(i)}
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// TestMoments compares comparisons in all parts of a statement with those of Go, in the plugin's table and in a copy of it.
func TestMoments(t *testing.T) {
	table := momentTable()
	table.nullsFirst = true // as in SQLite
	h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"moment": table}})
	mustQuery(t, h, `create temp table copied as select * from moment`)
	half := "2026-11-30T08:15:30.5Z"
	places := []string{
		"where %[1]s %[2]s '%[3]s'", "where '%[3]s' %[4]s %[1]s", "where not (%[1]s %[5]s '%[3]s')", "where %[1]s %[2]s '%[3]s' or id < 0",
		"where case when %[1]s %[2]s '%[3]s' then 1 end", "where coalesce(%[1]s %[2]s '%[3]s', false)", "where id in (select id from moment where %[1]s %[2]s '%[3]s')",
		"where iif(%[1]s %[2]s '%[3]s', true, false)", "group by 1 having %[1]s %[2]s '%[3]s'", "where %[1]s %[2]s (select '%[3]s')",
		"where exists (select * from moment m where m.id = x.id and m.%[1]s %[2]s '%[3]s')",
	}
	operators := map[string]struct {
		holds             func(int) bool
		reversed, negated string
	}{
		"=": {func(c int) bool { return c == 0 }, "=", "<>"}, "<>": {func(c int) bool { return c != 0 }, "<>", "="},
		"<": {func(c int) bool { return c < 0 }, ">", ">="}, "<=": {func(c int) bool { return c <= 0 }, ">=", ">"},
		">": {func(c int) bool { return c > 0 }, "<", "<="}, ">=": {func(c int) bool { return c >= 0 }, "<=", "<"},
	}
	values := []string{"2026-11-30", "2026-11-30T00:00:00Z", "2026-11-30 08:15:30", "2026-11-30T08:15:30Z", "2026-11-30T10:15:30+02:00", "2026-11-30 10:15:30.500+02", half,
		"2026-11-30T08:15:30.000001+00:00", "2026-12-01 08:15"}
	for _, from := range []string{"moment", "c1.moment", "copied"} {
		for _, column := range []string{"at", "seen"} {
			for operator, o := range operators {
				for _, value := range values {
					want, _ := parseTimestamp(value)
					var ids []string
					for _, row := range table.rows {
						if at, ok := row[column].(time.Time); ok && o.holds(at.Compare(want)) {
							ids = append(ids, fmt.Sprint(row["id"]))
						}
					}
					for _, place := range places {
						sql := fmt.Sprintf("select id from "+from+" x "+place, column, operator, value, o.reversed, o.negated)
						got := mustQuery(t, h, sql)
						slices.Sort(got)
						if diff := cmp.Diff(ids, got); diff != "" {
							t.Errorf("%s (-want +got):\n%s", sql, diff)
						}
					}
				}
			}
		}
	}
	more := map[string][]string{
		"select max(at), min(seen) from moment": {"2026-12-01T08:15:30+00:00|2026-11-30T00:00:00+00:00"},
		"select id from moment where at in ('2026-11-30T08:15:30Z', '2026-11-30 08:15:30', '2026-11-30T10:15:31+02') order by id":                                                                                     {"0", "2"},
		"select id from moment where seen not in ('2026-11-30T08:15:30Z', '2026-11-30 08:15:30.5', '2026-12-01') order by id":                                                                                         {"2", "3", "4", "5", "6"},
		"select id from moment where seen between '2026-11-30T08:15:30Z' and '2026-11-30T10:15:30.5+0200' order by id":                                                                                                {"0", "1", "6"},
		"select id from moment where case seen when '2026-11-30T08:15:30Z' then true end":                                                                                                                             {"0"},
		"select id from moment where at is '2026-11-30T08:15:30Z'":                                                                                                                                                    {"0"},
		"select count(*) from moment where at is not '2026-11-30T08:15:30Z'":                                                                                                                                          {"7"},
		"select count(*) from (select at from moment union select '2026-11-30T08:15:30Z')":                                                                                                                            {"8"},
		"select a.id, b.id from copied a join moment b on a.at = b.seen where a.id < 2 order by 1":                                                                                                                    {"0|0", "1|1"},
		"select a.id from moment a join (values ('2026-11-30T08:15:30Z'), ('2026-11-30 08:15:30.5')) b on a.at = b.column1 order by 1":                                                                                {"0", "1"},
		"with m as materialized (select at as moment, id from moment) select id from m where moment = '2026-11-30T08:15:30Z'":                                                                                         {"0"},
		"select id from moment where at > datetime('2026-12-07T00:00:00Z', '-7 days') order by id":                                                                                                                    {"0", "1", "2", "4", "5", "6"},
		"select max(at) > '2026-12-01T09:15:30+01:00', max(at) >= '2026-12-01 08:15:30', min(seen) = '2026-11-30', '2026-11-30' = min(seen), coalesce(max(at), '2026-01-01') in ('2026-12-01T08:15:30Z') from moment": {"0|1|1|1|1"},
		"select open from moment group by 1 having max(at) filter (where id < 5) < datetime('2026-11-30T20:15:30Z') order by 1":                                                                                       {"0"},
		"with t(since) as materialized (values ('2026-11-30 08:15:31')) select id from t join moment on since < at order by id":                                                                                       {"4", "5"},
		"with t(since) as materialized (values ('2026-11-30 08:15:31')) select id from t, moment where since = seen or t.since <= moment.at order by id":                                                              {"2", "4", "5"},
		"with m as (select substr(at, 1, 4) as at, at as moment from moment) select count(*) from m where '2026' = at and moment is not null":                                                                         {"7"},
		"select max(at, seen) = seen from moment where id = 0":                                                                                                                                                        {"1"},
		"select id from moment order by at desc limit 2":                                                                                                                                                              {"5", "4"},
		"select count(distinct at) from moment":                                   {"7"},
		"select id from moment where at like '2026-11-30T08:15:30.%' order by id": {"1", "6"},
	}
	for sql, want := range more {
		if diff := cmp.Diff(want, mustQuery(t, h, sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sql, diff)
		}
	}
}

// TestNoSuchConstant compares columns with constants that are not of their type.
func TestNoSuchConstant(t *testing.T) {
	tests := map[string]string{
		"at > 'yesterday'":                     `at is compared with 'yesterday', which is not a time: write '2026-11-30', '2026-11-30 08:15', '2026-11-30T08:15:30Z'`,
		"seen > 'yesterday'":                   `seen is compared with 'yesterday', which is not a time`,
		"seen = '2026-13-45'":                  `seen is compared with '2026-13-45', which is not a time`,
		"seen = '2026-13-45T00:00:00+00:00'":   `seen is compared with '2026-13-45T00:00:00+00:00', which is not a time`,
		"seen in ('2026-11-30', '2026-13-45')": `a time is compared with '2026-13-45', which is not a time`,
		"seen not in ('2026-11-30', 'x')":      `a time is compared with 'x', which is not a time`,
		"at between '2026' and '2027'":         `at is compared with 2026, which is not a time`,
		"at > 1764460800":                      `at is compared with 1764460800, which is not a time: write '2026-11-30', '2026-11-30 08:15', '2026-11-30T08:15:30Z', '2026-11-30 08:15:30.5+02:00' or datetime('now', '-7 days'); for seconds since 1970, write datetime(1764460800, 'unixepoch')`,
		"seen > unixepoch('2026-11-30')":       `datetime(1795996800, 'unixepoch')`,
		"seen > strftime('%s', '2026-11-30')":  `datetime(1795996800, 'unixepoch')`,
		"case when at > 'x' then 1 end":        `a time is compared with 'x', which is not a time`,
		"at > 'x' or id = 1":                   `a time is compared with 'x', which is not a time`,
		"not (seen > 'x')":                     `a time is compared with 'x', which is not a time`,
		"seen = ''":                            `seen is compared with '', which is not a time`,
		"at like '2026-11-30 08%'":             `at is compared with the pattern '2026-11-30 08%', which no time matches: as text, a time looks like 2026-11-30T08:15:30+00:00`,
		"open = 'maybe'":                       `open is a boolean, but is compared with 'maybe': write true or false`,
		"open = 'tru e'":                       `open is a boolean, but is compared with 'tru e'`,
		"open in ('true', 'x')":                `open is a boolean, but is compared with 'x'`,
		"done is not ''":                       `done is a boolean, but is compared with ''`,
		"open = 2":                             `open is a boolean, but is compared with 2`,
		"done = 2":                             `done is a boolean, but is compared with 2`,
		"size > 'big'":                         `size is a number, but is compared with 'big'`,
		"'big' = size":                         `size is a number, but is compared with 'big'`,
		"share < ''":                           `share is a number, but is compared with ''`,
		"size <> '0x10'":                       `size is a number, but is compared with '0x10'`,
	}
	for where, want := range tests {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"moment": momentTable()}})
			got, err := queryRows(h, "select id from moment where "+where)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%d rows and error %v, want %q", len(got), err, want)
			}
			if got := mustQuery(t, h, "select count(*) from moment"); got[0] != "8" {
				t.Errorf("after the error: %v", got)
			}
		})
	}
}

// TestBooleans uses PostgreSQL's spellings of booleans.
func TestBooleans(t *testing.T) {
	t.Parallel()
	yes, no, all, none := "0 2 4 6", "1 3 5", "0 1 2 3 4 5 6", ""
	tests := map[string]string{
		"%s = 'true'": yes, "%s = 't'": yes, "%s = 'YES'": yes, "%s = ' on '": yes, "%s = '1'": yes, "'tru' = %s": yes, "%s == 'y'": yes,
		"%s = 'false'": no, "%s <> 'true'": no, "%s != 'yes'": no, "%s = 'off'": no, "%s < 'true'": no, "'n' = %s": no, "'t' <> %s": no,
		"%s in ('true', 'yes')": yes, "%s in ('f', 'true')": all, "%s in (true, 't', 1)": yes, "%s not in ('t', 'true')": no, "%s not in ('t', 'f')": none,
		"%s between 'f' and 't'": all, "%s not between 't' and 't'": no, "%s is 'true'": yes, "%s is not 'true'": no + " 7", "%s is not distinct from 'f'": no,
		"not %s = 'true'": no, "not (%s = 'true')": no, "%s = 'true' or id = 1": "0 1 2 4 6", "case when %s = 'true' then true end": yes,
		"case %s when 'true' then true when 'f' then false end": yes, "coalesce(%s = 'true', true)": yes + " 7", "x.%s = 'true'": yes, "%s": yes, "not %s": no,
		"%s = true": yes, "%s is true": yes, "%s = 1": yes, "%s is null": "7", `x."%s" = 'true'`: yes,
		"id in (select id from moment m where m.%s = 'true')": yes, "name = 'true'": yes, "name in ('false', 'f')": no, "name = 't'": none,
	}
	h := openHost(t, &fakePlugin{tables: map[string]*fakeTable{"moment": momentTable()}})
	mustQuery(t, h, `create temp table copied as select * from moment`)
	mustQuery(t, h, `create temp view viewed as select * from moment`)
	for where, want := range tests {
		for _, column := range []string{"open", "done"} {
			for _, from := range []string{"moment", "c1.moment", "copied", "viewed"} {
				sql := "select id from " + from + " x where " + strings.ReplaceAll(where, "%s", column) + " order by id"
				if got := strings.Join(mustQuery(t, h, sql), " "); got != want {
					t.Errorf("%s: %q, want %q", sql, got, want)
				}
			}
		}
	}
	more := map[string][]string{
		"select count(*) filter (where open = 'true'), sum(done = 'f') from moment":                    {"4|3"},
		"select open = 'true', count(*) from moment group by 1 having open = 'yes'":                    {"1|4"},
		"select count(*) from moment a join moment b on a.id = b.id and b.open = 'true'":               {"4"},
		"with open as (select name as open from moment) select count(*) from open where open = 'true'": {"4"},
		"select 'true' = 'true', open as open from moment where id = 0":                                {"1|1"},
		"select count(*) from moment where id = 0 and open = 'tr' || 'ue'":                             {"0"},
		"select count(*) from (select open, name from moment where open = 'true') where name = 'true'": {"4"},
	}
	for sql, want := range more {
		if diff := cmp.Diff(want, mustQuery(t, h, sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sql, diff)
		}
	}
	mustQuery(t, h, `create temp view opened as select id from moment where open = 'true'`)
	mustQuery(t, h, `create temp table other(open text)`)
	mustQuery(t, h, `insert into other values ('true'), ('t')`)
	for sql, want := range map[string]string{"select count(*) from opened": "4", "select count(*) from other where open = 'true'": "1", "select count(*) from other where open = 'maybe'": "0"} {
		if got := mustQuery(t, h, sql); got[0] != want {
			t.Errorf("%s: %v, want %s", sql, got, want)
		}
	}
}

// TestTypedTables creates tables from queries. Their columns have the types of the plugin's columns.
func TestTypedTables(t *testing.T) {
	t.Parallel()
	p := &fakePlugin{tables: map[string]*fakeTable{"moment": momentTable(), "item": itemTable()}}
	h := openHost(t, p)
	mustQuery(t, h, `create temp table plain as with m as materialized (select * from moment) select m.open, m.at, m.id, upper(m.name) as n, max(at) over () as last, cast(id as text) as c, i.labels from m join item i using (id)`)
	if requested := len(p.takeRequests()); requested != 2 {
		t.Errorf("%d scans, want 2", requested)
	}
	want := []string{"open|BOOLEAN", "at|TIMESTAMP TEXT", "id|INTEGER", "n|", "last|", "c|TEXT", "labels|JSON TEXT"}
	if diff := cmp.Diff(want, mustQuery(t, h, `select name, type from pragma_table_info('plain')`)); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	for sql, want := range map[string]string{
		`create temp table plain as select 1`:                         `table plain already exists`,
		`create temp table a as select nope from moment`:              `no such column: nope`,
		`create temp table a as select at from moment where at > 'x'`: `at is compared with 'x'`,
		`create temp table a as`:                                      `incomplete input`,
		`create temp table if not exists plain as select nope`:        ``,
	} {
		if _, err := queryRows(h, sql); err == nil && want != "" || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", sql, err, want)
		}
	}
	if got := mustQuery(t, h, `select count(*) from temp.sqlite_schema where name <> 'plain'`); got[0] != "0" {
		t.Errorf("%s things are left", got[0])
	}
	mustQuery(t, h, `create temporary table temp."a ""b" as values (1, 'x')`)
	if got := mustQuery(t, h, `select * from "a ""b"`); got[0] != "1|x" {
		t.Error(got)
	}
}
