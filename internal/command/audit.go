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

// An auditor runs the command audit.
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
		Short: "Check who has access and how code is protected, without Steampipe",
		Long: strings.TrimSpace(`
Runs the controls of the Powerpipe mod, without Steampipe or Powerpipe: who has access and why, non-human access (keys, webhooks,
variables), and the recommendations of the CIS Software Supply Chain Security Guide that Bitbucket's data can answer. Data that
several controls need is read once.

A control gives each resource a status: ok; alarm; info, if Bitbucket does not show enough to decide; or skip, if the control
does not apply. Resources that Bitbucket does not show the connected account are not judged. A control without a judged resource
is not ok: it reports what it needs to see. A control whose query fails is an error. The other controls run all the same.

A summary of the data that Bitbucket does not show the connected account goes to standard error; --quiet omits it.

--save saves the grants that were read in a file: effective permissions, explicit grants, and roles in workspaces. --since reads
this file in a later run, and reports which grants were added and removed in between. Both flags may name the same file. A grant
that the connected account could not see before counts as appeared; one that it can't see any more counts as disappeared.

Exit codes: 0 if all controls were judged and none alarms; 1 if a control alarms, whatever else happened; 3 if none alarms, but a
control or the run failed, or a control was not judged; 2 if the command or the configuration is wrong.`),
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
	flags.BoolVar(&a.list, "list", false, "list the controls and their subjects, without running them")
	flags.BoolVar(&a.quiet, "quiet", false, "do not report omitted data")
	flags.StringArrayVar(&a.controls, "control", nil, "control to run; may be repeated")
	flags.StringArrayVar(&a.benchmarks, "benchmark", nil, "benchmark whose controls to run; may be repeated")
	flags.StringArrayVar(&a.vars, "var", nil, "value of a variable, as in min_approvals=1; may be repeated")
	flags.StringVar(&a.save, "save", "", "file to save the grants in")
	flags.StringVar(&a.since, "since", "", "file that an earlier run saved: report the grants added and removed since")
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
		return usagef(cmd, "unknown output format %q: choose %s", a.format, strings.Join(auditFormats, ", "))
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
		printOmissions(a.err, omitted)
	}
	if a.save != "" && report.grants != nil {
		err = errors.Join(err, report.grants.Save(ctx, a.save))
	}
	return errors.Join(err, report.grantsErr, report.finding())
}

// judge runs the controls, and reads the grants if they are wanted. An error in reading the grants stops no control.
// Saved grants of another account stop all.
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
			report.grantsErr = fmt.Errorf("can't read the grants: %w", err)
		}
	}
	if before != nil && report.grants != nil {
		report.since, report.changes = before.SavedAt, report.grants.Since(before)
	}
	return report, ctx.Err()
}

// chosen returns the controls that the flags name, in the order of audit.Controls; all controls if the flags name none.
func (a *auditor) chosen(cmd *cobra.Command) ([]*audit.Control, error) {
	names := slices.Clone(a.controls)
	for _, name := range a.controls {
		if audit.FindControl(name) == nil {
			return nil, usagef(cmd, "unknown control %s: `%s audit --list` lists the controls", name, program)
		}
	}
	for _, name := range a.benchmarks {
		b := audit.FindBenchmark(name)
		if b == nil {
			return nil, usagef(cmd, "unknown benchmark %s: `%s audit --list` lists the benchmarks", name, program)
		}
		names = append(names, b.All()...)
	}
	if len(names) == 0 {
		return audit.Controls, nil
	}
	return slices.DeleteFunc(slices.Clone(audit.Controls), func(c *audit.Control) bool { return !slices.Contains(names, c.Name) }), nil
}

// values returns the values of the variables: the given ones, and else the defaults.
func (a *auditor) values(cmd *cobra.Command) (map[string]any, error) {
	values := audit.Defaults()
	for _, given := range a.vars {
		name, text, ok := strings.Cut(given, "=")
		if !ok {
			return nil, usagef(cmd, "--var takes name=value, not %q", given)
		}
		v, ok := audit.FindVariable(name)
		if !ok {
			var all []string
			for _, v := range audit.Variables {
				all = append(all, v.Name)
			}
			return nil, usagef(cmd, "unknown variable %s: choose one of %s", name, strings.Join(all, ", "))
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
		return usagef(cmd, "--list can't be combined with --output junit: a list of controls is not a test report")
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
