package sqlhost

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
)

func repositories() *fakePlugin {
	now := time.Now()
	return &fakePlugin{tables: map[string]*fakeTable{
		"bitbucket_repository": {
			schema: &proto.TableSchema{
				Columns: columnDefinitions("full_name STRING", "name STRING", "size INT", "updated_on TIMESTAMP", "is_private BOOL"),
				ListCallKeyColumnList: []*proto.KeyColumn{
					{Name: "name", Operators: []string{"=", "~~", "~~*"}, Require: optional},
					{Name: "updated_on", Operators: []string{"<", ">", "<=", ">="}, Require: optional},
				},
			},
			rows: []fakeRow{
				{"full_name": "acme/Website", "name": "Website", "size": int64(5), "updated_on": now.Add(-time.Hour), "is_private": true},
				{"full_name": "acme/api", "name": "api", "size": int64(50), "updated_on": now.Add(-100 * 24 * time.Hour), "is_private": false},
			},
		},
		"bitbucket_user": {schema: &proto.TableSchema{Columns: columnDefinitions("uuid STRING", "display_name STRING")}},
	}}
}

// An error about a statement marks the wrong part, here between « and », and makes a suggestion.
func TestStatementError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ sql, want string }{
		"a column": {
			`select «fullname» from bitbucket_repository`, `no such column: fullname: did you mean full_name?`,
		},
		"a column of a table": {
			`select size as fullname from bitbucket_repository as r where «r.fullname» = 1`, `no such column: r.fullname: did you mean r.full_name?`,
		},
		"a column like none": {`select «colour» from bitbucket_user`, `no such column: colour`},
		"no FROM":            {`select «full_name»`, `no such column: full_name: the statement has no FROM`},
		"an ambiguous column": {
			`select «name» from bitbucket_repository a, bitbucket_repository b`, `ambiguous column name: name`,
		},
		"a table": {
			"select 1\nfrom «bitbucket_repositories»", `no such table: bitbucket_repositories: did you mean bitbucket_repository?`,
		},
		"a table without its prefix": {`select 1 from «user»`, `no such table: user: did you mean bitbucket_user?`},
		"a schema": {
			`select 1 from «c2.bitbucket_user»`, `no such table: c2.bitbucket_user: did you mean c1.bitbucket_user?`,
		},
		"a table of a schema": {
			`select 1 from «c1.bitbucket_users»`, `no such table: c1.bitbucket_users: did you mean c1.bitbucket_user?`,
		},
		"syntax":          {`select name, «from» bitbucket_repository`, `near "from": syntax error`},
		"the second from": {`select name from bitbucket_repository where name = (select 1, «from» bitbucket_user)`, `near "from": syntax error`},
		"in front":        {`«selec» 1`, `near "selec": syntax error`},
		"a token":         {`select 1 «#» 2`, `unrecognized token: "#"`},
		"the end":         {`select 1 from bitbucket_user «where»`, `incomplete input`},
		"a function":      {`select «date_trunc»('month', updated_on) from bitbucket_repository`, `no such function: date_trunc: write date(…), or strftime('%Y-%m', …) for a month`},
		"arguments":       {`select «julianday»(1, 2, 3, 4), «now»(1)`, `wrong number of arguments to function now()`},
		"an aggregate":    {`select 1 from bitbucket_user where «count»(*) > 1`, `misuse of aggregate function count()`},
		"a quote":         {`select «'»x`, `incomplete statement: a quote opened in line 1 is not closed`},
		"a parenthesis":   {"select 1 +\n «(»2", `incomplete statement: a parenthesis opened in line 2 is not closed`},
		"a cast": {
			`select «size::text» from bitbucket_repository`, `SQLite has no casts with two colons: write cast(size as text)`,
		},
		"a cast of a call": {
			`select 1 + «coalesce(r.size, (1))::float» from bitbucket_repository r`, `SQLite has no casts with two colons: write cast(coalesce(r.size, (1)) as real)`,
		},
		"a cast to a day":     {`select «r.updated_on::date» from bitbucket_repository r`, `SQLite has no casts with two colons: write date(r.updated_on)`},
		"a cast to something": {`select «size::regclass» from bitbucket_repository`, `SQLite has no casts with two colons: write cast(… as …)`},
		"a cast that is a year": {
			`select «cast(updated_on as date)» from bitbucket_repository`, `SQLite casts a time to its year: write date(updated_on)`,
		},
		"an interval": {
			`select 1 from bitbucket_repository where updated_on < «now() - interval '30 days'»`, `SQLite has no interval: write datetime(now(), '-30 days')`,
		},
		"a longer interval": {
			`select «r.updated_on + interval '1 year 2 weeks'» from bitbucket_repository r`, `SQLite has no interval: write datetime(r.updated_on, '1 years', '14 days')`,
		},
		"an interval alone": {`select «interval '1'»`, `SQLite has no interval: write datetime(now(), '-30 days')`},
		"a difference": {
			`select «now()» - updated_on from bitbucket_repository`,
			`SQLite can't add and subtract times: julianday(now()) - julianday(updated_on) is a number of days, and datetime(now(), '-30 days') is the time 30 days ago`,
		},
		"a typed constant": {
			`select 1 from bitbucket_repository where updated_on > «timestamp '2026-01-01'»`,
			`SQLite has no constants with a type: write only '2026-01-01', which is compared with a time as a time`,
		},
		"a regular expression": {`select 1 from bitbucket_repository where name «~» '^w'`, `near "~": syntax error: SQLite has no regular expressions; write like or glob`},
		"distinct on":          {`select distinct «on» (name) size from bitbucket_repository`, `near "on": syntax error: SQLite has no distinct on; write row_number() over (partition by …), and select the rows with 1`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := openHost(t, repositories())
			sql := strings.NewReplacer("«", "", "»", "").Replace(test.sql)
			_, err := queryRows(h, sql)
			e, ok := errors.AsType[*StatementError](err)
			if !ok || err.Error() != test.want {
				t.Fatalf("error %v, want %s", err, test.want)
			}
			last := strings.LastIndex(test.sql, "«")
			_, after, _ := strings.Cut(test.sql[last:], "«")
			part, _, _ := strings.Cut(after, "»")
			if got := sql[e.Begin:e.End]; got != part || e.Begin != len(strings.NewReplacer("«", "", "»", "").Replace(test.sql[:last])) {
				t.Errorf("the error is in %q at %d of %s", got, e.Begin, test.sql)
			}
		})
	}
}

