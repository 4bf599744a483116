//go:build !race

// The SDK itself has data races, so the race detector does not watch tests that run all of it.

package bitbucket

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// TestQueryMeansWhatItSays queries each table in SQL, with conditions on every column, with every operator and form of list,
// and with values of the table and awkward ones. The rows are those of the whole table that satisfy the condition by the rules
// implemented here. With LIMIT, there are as many of them.
func TestQueryMeansWhatItSays(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 14, Projects: 3, Users: 12, Groups: 3})
	var combinations, queries atomic.Int64
	names := make(chan string, len(tables))
	for _, tab := range tables {
		if tab.name != "bitbucket_rate_limit" && tab.name != "bitbucket_omission" { // their rows depend on the queries of the test
			names <- tab.name
		}
	}
	close(names)
	var work sync.WaitGroup
	for range 2 {
		server := NewServer()
		sqlHost, err := sqlhost.Open(server, []sqlhost.Connection{{Name: "bitbucket", Plugin: "local/bitbucket", Config: connectionTo(fake, fake.Organization().Connected.UUID, `max_age = "1m"`)}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sqlHost.Close() })
		work.Go(func() {
			for name := range names {
				q := &queryTest{t: t, host: sqlHost}
				q.run(name)
				combinations.Add(int64(q.combinations))
				queries.Add(int64(q.queries))
			}
		})
	}
	work.Wait()
	t.Logf("%d combinations of a column, an operator or list, and values; %d queries", combinations.Load(), queries.Load())
	if combinations.Load() < 50_000 {
		t.Error("there are too few combinations")
	}
}

// A queryTest queries a table with many conditions.
type queryTest struct {
	t                     *testing.T
	host                  *sqlhost.Host
	table                 sqlhost.Table
	rows                  [][]any // of the whole table, by column
	combinations, queries int
}

func (q *queryTest) run(name string) {
	for _, tab := range q.host.Tables() {
		if tab.Name == name {
			q.table = tab
		}
	}
	q.table.Columns = slices.DeleteFunc(slices.Clone(q.table.Columns), func(c sqlhost.Column) bool { return c.Hidden })
	var err error
	if q.rows, err = q.query("select * from " + name); err != nil || len(q.rows) == 0 {
		q.t.Errorf("%s: %d rows, error %v", name, len(q.rows), err)
		return
	}
	var some []sqlCondition
	for i, c := range q.table.Columns {
		if repeatsQuery[c.Name] {
			continue
		}
		isKey := q.isKey(i)
		for n, one := range conditionsOn(c, q.values(i)) {
			if one.column = i; isKey || (n+i)%7 == 0 {
				some = append(some, one)
			}
		}
	}
	q.expressions(some)
	// A large table gets fewer queries.
	checks := max(12, 50-len(q.rows)/10)
	stride := max(1, len(some)/checks) | 1
	for n := 0; n < len(some); n += stride {
		q.check(some[n], n%3 == 0)
	}
}

// repeatsQuery are the columns that repeat the condition of the query, and are null without one.
var repeatsQuery = map[string]bool{"dates_in_order": true}

func (q *queryTest) isKey(col int) bool {
	return slices.ContainsFunc(q.table.KeyColumns, func(k sqlhost.KeyColumn) bool { return k.Name == q.table.Columns[col].Name })
}

// namesThings reports whether a condition on the column names a repository, a workspace or another object. A name that does not
// exist, or has another spelling, may be an error.
func (q *queryTest) namesThings(col int) bool {
	name := q.table.Columns[col].Name
	return slices.Contains([]string{"full_name", "repository_full_name", "workspace_slug"}, name) ||
		slices.ContainsFunc(q.table.KeyColumns, func(k sqlhost.KeyColumn) bool { return k.Name == name && slices.Equal(k.Operators, nameOperators) })
}

func (q *queryTest) query(sql string) ([][]any, error) {
	q.queries++
	rows, err := q.host.Query(q.t.Context(), sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]any
	for rows.Next() {
		all = append(all, slices.Clone(rows.Values()))
	}
	return all, rows.Err()
}

// values returns the different values of a column, in order.
func (q *queryTest) values(col int) []any {
	var all []any
	for _, r := range q.rows {
		all = append(all, r[col])
	}
	all = differentValues(all)
	slices.SortFunc(all, func(x, y any) int { return compareAsSQL(q.table.Columns[col].Type, x, y) })
	return all
}

