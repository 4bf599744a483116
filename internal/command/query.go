package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A query is the command of the name.
type query struct {
	*console
	source connectionFlags
	format string
	timing bool
	quiet  bool
}

func newQuery(c *console) *cobra.Command {
	q := &query{console: c}
	cmd := &cobra.Command{
		Use:   "query [SQL]...",
		Short: "Answer SQL over the tables, without Steampipe",
		Long: strings.TrimSpace(`
Answers SQL over the tables, without Steampipe. The statements stand in the arguments, or come from standard input.

Each connection of the .spc files is a schema; a table without one is that of the first connection by name, or of the
connection that --connection names. Without any connection there, the credentials in the environment make one.
The SQL is SQLite's; for what a row is made of, see the commands tables and describe. A view that
names a schema must be temporary: create temp view.

Times come out as 2026-11-30T08:15:30+00:00. They compare as instants with any spelling: '2026-11-30',
'2026-11-30T08:15:30Z', '2026-11-30 10:15:30.5+02:00', datetime('now', '-7 days'); without a zone a time is in UTC.

A join looks the first rows up one by one, each with a request, and reads the whole list when that is cheaper. Where you
know that it is, say so, and name the columns that matter:

  with r as materialized (select full_name, updated_on from bitbucket_repository)
  select p.full_name, p.permission, r.updated_on
  from bitbucket_my_repository as p join r on r.full_name = p.full_name

With --output json, one statement gives an array of its rows. Several give an array with one such array for each
statement. A document that was cut off by an error is not valid JSON.

What the tables left out, such as the repositories that the connected user does not administer, is said on standard error
after the rows, unless there is --quiet. The table bitbucket_omission has more about it.

The exit code is 0 if all went well, 1 if a statement failed, and 2 if the command or the configuration is wrong.`),
		Example: `  ` + program + ` query "select full_name, size from bitbucket_repository order by size desc limit 5"
  ` + program + ` query --output csv < report.sql > report.csv`,
		RunE: func(cmd *cobra.Command, args []string) error { return q.run(cmd, args) },
	}
	q.source.addConfigFlag(cmd)
	q.source.addDemoFlag(cmd)
	cmd.Flags().StringVar(&q.source.first, "connection", "", "connection whose tables are meant by names without a schema")
	cmd.Flags().BoolVar(&q.timing, "timing", false, "say after each statement what it took, on standard error")
	cmd.Flags().BoolVar(&q.quiet, "quiet", false, "don't say on standard error what the tables left out")
	addFormatFlag(cmd, &q.format)
	return cmd
}

func (q *query) run(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	statements, err := q.statements(cmd, args)
	if err != nil {
		return err
	}
	out := &firstWrite{Writer: q.out}
	p, err := newPrinter(cmd, q.format, out, len(statements))
	if err != nil {
		return err
	}
	db, err := q.source.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	var before traffic
	start := time.Now()
	for _, sql := range statements {
		begin := time.Now()
		out.before = q.progress(db)
		rows, err := answer(ctx, db, sql, p)
		out.before()
		if err != nil {
			return err
		}
		if q.timing {
			after, err := db.traffic(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintln(q.err, after.since(before).describe(rows, time.Since(begin)))
			before = after
		}
	}
	if err := p.end(); err != nil || q.quiet {
		return err
	}
	tellOmissions(q.err, db.Omissions(start))
	return nil
}

// statements returns those of the arguments, or of standard input.
func (q *query) statements(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) == 0 {
		if _, ok := terminal(q.in); ok {
			return nil, usagef(cmd, "there is no SQL: give it as an argument, or on standard input")
		}
		script, err := q.readAll(cmd.Context())
		if err != nil {
			return nil, err
		}
		args = []string{script}
	}
	var statements []string
	for _, script := range args {
		found, err := sqlhost.Statements(script)
		if err != nil {
			return nil, err
		}
		statements = append(statements, found...)
	}
	if len(statements) == 0 {
		return nil, usagef(cmd, "there is no SQL: give it as an argument, or on standard input")
	}
	return statements, nil
}

func (q *query) progress(db *database) (stop func()) {
	if _, ok := terminal(q.err); !ok {
		return func() {}
	}
	begin := db.rows.Load()
	return showProgress(q.err, func() int64 { return db.rows.Load() - begin })
}

// answer prints the result of one statement, and returns how many rows it had.
func answer(ctx context.Context, db *database, sql string, p printer) (int64, error) {
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	r := &counted{result: rows}
	if err := p.print(r); err != nil {
		return 0, err
	}
	return r.rows, rows.Close()
}

// since returns what was exchanged after before.
func (t traffic) since(before traffic) traffic {
	t.requests -= before.requests
	t.retries -= before.retries
	t.bytes -= before.bytes
	return t
}

// describe says what a statement took.
func (t traffic) describe(rows int64, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Rows: %s. Requests: %s", humanize.Comma(rows), humanize.Comma(t.requests))
	if t.retries > 0 {
		fmt.Fprintf(&b, " (%s of them repeated)", humanize.Comma(t.retries))
	}
	fmt.Fprintf(&b, ". Received: %s. Time: %s.", humanize.Bytes(uint64(t.bytes)), took.Round(time.Millisecond))
	for _, q := range t.quotas {
		fmt.Fprintf(&b, " Quota of %s: %s requests left", q.connection, humanize.Comma(q.remaining))
		if !q.resetAt.IsZero() {
			fmt.Fprintf(&b, " until %s", q.resetAt.Local().Format(time.TimeOnly))
		}
		b.WriteByte('.')
	}
	return b.String()
}
