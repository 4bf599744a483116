package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

// An auditor is the command audit.
type auditor struct {
	*console
	source      connectionFlags
	format      string
	list        bool
	quiet       bool
	controls    []string
	benchmarks  []string
	vars        []string
	save, since string
}

func newAudit(c *console) *cobra.Command {
	a := &auditor{console: c}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Judge who has access, and how code is guarded, without Steampipe",
		Long: strings.TrimSpace(`
Asks the controls of the Powerpipe mod, without Steampipe or Powerpipe: who has access and why, what opens repositories beside
people, and those recommendations of the CIS Software Supply Chain Security Guide that Bitbucket can answer. What several
controls read is read once.

A resource is ok, or alarms; or Bitbucket does not tell (info), or the control does not apply (skip). What Bitbucket does not
show the connected account is not judged. A control that judged nothing is not ok: it says what it would have had to see, and
one whose query failed is an error. The others are judged all the same.

What Bitbucket does not show the connected account is told on standard error, in short; --quiet keeps it back.

With --save, the grants that were seen are kept in a file: the effective permissions, the explicit grants, and the roles in
workspaces. With --since and that file, a later run says what was granted and what was revoked in between. Both may name the
same file. What was granted where the connected account could not look before has appeared, and what it can't see any more has
disappeared.

The exit code is 0 if all controls were judged and none alarms; 1 if one alarms, whatever else; 3 if none alarms, and one was
not judged or failed, or the run did; and 2 if the command or the configuration is wrong.`),
		Example: `  ` + program + ` audit --demo
  ` + program + ` audit --benchmark access_audit --var needed_permission=admin --var trusted_outsiders=712020:0d9f...,557058:77aa...
  ` + program + ` audit --since grants.db --save grants.db --output junit > audit.xml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := a.run(cmd)
			if _, alarms := errors.AsType[alarmError](err); err != nil && !alarms {
				return notJudgedError{err}
			}
			return err
		},
	}
	a.source.addConfigFlag(cmd)
	a.source.addDemoFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&a.source.first, "connection", "", "connection to audit (default: the first by name)")
	flags.StringVar(&a.format, "output", "text", "format of the output: "+strings.Join(auditFormats, ", "))
	flags.BoolVar(&a.list, "list", false, "list the controls, with what they are about, and judge nothing")
	flags.BoolVar(&a.quiet, "quiet", false, "do not say what was left out")
	flags.StringArrayVar(&a.controls, "control", nil, "control to judge; may be given several times")
	flags.StringArrayVar(&a.benchmarks, "benchmark", nil, "benchmark whose controls to judge; may be given several times")
	flags.StringArrayVar(&a.vars, "var", nil, "value of a variable, as in min_approvals=1; may be given several times")
	flags.StringVar(&a.save, "save", "", "file to keep the grants in that were seen")
	flags.StringVar(&a.since, "since", "", "file of an earlier run, to say what was granted and revoked since")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(auditFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *auditor) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	controls, err := a.chosen(cmd)
	if err != nil {
		return err
	}
	values, err := a.values(cmd)
	if err != nil {
		return err
	}
	if !slices.Contains(auditFormats, a.format) {
		return usagef(cmd, "there is no output format %q; there are %s", a.format, strings.Join(auditFormats, ", "))
	}
	if a.list {
		return a.show(cmd, controls)
	}
	var before *audit.Grants
	if a.since != "" {
		if before, err = audit.ReadGrants(ctx, a.since); err != nil {
			return misconfigured("%w", err)
		}
	}
	began := time.Now()
	db, err := a.source.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	stop := func() {}
	if _, ok := terminal(a.err); ok {
		stop = showProgress(a.err, db.rows.Load)
	}
	report, err := a.judge(ctx, db, controls, values, before)
	stop()
	if err != nil {
		return err
	}
	omitted := db.Omissions(began)
	report.refuse(omitted)
	err = report.write(a.out, a.format)
	if !a.quiet {
		tellOmissions(a.err, omitted)
	}
	if a.save != "" && report.grants != nil {
		err = errors.Join(err, report.grants.Save(ctx, a.save))
	}
	return errors.Join(err, report.grantsErr, report.finding())
}

// judge asks the controls, and reads the grants if they are wanted. That these can't be read keeps no control from being
// judged; that they are another account's does.
func (a *auditor) judge(ctx context.Context, db *database, controls []*audit.Control, values map[string]any, before *audit.Grants) (*auditReport, error) {
	connection := db.Tables()[0].Connection
	run := audit.NewRun(db.Host, values)
	var names []string
	for _, c := range controls {
		names = append(names, c.Name)
	}
	wanted := a.save != "" || before != nil
	var statements []string
	if wanted {
		statements = audit.GrantStatements()
	}
	report := &auditReport{at: time.Now().UTC().Truncate(time.Second), connection: connection}
	if before != nil {
		account, err := run.Account(ctx)
		if err != nil {
			return nil, err
		}
		if err := before.Of(connection, account); err != nil {
			return nil, misconfigured("%s: %w", a.since, err)
		}
	}
	if err := run.Keep(ctx, names, statements...); err != nil {
		return nil, err
	}
	for _, c := range controls {
		report.results = append(report.results, run.Judge(ctx, c))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if wanted {
		var err error
		if report.grants, err = run.Grants(ctx, connection); err != nil {
			report.grantsErr = fmt.Errorf("the grants can't be read: %w", err)
		}
	}
	if before != nil && report.grants != nil {
		report.since, report.changes = before.SavedAt, report.grants.Since(before)
	}
	return report, ctx.Err()
}

// chosen are the controls that the flags name, in their order; all if they name none.
func (a *auditor) chosen(cmd *cobra.Command) ([]*audit.Control, error) {
	names := slices.Clone(a.controls)
	for _, name := range a.controls {
		if audit.FindControl(name) == nil {
			return nil, usagef(cmd, "there is no control %s; `%s audit --list` lists those that there are", name, program)
		}
	}
	for _, name := range a.benchmarks {
		b := audit.FindBenchmark(name)
		if b == nil {
			return nil, usagef(cmd, "there is no benchmark %s; `%s audit --list` lists those that there are", name, program)
		}
		names = append(names, b.All()...)
	}
	if len(names) == 0 {
		return audit.Controls, nil
	}
	return slices.DeleteFunc(slices.Clone(audit.Controls), func(c *audit.Control) bool { return !slices.Contains(names, c.Name) }), nil
}

// values are those of the variables.
func (a *auditor) values(cmd *cobra.Command) (map[string]any, error) {
	values := audit.Defaults()
	for _, given := range a.vars {
		name, text, ok := strings.Cut(given, "=")
		if !ok {
			return nil, usagef(cmd, "--var takes name=value, and was given %q", given)
		}
		v, ok := audit.FindVariable(name)
		if !ok {
			var all []string
			for _, v := range audit.Variables {
				all = append(all, v.Name)
			}
			return nil, usagef(cmd, "there is no variable %s; there are %s", name, strings.Join(all, ", "))
		}
		value, err := v.Parse(text)
		if err != nil {
			return nil, usagef(cmd, "--var: %w", err)
		}
		values[name] = value
	}
	return values, nil
}

// show lists controls.
func (a *auditor) show(cmd *cobra.Command, controls []*audit.Control) error {
	format := a.format
	switch format {
	case "text":
		format = defaultFormat
	case "junit":
		return usagef(cmd, "a list of controls is no JUnit report: --list and --output junit make no sense together")
	}
	l := newList("control", "severity", "title", "cis", "benchmarks")
	for _, c := range controls {
		l.add(c.Name, c.Severity, c.Title, strings.Join(c.CIS(), ", "), strings.Join(c.Benchmarks(), ", "))
	}
	p, err := newPrinter(cmd, format, a.out, 1)
	if err != nil {
		return err
	}
	return printAlone(p, l)
}
