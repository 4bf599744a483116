package command

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{}))
	const sql = "select slug, is_administrator from bitbucket_my_workspace order by slug"
	const csv = "slug,is_administrator\nQuarryTools,false\nharbor-labs,true\n"
	tests := map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"an argument":          {args: []string{sql}, want: csv},
		"standard input":       {stdin: "-- which?\n" + sql + ";\n", want: csv},
		"the schema's name":    {args: []string{"select slug from work.bitbucket_my_workspace where is_administrator"}, want: "slug\nharbor-labs\n"},
		"several statements":   {args: []string{"select 1 as a; select 2 as b;"}, want: "a\n1\n\nb\n2\n"},
		"a view":               {args: []string{"create temp view v as select slug from work.bitbucket_my_workspace where is_administrator; select * from v"}, want: "slug\nharbor-labs\n"},
		"several arguments":    {args: []string{"create temp table t as select 7 as a", "select a from t"}, want: "a\n7\n"},
		"the connection named": {args: []string{"--connection", "WORK", "select count(*) as n from bitbucket_my_workspace"}, want: "n\n2\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t, tt.stdin, append([]string{"query", "--config", config, "--output", "csv"}, tt.args...)...)
			if diff := cmp.Diff(outcome{exitOK, tt.want, ""}, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueryFails(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	empty := t.TempDir()
	queryWith := func(arguments string) []string {
		return []string{"--config", writeFile(t, t.TempDir(), "a.spc", "connection \"work\" {\n  plugin = \"bitbucket\"\n"+arguments+"\n}\n"), "select * from bitbucket_user"}
	}
	tests := map[string]struct {
		stdin string
		args  []string
		code  int
		want  string
		place string // the lines after the error
	}{
		"no such table":                   {args: []string{"--config", config, "select * from bitbucket_issue"}, code: exitFailed, want: "no such table: bitbucket_issue", place: "    select * from bitbucket_issue\n                  ^^^^^^^^^^^^^^^\n"},
		"no such column":                  {args: []string{"--config", config, "select nope from bitbucket_user"}, code: exitFailed, want: "no such column: nope", place: "    select nope from bitbucket_user\n           ^^^^\n"},
		"bad syntax":                      {args: []string{"--config", config, "selec"}, code: exitFailed, want: `near "selec": syntax error`, place: "    selec\n    ^^^^^\n"},
		"a hidden repository":             {args: []string{"--config", config, "select * from bitbucket_repository where full_name = 'harbor-labs/nope'"}, code: exitFailed, want: "404 Not Found"},
		"the second fails":                {args: []string{"--config", config, "--output", "json", "select 1", "select nope"}, code: exitFailed, want: "no such column: nope: the statement has no FROM", place: "  line 1, statement 2 of 2:\n    select nope\n           ^^^^\n"},
		"no SQL":                          {stdin: " ;; -- nothing\n", args: []string{"--config", config}, code: exitUsage, want: "no SQL"},
		"a command of the shell":          {args: []string{"--config", config, "select 1; .tables user"}, code: exitUsage, want: ".tables is a command of the shell, not SQL: `steampipe-plugin-bitbucket query` opens"},
		"a word of the shell":             {args: []string{"--config", config, "help"}, code: exitUsage, want: "help is a command of the shell"},
		"an empty argument":               {args: []string{"--config", config, ""}, code: exitUsage, want: "no SQL"},
		"an unknown flag":                 {args: []string{"--colour", "select 1"}, code: exitUsage, want: "unknown flag: --colour (see steampipe-plugin-bitbucket query --help)"},
		"an unknown format":               {args: []string{"--output", "xml", "select 1"}, code: exitUsage, want: `unknown output format "xml": choose ` + formatNames()},
		"no such folder":                  {args: []string{"--config", empty + "/nowhere", "select 1"}, code: exitUsage, want: "can't read the configuration"},
		"no connection":                   {args: []string{"--config", empty, "select 1"}, code: exitUsage, want: "no connection of this plugin in " + empty},
		"an unknown name":                 {args: []string{"--config", config, "--connection", "home", "select 1"}, code: exitUsage, want: "unknown connection home: choose work"},
		"two sources":                     {args: []string{"--config", config, "--demo", "select 1"}, code: exitUsage, want: "--demo can't be combined with --config or --connection"},
		"no folder by default":            {args: []string{"select 1"}, code: exitUsage, want: "run `steampipe-plugin-bitbucket login`"},
		"a wrong address of the API":      {args: queryWith("base_url = \"http://example.com\"\naccess_token = \"hush\""), code: exitUsage, want: "base_url"},
		"an address with a path":          {args: queryWith("base_url = \"https://example.com/2.0\"\naccess_token = \"hush\""), code: exitUsage, want: "base_url"},
		"a wrong authorization server":    {args: queryWith("oauth_url = \"http://example.com\"\nconsumer_key = \"k\"\nconsumer_secret = \"hush\""), code: exitUsage, want: "oauth_url"},
		"no authorization server":         {args: queryWith("oauth_url = \"example\"\nconsumer_key = \"k\"\nconsumer_secret = \"hush\"\nrefresh_token = \"hush\""), code: exitUsage, want: "oauth_url"},
		"a line break in an access token": {args: queryWith(`access_token = "hush\nhush"`), code: exitUsage, want: "access_token contains a line break"},
		"a line break in a secret":        {args: queryWith("consumer_key = \"k\"\n" + `consumer_secret = "hush\nhush"`), code: exitUsage, want: "consumer_secret contains a line break"},
		"a NUL in an e-mail address":      {args: queryWith(`email = "a\u0000b"` + "\napi_token = \"hush\""), code: exitUsage, want: "email contains a line break or another control character"},
		"two methods":                     {args: queryWith("access_token = \"hush\"\nconsumer_key = \"k\""), code: exitUsage, want: "more than one authentication method: consumer_key and access_token are set"},
		"an app password":                 {args: queryWith("username = \"me\"\npassword = \"hush\""), code: exitUsage, want: "App passwords no longer work: see https://github.com/kindor/steampipe-plugin-bitbucket/blob/main/docs/migration.md"},
		"no credentials":                  {args: queryWith(""), code: exitUsage, want: "no credentials"},
		"too many at once":                {args: queryWith("max_concurrency = 0\naccess_token = \"hush\""), code: exitUsage, want: "max_concurrency is 0"},
		"no duration":                     {args: queryWith("max_wait = \"long\"\naccess_token = \"hush\""), code: exitUsage, want: "max_wait is"},
		"a view that names a schema": {
			args: []string{"--config", config, "create view v as select * from work.bitbucket_user"}, code: exitFailed, want: "view v cannot reference objects in database work",
		},
		"half a way in": {
			args: []string{"--config", writeFile(t, empty, "half.txt", "connection \"half\" {\n  plugin = \"bitbucket\"\n  email = \"a@example.com\"\n}\n"), "select * from bitbucket_user"},
			code: exitUsage, want: "email is set, but api_token (or BITBUCKET_PASSWORD) is not",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t, tt.stdin, append([]string{"query"}, tt.args...)...)
			first, place, _ := strings.Cut(got.err, "\n")
			if got.code != tt.code || !strings.HasPrefix(first, "Error: ") || !strings.Contains(first, tt.want) || place != tt.place {
				t.Errorf("exit code %d and %q, want %d and one line with %q, and then %q", got.code, got.err, tt.code, tt.want, tt.place)
			}
			if got.out != "" {
				t.Errorf("standard output has %q", got.out)
			}
			if strings.Contains(got.err, "hush") {
				t.Errorf("the output shows a secret: %s", got.err)
			}
		})
	}
}

