package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
)

// An auditor runs the command audit.
type auditor struct {
	*console
	source      connectionFlags
	format      string
	list        bool
	quiet, all  bool
	controls    []string
	benchmarks  []string
	severity    string
	scope       audit.Scope
	vars        []string
	accepted    string
	save, since string
	copied      *copiedRun // that since names; nil if it names a file
	failOn      string
}

// The values of --fail-on.
const (
	failOnAlarm = "alarm"
	failOnNew   = "new"
	failOnNever = "never"
)

func newAudit(c *console) *cobra.Command {
	a := &auditor{console: c}
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check who has access and how code is protected, without Steampipe",
		Long: strings.TrimSpace(`
Runs the controls of the Powerpipe mod, without Steampipe or Powerpipe: who has access and why, non-human access (keys, webhooks,
variables), and the recommendations of the CIS Software Supply Chain Security Guide that Bitbucket's data can answer. Data that
several controls need is read once. The most severe controls come first, and the text shows each as soon as it is judged.

A control gives each resource a status: ok; alarm; info, if Bitbucket does not show enough to decide; or skip, if the control
does not apply. Resources that Bitbucket does not show the connected account are not judged. A control without a judged resource
is not ok: it reports what it needs to see. A control whose query fails is an error. The other controls run all the same.

A summary of the data that Bitbucket does not show the connected account goes to standard error; --quiet omits it.

--save saves the results in a file: the alarms, the grants, and keys, webhooks, variables, visibility, branch rules, members and
groups. --since reads this file in a later run, and reports what is new, gone and still there. Both flags may name the same file.
If there is no such file yet, this is the first run. If the connected account could not see a resource before, it has appeared. If the
account can't see it any more, it has disappeared. --since also takes the destination of a sync, such as
postgres://USER@HOST/DATABASE or parquet:DIR, and compares with its last run. A copy has no alarms, but all the rest is compared.

--accepted names a file of alarms that somebody has accepted for a time. They don't count as alarms until that time is over.

Exit codes: 0 if all controls were judged and none alarms; 1 if a control alarms, whatever else happened; 3 if none alarms, but a
control or the run failed, or a control was not judged; 2 if the command or the configuration is wrong. With --fail-on new, 1 means
that an alarm is new since the last run, or that something was granted, added or changed; with --fail-on never it does not occur.`),
		Example: `  ` + program + ` audit --demo
  ` + program + ` audit --severity high --workspace acme
  ` + program + ` audit --benchmark access_audit --var needed_permission=admin --var trusted_outsiders=712020:0d9f...,557058:77aa...
  ` + program + ` audit --since audit.db --save audit.db --fail-on new --accepted accepted.hcl --output markdown
  ` + program + ` audit --since postgres://bitbucket@db.example.com/warehouse --fail-on new`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := a.run(cmd)
			if _, alarms := errors.AsType[alarmError](err); err != nil && !alarms {
				return incompleteError{err}
			}
			return err
		},
	}
	a.addFlags(cmd)
	return cmd
}