// PostgreSQL's ilike and now() work, and reach the plugin.
func TestPostgres(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sql  string
		want []string
		qual string // sent to the plugin
	}{
		"ilike":          {`select full_name from bitbucket_repository where name ilike 'WEB%'`, []string{"acme/Website"}, `name ~~* WEB%`},
		"not ilike":      {`select full_name from bitbucket_repository where name not ilike 'web%'`, []string{"acme/api"}, ""},
		"ilike twice":    {`select full_name from bitbucket_repository where (name) ILIKE 'WEB%' or name ILike 'a' || 'pi'`, []string{"acme/Website", "acme/api"}, ""},
		"a column ilike": {`select size ilike from bitbucket_repository where name = 'api'`, []string{"50"}, ""},
		"now":            {`select full_name from bitbucket_repository where updated_on < datetime(now(), '-30 days')`, []string{"acme/api"}, "updated_on <"},
		"all before now": {`select count(*) from bitbucket_repository where updated_on < now()`, []string{"2"}, "updated_on <"},
		"one now":        {`select count(distinct now()), now() = now(), date(now()) = date('now') from bitbucket_repository`, []string{"1|1|1"}, ""},
		"days":           {`select cast(julianday(now()) - julianday(updated_on) as integer) from bitbucket_repository where name = 'api'`, []string{"100"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := repositories()
			got, err := queryRows(openHost(t, p), test.sql)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, rowTexts(got)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if sent := pushedText(p.takeRequests()[0]); !strings.Contains(sent, test.qual) {
				t.Errorf("the plugin got %q, want %q", sent, test.qual)
			}
		})
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{
		"": true, "select 1;": true, "select 1; -- one": true, "select 1": false, "select ';": false, "select 1 /* ;": false, "select 1; select 2": false, "select (1;": true,
	} {
		if got := Complete(script); got != want {
			t.Errorf("Complete(%q) = %t", script, got)
		}
	}
}