// In no format does a scan that fails in the middle look complete.
func TestQueryFailsHalfway(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	fake.Inject(fakebitbucket.Fault{
		Kind: fakebitbucket.FaultStatus, Status: http.StatusForbidden, Path: "/2.0/repositories/QuarryTools", Count: -1,
		Body: `{"type":"error","error":{"message":"Forbidden"}}`, Header: http.Header{"Content-Type": {"application/json"}},
	})
	for format := range formats {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t, "", "query", "--config", config, "--output", format, "select full_name from bitbucket_repository")
			if got.code != exitFailed || !strings.Contains(got.err, "403 Forbidden") {
				t.Errorf("exit code %d and %q, want %d and the refusal", got.code, got.err, exitFailed)
			}
			if json.Valid([]byte(got.out)) {
				t.Errorf("standard output is a complete document: %q", got.out)
			}
		})
	}
}

func TestQueryTiming(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Quota: 1000})
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Path: "/2.0/user"})
	got := runCommand(t, "", "query", "--config", configOf(t, fake), "--timing", "--output", "csv",
		"select 1", "select count(*) from bitbucket_my_workspace", "select uuid from bitbucket_user", "select 1 where false")
	want := regexp.MustCompile(`^Rows: 1\. Requests: 0\. Received: 0 B\. Time: \d+m?s\.
Rows: 1\. Requests: 1\. Received: \d+ B\. Time: \d+m?s\. Quota of work: 999 requests left until \d\d:\d\d:\d\d\.
Rows: 1\. Requests: 2 \(1 of them retries\)\. Received: \d+ B\. Time: [\d.]+m?s\. Quota of work: 998 requests left until \d\d:\d\d:\d\d\.
Rows: 0\. Requests: 0\. Received: 0 B\. Time: \d+m?s\. Quota of work: 998 requests left until \d\d:\d\d:\d\d\.
$`)
	if got.code != exitOK || !want.MatchString(got.err) {
		t.Errorf("exit code %d and\n%swant %d and %s", got.code, got.err, exitOK, want)
	}
	if made := len(fake.Journal()); made != 3 {
		t.Errorf("%d requests, want 3: --timing must cost none", made)
	}
}

