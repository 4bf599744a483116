package command

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// A queryCommand runs the command query.
type queryCommand struct {
	*console
	source   connectionFlags
	files    []string // of statements
	format   string
	noHeader bool
	outFile  string // "" for standard output
	timing   bool
	quiet    bool
}

func newQuery(c *console) *cobra.Command {
	q := &queryCommand{console: c}
	cmd := &cobra.Command{
		Use:   "query [SQL | FILE.sql]...",
		Short: "Run SQL on the tables, without Steampipe; on a terminal, open a shell",
		Long: strings.TrimSpace(`
Runs SQL on the tables, without Steampipe. The statements come from the arguments, from files, or from standard input. An argument
that ends in .sql is a file. Without statements, a terminal gets a shell: it has a history, completes names with Tab, and .help
lists its commands.

Each connection in the .spc files is a schema. A table without a schema belongs to the connection of --connection, or else to the
first connection by name. If no .spc file has a connection, the credentials in the environment make one. The SQL is SQLite's, with
ilike and now() of PostgreSQL. The commands tables and describe list the tables and their columns. A view that names a schema must
be temporary: create temp view.

Times are printed as 2026-11-30T08:15:30+00:00. They are compared as instants with any spelling: '2026-11-30',
'2026-11-30T08:15:30Z', '2026-11-30 10:15:30.5+02:00', datetime('now', '-7 days'). A time without a zone is in UTC.

A join first looks up names one by one, with one request each. It reads the whole list once that is cheaper. If you know that the
list is cheaper from the start, force it, and select only the columns that you need:

  with r as materialized (select full_name, updated_on from bitbucket_repository)
  select p.full_name, p.permission, r.updated_on
  from bitbucket_my_repository as p join r on r.full_name = p.full_name

If rows are wider than the screen, a terminal shows them in the format line, unless --output is given. Longer results go through
$PAGER, or less. PAGER=cat turns that off, and NO_COLOR turns off colors.

With --output json, one statement prints an array of rows. Several statements print an array of these arrays, one for each
statement. If an error cuts the document off, it is not valid JSON. The file of --output-file is replaced only if all statements
succeed.

Data that the tables leave out, for example repositories that the connected user does not administer, is reported on standard
error after the rows. --quiet omits the report. The table bitbucket_omission has the details.

Exit codes: 0 for success, 1 if a statement failed, 2 if the command or the configuration is wrong.`),
		Example: `  ` + program + ` query
  ` + program + ` query "select full_name, size from bitbucket_repository order by size desc limit 5"
  ` + program + ` query report.sql --output csv -o report.csv`,
		RunE: func(cmd *cobra.Command, args []string) error { return q.run(cmd, args) },
	}
	q.source.addConfigFlag(cmd)
	q.source.addDemoFlag(cmd)
	q.source.addConnectionFlag(cmd, "connection for table names without a schema")
	flags := cmd.Flags()
	flags.StringArrayVarP(&q.files, "file", "f", nil, "file of statements, or - for standard input; may be repeated")
	flags.StringVarP(&q.outFile, "output-file", "o", "", "file to write the results to (default: standard output)")
	flags.BoolVar(&q.noHeader, "no-header", false, "do not print column names, in the formats csv, markdown and table")
	flags.BoolVar(&q.timing, "timing", false, "print rows, requests and time after each statement, on standard error")
	flags.BoolVar(&q.quiet, "quiet", false, "do not report on standard error what the tables left out")
	addFormatFlag(cmd, &q.format)
	return cmd
}

func (q *queryCommand) run(cmd *cobra.Command, args []string) error {
	if q.interactive(args) {
		return q.shell(cmd)
	}
	statements, err := q.statements(cmd, args)
	if err != nil {
		return err
	}
	out, err := newDestination(q.console, q.outFile)
	if err != nil {
		return err
	}
	return out.finish(q.answerAll(cmd, statements, out))
}

// answerAll prints the results of the statements, and then what they left out.
func (q *queryCommand) answerAll(cmd *cobra.Command, statements []statement, out *destination) error {
	ctx := cmd.Context()
	p, err := newPrinter(cmd, q.format, out, layout{results: len(statements), noHeader: q.noHeader})
	if err != nil {
		return err
	}
	db, err := q.source.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	s := &session{console: q.console, db: db, timing: q.timing, quiet: q.quiet}
	start := time.Now()
	for _, one := range statements {
		if err := s.answer(ctx, one, p, out); err != nil {
			return err
		}
	}
	if err := errors.Join(p.end(), out.close()); err != nil {
		return err
	}
	s.reportOmissions(start)
	return nil
}

// interactive reports whether the command opens a shell.
func (q *queryCommand) interactive(args []string) bool {
	_, in := terminalFd(q.in)
	_, out := terminalFd(q.out)
	return in && out && len(args) == 0 && len(q.files) == 0 && q.outFile == ""
}

// statements returns the statements in the arguments and files, or on standard input.
func (q *queryCommand) statements(cmd *cobra.Command, args []string) ([]statement, error) {
	var scripts []script
	files := q.files
	if len(args) == 0 && len(files) == 0 {
		if _, ok := terminalFd(q.in); ok {
			return nil, usagef(cmd, "no SQL: give a statement as an argument or on standard input")
		}
		files = []string{"-"}
	}
	read := func(name string) error {
		s, err := q.readScript(cmd.Context(), name)
		scripts = append(scripts, s)
		return err
	}
	for _, name := range files {
		if err := read(name); err != nil {
			return nil, err
		}
	}
	for _, argument := range args {
		if !isFile(argument) {
			scripts = append(scripts, script{text: argument})
		} else if err := read(argument); err != nil {
			return nil, err
		}
	}
	statements, err := split(scripts)
	if err == nil && len(statements) == 0 {
		err = usagef(cmd, "no SQL: give a statement as an argument or on standard input")
	}
	for _, one := range statements {
		if name, _, ok := shellCommand(one.Text); ok {
			return nil, usagef(cmd, "%s is a command of the shell, not SQL: `%s` opens the shell on a terminal", name, cmd.CommandPath())
		}
	}
	return statements, err
}