func (a *auditor) addFlags(cmd *cobra.Command) {
	a.source.addConfigFlag(cmd)
	a.source.addDemoFlag(cmd)
	failOn := []string{failOnAlarm, failOnNew, failOnNever}
	flags := cmd.Flags()
	a.source.addConnectionFlag(cmd, "connection to audit (default: the first by name)")
	flags.StringVar(&a.format, "output", "text", "format of the output: "+strings.Join(auditFormats(), ", "))
	flags.BoolVar(&a.list, "list", false, "list the controls and their subjects, without running them")
	flags.BoolVar(&a.quiet, "quiet", false, "do not report omitted data")
	flags.BoolVar(&a.all, "all", false, fmt.Sprintf("show all resources of a control in text, markdown and html, and not only the first %d", mostResources))
	flags.StringArrayVar(&a.controls, "control", nil, "control to run; may be repeated")
	flags.StringArrayVar(&a.benchmarks, "benchmark", nil, "benchmark whose controls to run; may be repeated")
	flags.StringVar(&a.severity, "severity", "", "run only controls of this severity or a higher one: "+strings.Join(audit.Severities, ", "))
	flags.StringArrayVar(&a.scope.Workspaces, "workspace", nil, "audit only this workspace; may be repeated")
	flags.StringArrayVar(&a.scope.Repositories, "repository", nil, "audit only this repository, for example acme/website; may be repeated")
	flags.StringArrayVar(&a.vars, "var", nil, "value of a variable, as in min_approvals=1; may be repeated")
	flags.StringVar(&a.accepted, "accepted", "", "file of accepted alarms")
	flags.StringVar(&a.save, "save", "", "file to save the alarms and the data of this run in")
	flags.StringVar(&a.since, "since", "", "file that an earlier run saved, or destination of a sync: report what has changed since")
	flags.StringVar(&a.failOn, "fail-on", failOnAlarm, "when to return 1: "+strings.Join(failOn, ", "))
	for name, values := range map[string][]string{
		"output": auditFormats(), "severity": audit.Severities, "fail-on": failOn, "control": controlNames(audit.Controls), "benchmark": benchmarkNames(audit.Benchmarks),
	} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

func controlNames(controls []*audit.Control) []string {
	var names []string
	for _, c := range controls {
		names = append(names, c.Name)
	}
	return names
}

func benchmarkNames(benchmarks []*audit.Benchmark) []string {
	var names []string
	for _, b := range benchmarks {
		names = append(append(names, b.Name), benchmarkNames(b.Benchmarks)...)
	}
	return names
}

func (a *auditor) run(cmd *cobra.Command) error {
	controls, err := a.chosen(cmd)
	if err != nil {
		return err
	}
	values, err := a.values(cmd)
	if err != nil {
		return err
	}
	if err := a.check(cmd); err != nil {
		return err
	}
	if a.list {
		return a.show(cmd, controls)
	}
	report := &auditReport{at: time.Now().UTC().Truncate(time.Second), scope: a.scope, failOn: a.failOn, all: a.all, since: a.since != ""}
	if err := a.readFiles(cmd.Context(), report); err != nil {
		return err
	}
	defer a.copied.close()
	db, err := a.source.open(cmd.Context(), cmd)
	if err != nil {
		return err
	}
	defer db.close()
	report.connection = db.Tables()[0].Connection
	if err := a.judge(cmd.Context(), db, report, controls, values); err != nil {
		return err
	}
	err = report.write(a.out, a.format)
	if !a.quiet {
		printOmissions(a.err, db.Omissions(report.at))
	}
	for _, unused := range report.accepted.Unused(report.results) {
		fmt.Fprintf(a.err, "%s accepts no alarm: %s does not alarm for %s. Remove the block.\n", unused.Position, unused.Control, unused.Resource)
	}
	if a.save != "" && report.state != nil {
		err = errors.Join(err, report.state.Save(cmd.Context(), a.save))
	}
	if err := errors.Join(err, report.unread()); err != nil {
		return errors.Join(err, report.finding())
	}
	return report.finding()
}

// check returns an error if flags are wrong, before anything is read.
func (a *auditor) check(cmd *cobra.Command) error {
	if err := checkFormat(cmd, a.format, auditFormats()); err != nil {
		return err
	}
	switch {
	case !slices.Contains([]string{failOnAlarm, failOnNew, failOnNever}, a.failOn):
		return usagef(cmd, "--fail-on is %q: choose %s, %s or %s", a.failOn, failOnAlarm, failOnNew, failOnNever)
	case a.failOn == failOnNew && a.since == "":
		return usagef(cmd, "--fail-on %s needs --since, to have something to compare with", failOnNew)
	}
	for _, name := range a.scope.Repositories {
		if strings.Count(name, "/") != 1 {
			return usagef(cmd, "--repository is %q, but should be a full name, for example acme/website", name)
		}
	}
	return nil
}

// readFiles reads the files that the flags name, takes the copy, and makes sure that the file to save can be written.
func (a *auditor) readFiles(ctx context.Context, report *auditReport) (err error) {
	if a.accepted != "" {
		if report.accepted, err = audit.ReadAccepted(a.accepted); err != nil {
			return misconfigured("%w", err)
		}
	}
	if a.save != "" {
		if err := audit.CanSave(a.save); err != nil {
			return misconfigured("%w", err)
		}
	}
	switch {
	case a.since == "":
	case isDestination(a.since):
		if a.copied, err = openCopied(ctx, a.since); err == nil {
			report.before = audit.CopyOf(*a.copied.record.Last, a.scope.String())
		}
	default:
		report.before, err = audit.ReadState(ctx, a.since)
	}
	if err != nil {
		return misconfigured("%w", err)
	}
	return nil
}

// judge runs the controls, and reads the state if it is wanted. An error in reading the state stops no control. The
// saved state of another account stops all.
func (a *auditor) judge(ctx context.Context, db *database, report *auditReport, controls []*audit.Control, values map[string]any) error {
	run := audit.NewRun(db.Host, values)
	wanted := a.save != "" || a.since != ""
	var statements []string
	if wanted {
		statements = audit.StateStatements()
	}
	stop := a.progress(db)
	defer func() { stop() }()
	if err := run.Within(ctx, a.scope); err != nil {
		return err
	}
	if err := a.checkBefore(ctx, run, report); err != nil {
		return err
	}
	if err := run.Keep(ctx, controlNames(controls), statements...); err != nil {
		return err
	}
	for _, c := range controls {
		result := run.Judge(ctx, c)
		if err := ctx.Err(); err != nil {
			return err
		}
		report.add(result, db.Omissions(report.at))
		stop()
		if a.format == "text" {
			if err := report.printControl(a.out, report.results[len(report.results)-1]); err != nil {
				return err
			}
		}
		stop = a.progress(db)
	}
	if !wanted {
		return nil
	}
	state, err := run.State(ctx, report.connection, a.scope.String())
	if err != nil {
		report.stateErr = err
		return ctx.Err()
	}
	for _, o := range db.Omissions(report.at) {
		if isRefusal(o, report.connection) {
			run.Omit(state, o.Table, placeOf(o), errors.New(o.Message))
		}
	}
	report.compare(state)
	return ctx.Err()
}

// checkBefore checks that the state to compare with is the account's own. Then it reads a copy, and gives it back: controls may
// take long, and a sync may be due.
func (a *auditor) checkBefore(ctx context.Context, run *audit.Run, report *auditReport) error {
	if report.before == nil {
		return nil
	}
	account, err := run.Account(ctx)
	if err != nil {
		return err
	}
	if err := report.before.Of(report.connection, account, a.scope.String()); err != nil {
		if a.copied != nil {
			return misconfigured("--since: %w", err)
		}
		return misconfigured("%s: %w", a.since, err)
	}
	if a.copied == nil {
		return nil
	}
	defer a.copied.close()
	return run.ReadCopy(ctx, report.before, a.copied.from, a.copied.record)
}

// chosen returns the controls that the flags name, the most severe first; all controls if the flags name none.
func (a *auditor) chosen(cmd *cobra.Command) ([]*audit.Control, error) {
	chosen, err := audit.Select(a.controls, a.benchmarks)
	if unknown, ok := errors.AsType[*audit.UnknownError](err); ok {
		known := map[string][]string{"control": controlNames(audit.Controls), "benchmark": benchmarkNames(audit.Benchmarks)}
		return nil, unknownName(cmd, unknown.What, unknown.Name, known[unknown.What])
	}
	if len(a.controls)+len(a.benchmarks) == 0 {
		chosen = slices.Clone(audit.Controls)
	}
	least := slices.Index(audit.Severities, cmp.Or(a.severity, audit.Severities[len(audit.Severities)-1]))
	if least < 0 {
		return nil, usagef(cmd, "unknown severity %q: choose %s", a.severity, strings.Join(audit.Severities, ", "))
	}
	chosen = slices.DeleteFunc(chosen, func(c *audit.Control) bool {
		return slices.Index(audit.Severities, c.Severity) > least || !a.scope.Has(c)
	})
	if len(chosen) == 0 {
		return nil, usagef(cmd, "no control is left: the flags exclude all of them")
	}
	slices.SortStableFunc(chosen, func(a, b *audit.Control) int {
		return slices.Index(audit.Severities, a.Severity) - slices.Index(audit.Severities, b.Severity)
	})
	return chosen, nil
}

// unknownName returns the error for the name of a control or benchmark that does not exist.
func unknownName(cmd *cobra.Command, what, name string, known []string) error {
	if meant := similar.To(name, known); meant != "" {
		return usagef(cmd, "unknown %s %s: did you mean %s?", what, name, meant)
	}
	return usagef(cmd, "unknown %s %s: `%s audit --list` lists the %ss", what, name, program, what)
}

// values returns the values of the variables: the given ones, and else the defaults.
func (a *auditor) values(cmd *cobra.Command) (map[string]any, error) {
	values := audit.Defaults()
	for _, given := range a.vars {
		name, text, ok := strings.Cut(given, "=")
		if !ok {
			return nil, usagef(cmd, "--var takes name=value, not %q", given)
		}
		err := audit.Set(values, name, text)
		if _, unknown := errors.AsType[*audit.UnknownError](err); unknown {
			var all []string
			for _, v := range audit.Variables {
				all = append(all, v.Name)
			}
			return nil, usagef(cmd, "unknown variable %s: choose one of %s", name, strings.Join(all, ", "))
		}
		if err != nil {
			return nil, usagef(cmd, "--var: %w", err)
		}
	}
	return values, nil
}

// show lists controls.
func (a *auditor) show(cmd *cobra.Command, controls []*audit.Control) error {
	format := a.format
	switch format {
	case "text":
		format = defaultFormat
	case "junit", "html", "markdown":
		return usagef(cmd, "--list can't be combined with --output %s: a list of controls is not a report", format)
	}
	l := newList("control", "severity", "title", "cis", "benchmarks")
	for _, c := range controls {
		l.add(c.Name, c.Severity, c.Title, strings.Join(c.CIS(), ", "), strings.Join(c.Benchmarks(), ", "))
	}
	p, err := newPrinter(cmd, format, a.out, layout{results: 1})
	if err != nil {
		return err
	}
	return printAlone(p, l)
}