func TestQuerySeveralConnections(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	dir := t.TempDir()
	var users []string
	for _, name := range []string{"first", "second"} {
		u := fake.Organization().Users[len(users)]
		users = append(users, u.DisplayName)
		writeFile(t, dir, name+".spc", connectionBlock(name, []spcArgument{
			{name: "plugin", value: localPlugin}, {name: "access_token", value: fake.AccessToken(u.UUID)}, {name: "base_url", value: fake.URL()},
		}))
	}
	writeFile(t, dir, "all.spc", "connection \"zz\" {\n  plugin = \"bitbucket\"\n  type = \"aggregator\"\n  connections = [\"*\"]\n}\n")
	const bare = "select display_name as who from bitbucket_user"
	tests := map[string]struct {
		args []string
		want string
	}{
		"the first by name":   {[]string{bare}, "who\n" + users[0] + "\n"},
		"the one named":       {[]string{"--connection", "second", bare}, "who\n" + users[1] + "\n"},
		"by its schema":       {[]string{"select display_name as who from second.bitbucket_user"}, "who\n" + users[1] + "\n"},
		"all in an aggregate": {[]string{"select display_name as who from zz.bitbucket_user order by sp_connection_name"}, "who\n" + users[0] + "\n" + users[1] + "\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t, "", append([]string{"query", "--config", dir, "--output", "csv"}, tt.args...)...)
			if diff := cmp.Diff(outcome{exitOK, tt.want, ""}, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

// The help warns of surprises, and its workaround for a slow join is fast.
func TestQueryHelp(t *testing.T) {
	t.Parallel()
	help := runCommand(t, "", "query", "--help").out
	for _, said := range []string{"create temp view", "Exit codes: 0 for success", "1 if a statement failed", "2 if the command or the configuration is wrong"} {
		if !strings.Contains(help, said) {
			t.Errorf("the help has no %q:\n%s", said, help)
		}
	}
	sql := regexp.MustCompile(`(?s)\n  (with r as materialized .+?)\n\n`).FindStringSubmatch(help)
	if sql == nil {
		t.Fatalf("the help has no statement:\n%s", help)
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	got := runCommand(t, "", "query", "--config", configOf(t, fake), "--output", "csv", sql[1])
	rows, requests := strings.Count(got.out, "\n"), len(fake.Journal())
	if got.code != exitOK || rows < 50 || requests > 6 {
		t.Errorf("exit code %d, %d lines, %d requests: %s", got.code, rows, requests, got.err)
	}
}

func TestTrafficDescribe(t *testing.T) {
	t.Parallel()
	before := traffic{requests: 10, retries: 1, bytes: 500}
	now := traffic{requests: 1210, retries: 3, bytes: 12_345_500, quotas: []quota{
		{connection: "a", remaining: 4200, resetAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)}, {connection: "b", remaining: 0},
	}}
	const want = "Rows: 5,000. Requests: 1,200 (2 of them retries). Received: 12 MB. Time: 1.235s. " +
		"Quota of a: 4,200 requests left until 03:04:05. Quota of b: 0 requests left."
	if got := now.since(before).describe(5000, 1234567*time.Microsecond); got != want {
		t.Errorf("describe = %q, want %q", got, want)
	}
}

func TestEnvironmentConnection(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	t.Setenv("STEAMPIPE_INSTALL_DIR", t.TempDir()) // without a config folder
	t.Setenv("BITBUCKET_OAUTH_TOKEN", fake.AccessToken(fake.Organization().Connected.UUID))
	t.Setenv("BITBUCKET_API_BASE_URL", fake.URL())
	got := runCommand(t, "", "query", "--output", "csv", "select count(*) as n from bitbucket.bitbucket_my_workspace")
	if diff := cmp.Diff(outcome{exitOK, "n\n2\n", ""}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}
