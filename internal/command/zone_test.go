package command

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
)

// Times of columns and of expressions keep their meaning when another database loads them.
func TestTimesKeepTheirInstant(t *testing.T) {
	t.Parallel()
	conn := postgrestest.Start(t)
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 20}))
	const sql = "select full_name, updated_on, (select max(m.updated_on) from bitbucket_my_repository m) as last from bitbucket_my_repository r"
	loaded := runCommand(t, "", "query", "--config", config, "--output", "csv", sql)
	seconds := runCommand(t, "", "query", "--config", config, "--output", "csv",
		"select full_name, unixepoch(updated_on), (select unixepoch(max(m.updated_on)) from bitbucket_my_repository m) from bitbucket_my_repository order by 1")
	if loaded.code != exitOK || seconds.code != exitOK {
		t.Fatal(loaded.err, seconds.err)
	}
	if _, err := conn.Exec(t.Context(), "set timezone = 'Europe/Berlin'; create temp table r (full_name text, updated_on timestamptz, last timestamptz)"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.PgConn().CopyFrom(t.Context(), strings.NewReader(loaded.out), "copy r from stdin (format csv, header)"); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "select full_name || ',' || floor(extract(epoch from updated_on))::bigint || ',' || floor(extract(epoch from last))::bigint from r order by full_name collate \"C\"")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	want := strings.Split(strings.TrimSpace(seconds.out), "\n")[1:]
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Errorf("instants (-want +got):\n%s", diff)
	}
}

// A time has the same form in all outputs, and conditions accept this form.
func TestTimesHaveOneForm(t *testing.T) {
	t.Parallel()
	config := configOf(t, fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 20}))
	const sql = "select updated_on as time from bitbucket_my_repository order by 1 desc limit 1; select max(updated_on) as time from bitbucket_my_repository"
	first := runCommand(t, "", "query", "--config", config, "--output", "csv", sql)
	time := strings.Split(first.out, "\n")[1]
	for format := range formats {
		got := runCommand(t, "", "query", "--config", config, "--output", format, sql)
		if got.code != exitOK || strings.Count(got.out, time) != 2 {
			t.Errorf("%s has not %s twice:\n%s%s", format, time, got.out, got.err)
		}
	}
	again := runCommand(t, "", "query", "--config", config, "--output", "csv", "select count(*) from bitbucket_my_repository where updated_on = '"+time+"'")
	if again.out != "count(*)\n1\n" {
		t.Errorf("with the condition %s: %s%s", time, again.out, again.err)
	}
}