// expressions selects the values of the conditions, as columns, for a few rows.
func (q *queryTest) expressions(sqlConditions []sqlCondition) {
	const most, rows = 1000, 12
	for chunk := range slices.Chunk(sqlConditions, most) {
		list := make([]string, 0, 2*len(chunk))
		for _, c := range chunk {
			list = append(list, "("+c.sql+")")
		}
		var names []string
		for _, c := range q.table.Columns {
			names = append(names, c.Name)
		}
		got, err := q.query(fmt.Sprintf("select %s, %s from (select * from %s limit %d)", strings.Join(names, ", "), strings.Join(list, ", "), q.table.Name, rows))
		if err != nil {
			q.t.Errorf("%s: %v", q.table.Name, err)
			return
		}
		q.combinations += len(chunk)
		texts := map[truthValue]string{isFalse: "0", isTrue: "1", isNull: "<nil>"}
		for _, r := range got {
			for i, c := range chunk {
				have, truth := r[c.column], fmt.Sprint(r[len(names)+i])
				if want := texts[c.holds(have)]; truth != want {
					q.t.Errorf("%s: %s for the value %v: %v, want %s", q.table.Name, c.sql, have, truth, want)
				}
			}
		}
	}
}

// check queries the rows that satisfy a condition, and compares them with those of the whole table.
func (q *queryTest) check(c sqlCondition, limited bool) {
	// To tell rows apart, select the column itself and those that need no request.
	selected := []int{c.column}
	for i := range q.table.Columns {
		if q.isKey(i) && !repeatsQuery[q.table.Columns[i].Name] {
			selected = append(selected, i)
		}
	}
	var names []string
	for _, i := range selected {
		names = append(names, q.table.Columns[i].Name)
	}
	want := map[string]int{}
	matching := 0
	for _, r := range q.rows {
		if c.holds(r[c.column]) == isTrue {
			var values []any
			for _, i := range selected {
				values = append(values, r[i])
			}
			want[fmt.Sprint(values)]++
			matching++
		}
	}
	sql := "select " + strings.Join(names, ", ") + " from " + q.table.Name + " where " + c.sql
	limit := matching
	if limited && matching > 0 {
		limit = (matching + 1) / 2
		sql += fmt.Sprint(" limit ", limit)
	}
	q.combinations++
	got, err := q.query(sql)
	if err != nil {
		if !c.absent || !q.namesThings(c.column) {
			q.t.Errorf("%s: %v", sql, err)
		}
		return
	}
	if len(got) != limit {
		q.t.Errorf("%s: %d rows, want %d", sql, len(got), limit)
		return
	}
	for _, r := range got {
		if want[fmt.Sprint(r)]--; want[fmt.Sprint(r)] < 0 {
			q.t.Errorf("%s: a row that does not satisfy it: %v", sql, r)
			return
		}
	}
}

// A sqlCondition is a condition in SQL, with a function that returns its truth value by the rules.
type sqlCondition struct {
	column int
	sql    string
	holds  func(v any) truthValue
	absent bool // no row has the value
}

// A constant is a value and its text in SQL.
type constant struct {
	sql    string
	value  any // nil for null
	absent bool
}

// compareAsSQL compares two values of a column that are not null.
func compareAsSQL(kind sqlhost.Type, x, y any) int {
	if kind == sqlhost.Timestamp {
		return instant(x).Compare(instant(y))
	}
	return orderOf(x, y)
}

