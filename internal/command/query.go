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

// A query runs the command query.
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
		Short: "Run SQL on the tables, without Steampipe",
		Long: strings.TrimSpace(`
Runs SQL on the tables, without Steampipe. The statements come from the arguments, or from standard input.

Each connection in the .spc files is a schema. A table without a schema belongs to the connection of --connection, or else to the
first connection by name. If no .spc file has a connection, the credentials in the environment make one. The SQL is SQLite's. The
commands tables and describe list the tables and their columns. A view that names a schema must be temporary: create temp view.

Times are printed as 2026-11-30T08:15:30+00:00. They are compared as instants with any spelling: '2026-11-30',
'2026-11-30T08:15:30Z', '2026-11-30 10:15:30.5+02:00', datetime('now', '-7 days'). A time without a zone is in UTC.

A join first asks row by row, with one request each, and reads the whole list when that is cheaper. If you know that it is
cheaper, force it, and select only the columns that you need:

  with r as materialized (select full_name, updated_on from bitbucket_repository)
  select p.full_name, p.permission, r.updated_on
  from bitbucket_my_repository as p join r on r.full_name = p.full_name

With --output json, one statement prints an array of rows. Several statements print an array of these arrays, one for each
statement. If an error cuts the document off, it is not valid JSON.

Data that the tables leave out, for example repositories that the connected user does not administer, is reported on standard
error after the rows. --quiet omits the report. The table bitbucket_omission has the details.

Exit codes: 0 for success, 1 if a statement failed, 2 if the command or the configuration is wrong.`),
		Example: `  ` + program + ` query "select full_name, size from bitbucket_repository order by size desc limit 5"
  ` + program + ` query --output csv < report.sql > report.csv`,
		RunE: func(cmd *cobra.Command, args []string) error { return q.run(cmd, args) },
	}
	q.source.addConfigFlag(cmd)
	q.source.addDemoFlag(cmd)
	cmd.Flags().StringVar(&q.source.first, "connection", "", "connection for table names without a schema")
	cmd.Flags().BoolVar(&q.timing, "timing", false, "print rows, requests and time after each statement, on standard error")
	cmd.Flags().BoolVar(&q.quiet, "quiet", false, "do not report on standard error what the tables left out")
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
	printOmissions(q.err, db.Omissions(start))
	return nil
}

// statements returns the statements in the arguments, or on standard input.
func (q *query) statements(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) == 0 {
		if _, ok := terminal(q.in); ok {
			return nil, usagef(cmd, "no SQL: give a statement as an argument or on standard input")
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
		return nil, usagef(cmd, "no SQL: give a statement as an argument or on standard input")
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

// answer prints the result of one statement, and returns the number of rows.
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

// since returns the traffic after before.
func (t traffic) since(before traffic) traffic {
	t.requests -= before.requests
	t.retries -= before.retries
	t.bytes -= before.bytes
	return t
}

// describe returns the cost of a statement as text.
func (t traffic) describe(rows int64, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Rows: %s. Requests: %s", humanize.Comma(rows), humanize.Comma(t.requests))
	if t.retries > 0 {
		fmt.Fprintf(&b, " (%s of them retries)", humanize.Comma(t.retries))
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