func instant(v any) time.Time {
	if t, ok := v.(time.Time); ok {
		return t
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999+00:00", v.(string))
	if err != nil {
		panic(err)
	}
	return t
}

// constantsOf returns values to compare a column with: some of its own, and awkward ones, each in one of its spellings.
func constantsOf(c sqlhost.Column, values []any) []constant {
	var all []constant
	has := func(v any) bool {
		return slices.ContainsFunc(values, func(x any) bool { return compareAsSQL(c.Type, x, v) == 0 })
	}
	spelling := 0
	add := func(v any, spellings ...string) {
		all = append(all, constant{spellings[spelling%len(spellings)], v, !has(v)})
		spelling++
	}
	some := firstMiddleLast(values)
	switch c.Type {
	case sqlhost.Boolean:
		for _, words := range [][]string{{"true", "'true'", "'t'", "1", "'YES'", "'on'", "'1'", "' y '"}, {"false", "'false'", "'f'", "0", "'No'", "'off'", "'0'", "'n'"}} {
			for _, word := range words {
				add(map[string]int64{"true": 1, "false": 0}[words[0]], word)
			}
		}
	case sqlhost.Integer, sqlhost.Real:
		number := func(n any) {
			s := fmt.Sprint(n)
			if c.Type == sqlhost.Real {
				n = float64(n.(int64))
			}
			add(n, s, "'"+s+"'", "' "+s+" '")
		}
		for _, v := range some {
			if f, ok := v.(float64); ok {
				add(f, fmt.Sprint(f), fmt.Sprintf("'%v'", f))
				continue
			}
			number(v)
			number(v.(int64) + 1)
		}
		for _, n := range []int64{0, -1, 1<<32 + 7, 1<<53 - 1} {
			number(n)
		}
	case sqlhost.Timestamp:
		moment := func(t time.Time) {
			t = t.UTC()
			inZone := func(zone time.Duration, form string) string {
				return "'" + t.In(time.FixedZone("", int(zone/time.Second))).Format(form) + "'"
			}
			add(t, inZone(0, "2006-01-02T15:04:05.999999Z07:00"), inZone(0, "2006-01-02 15:04:05.999999"), inZone(2*time.Hour, "2006-01-02T15:04:05.999999-07:00"),
				inZone(0, "2006-01-02T15:04:05.999999-07:00"), inZone(-90*time.Minute, "2006-01-02 15:04:05.000000-0700"), inZone(-5*time.Hour, "2006-01-02t15:04:05.999999-07"),
				"strftime('%Y-%m-%dT%H:%M:%S', "+inZone(0, "2006-01-02T15:04:05Z")+") || "+inZone(0, ".000000+00"))
		}
		for _, v := range some {
			moment(instant(v))
			moment(instant(v).Add(time.Microsecond))
			second := instant(v).Truncate(time.Second)
			add(second, "datetime("+second.Format("'2006-01-02T15:04:05Z'")+")", "datetime("+fmt.Sprint(second.Unix())+", 'unixepoch')")
			day := second.Truncate(24 * time.Hour)
			add(day, day.Format("'2006-01-02'"), day.Format("date('2006-01-02', '+1 minute')"), day.Format("'2006-01-02 00:00'"))
		}
		add(time.Unix(0, 0).UTC(), "'1970-01-01'", "'1970-01-01T02:00+02'")
		add(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "'9999-12-31T23:59:59Z'")
	default:
		texts := []string{"", "'; drop table x; --", `back\slash`, "%", "_", `"quoted"`, "ÄÖü ß 漢", "nothing that is there", "0", "\n"}
		for _, v := range some {
			s := v.(string)
			texts = append(texts, s, strings.ToUpper(s), s+" ")
		}
		for _, s := range texts {
			add(s, "'"+strings.ReplaceAll(s, "'", "''")+"'")
		}
	}
	return all
}

// conditionsOn returns the conditions on a column with these values.
func conditionsOn(c sqlhost.Column, values []any) []sqlCondition {
	var all []sqlCondition
	add := func(absent bool, truth func(v any) truthValue, sql string, args ...any) {
		all = append(all, sqlCondition{sql: fmt.Sprintf(sql, args...), holds: truth, absent: absent})
	}
	add(false, func(v any) truthValue { return truthOf(v == nil) }, "%s is null", c.Name)
	add(false, func(v any) truthValue { return truthOf(v != nil) }, "%s is not null", c.Name)
	compared := func(x any, to constant, satisfies func(sign int) bool) truthValue {
		if x == nil || to.value == nil {
			return isNull
		}
		return truthOf(satisfies(compareAsSQL(c.Type, x, to.value)))
	}
	equal := func(x any, to constant) truthValue { return compared(x, to, comparisons[0].holds) }
	null := constant{sql: "null"}
	constants := constantsOf(c, values)
	for i, k := range append(constants, null) {
		other := constants[(i+1)%len(constants)]
		third := constants[(i+5)%len(constants)]
		for n, o := range comparisons {
			truth := func(v any) truthValue { return compared(v, k, o.holds) }
			absent := o.operator == "=" && k.absent
			forms := []struct {
				sql   string
				holds func(v any) truthValue
			}{
				{"%[1]s %[2]s %[3]s", truth},
				{"%[3]s %[4]s %[1]s", truth},
				{"not (%[1]s %[2]s %[3]s)", func(v any) truthValue { return truth(v).not() }},
				{"case when %[1]s %[2]s %[3]s then true else false end", func(v any) truthValue { return truthOf(truth(v) == isTrue) }},
				{"(%[1]s %[2]s %[3]s or %[1]s is null)", func(v any) truthValue { return max(truth(v), truthOf(v == nil)) }},
				{"coalesce(%[1]s %[2]s %[3]s, false)", func(v any) truthValue { return truthOf(truth(v) == isTrue) }},
			}
			add(absent, forms[0].holds, forms[0].sql, c.Name, o.operator, k.sql, o.reversed)
			f := forms[1+(i+n)%(len(forms)-1)]
			add(absent, f.holds, f.sql, c.Name, o.operator, k.sql, o.reversed)
		}
		is := func(v any) truthValue { return truthOf(equal(v, k) == isTrue || v == nil && k.value == nil) }
		add(k.absent, is, "%s is %s", c.Name, k.sql)
		add(false, func(v any) truthValue { return is(v).not() }, "%s is not %s", c.Name, k.sql)
		listed := func(list ...constant) func(v any) truthValue {
			return func(v any) truthValue {
				result := isFalse
				for _, one := range list {
					result = max(result, equal(v, one))
				}
				return result
			}
		}
		add(k.absent || other.absent || third.absent, listed(k, other, third), "%s in (%s, %s, %s)", c.Name, k.sql, other.sql, third.sql)
		add(false, func(v any) truthValue { return listed(k, other, third)(v).not() }, "%s not in (%s, %s, %s)", c.Name, k.sql, other.sql, third.sql)
		add(k.absent || other.absent, listed(k, other), "(%[1]s = %[2]s or %[1]s = %[3]s)", c.Name, k.sql, other.sql)
		add(k.absent, listed(k, null), "%s in (%s, null)", c.Name, k.sql)
		add(false, func(v any) truthValue { return listed(k, null)(v).not() }, "%s not in (%s, null)", c.Name, k.sql)
		between := func(v any) truthValue {
			return min(compared(v, k, comparisons[5].holds), compared(v, other, comparisons[3].holds))
		}
		add(false, between, "%s between %s and %s", c.Name, k.sql, other.sql)
		add(false, func(v any) truthValue { return between(v).not() }, "%s not between %s and %s", c.Name, k.sql, other.sql)
	}
	add(false, func(v any) truthValue { return isFalse }, "%s in ()", c.Name)
	add(false, func(v any) truthValue { return isTrue }, "%s not in ()", c.Name)
	if c.Type == sqlhost.Text {
		for _, pattern := range patternsOf(constants) {
			like := func(v any) truthValue {
				if v == nil {
					return isNull
				}
				return truthOf(matchesLikeOfSQLite(v.(string), pattern))
			}
			quoted := "'" + strings.ReplaceAll(pattern, "'", "''") + "'"
			add(false, like, "%s like %s", c.Name, quoted)
			add(false, func(v any) truthValue { return like(v).not() }, "%s not like %s", c.Name, quoted)
		}
	}
	return all
}

// patternsOf returns patterns for LIKE, made of the constants.
func patternsOf(constants []constant) []string {
	all := []string{"%", "", "_%", "%%", `%\%`, "%ä%", "%'%"}
	for _, k := range constants {
		letters := []rune(k.value.(string))
		if k.absent || len(letters) == 0 {
			continue
		}
		half := len(letters) / 2
		all = append(all, string(letters), string(letters[:half])+"%", "%"+strings.ToUpper(string(letters[half:])), "_"+string(letters[1:]), "%"+string(letters[half/2:half])+"%")
	}
	return all
}

// matchesLikeOfSQLite reports whether a text matches a pattern of SQLite's LIKE: letters of ASCII in any case, and without an
// escape.
func matchesLikeOfSQLite(value, pattern string) bool {
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r - 'A' + 'a'
			}
			return r
		}, s)
	}
	return matchesLike(fold(value), fold(strings.ReplaceAll(pattern, `\`, `\\`)))
}
