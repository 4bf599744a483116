package command

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A syncer runs the command sync.
type syncer struct {
	*console
	source connectionFlags
	file   replica.File // the values of the file, or else of the flags
	full   bool
	format string
	quiet  bool
}

// The defaults of what neither a file nor a flag says.
const (
	defaultFullEvery  = 7 * 24 * time.Hour
	defaultQuotaShare = 80
)

func newSync(c *console) *cobra.Command {
	s := &syncer{console: c}
	var flags replica.File
	cmd := &cobra.Command{
		Use:   "sync [FILE.hcl]",
		Short: "Copy the tables to Parquet files or PostgreSQL, and keep the copy up to date",
		Long: strings.TrimSpace(`
Copies the tables of a connection to a destination: a folder or an object store of Parquet files, or a PostgreSQL database. The
first run copies everything. Later runs only read what may have changed. After --full-every, a run reads everything again, to find
deleted rows. Tables about access keep their history: old rows, with their times.

All rows of a run become visible together at its end. If the run stops early, for any reason, the copy stays as it was, and the
next run continues from there. If another run writes to the destination, this one ends with an error.

A run spends at most --quota-share per cent of what is left of the hour's quota. Then it stops and keeps what it has read. The next
run continues from there. With --wait, the run waits for the next hour instead.

Destinations:
  parquet:DIR                        a folder of Parquet files
  s3://BUCKET/PREFIX?region=...      Amazon S3, or a compatible server with &endpoint=...
  gs://BUCKET/PREFIX                 Google Cloud Storage
  azblob://CONTAINER/PREFIX          Azure Blob Storage
  postgres://USER@HOST/DATABASE      PostgreSQL, in the schema bitbucket, or another one with ?schema=...

Credentials of destinations come from the environment or from files, as for the programs of these services.

A file in HCL can set all of this: to, workspaces, tables, full_every, every, quota_share, wait, and a block for a table, to copy only
some of its columns or rows. Flags take precedence. docs/sync.md describes it.

Exit codes: 0 if everything was copied; 3 if the run stopped for the quota, or if Bitbucket refused a part (with on_refusal =
"skip"); 1 if it failed; 2 if the command or the configuration is wrong.`),
		Example: `  ` + program + ` sync --to parquet:/data/bitbucket
  ` + program + ` sync --to postgres://bitbucket@db.example.com/warehouse --tables 'bitbucket_repository*,bitbucket_group*'
  ` + program + ` sync nightly.hcl --wait --output json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(cmd, "sync takes one file, but got %q too", args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.readOptions(cmd, args, flags); err != nil {
				return err
			}
			return s.run(cmd)
		},
	}
	s.addFlags(cmd, &flags)
	return cmd
}

func (s *syncer) addFlags(cmd *cobra.Command, flags *replica.File) {
	s.source.addConfigFlag(cmd)
	s.source.addDemoFlag(cmd)
	s.source.addConnectionFlag(cmd, "connection to copy (default: the first by name)")
	f := cmd.Flags()
	f.StringVar(&flags.To, "to", "", "destination")
	f.StringSliceVar(&flags.Tables, "tables", nil, "tables to copy, with * for any text, separated by commas (default: all)")
	f.StringSliceVar(&flags.Workspaces, "workspaces", nil, "workspaces to copy, separated by commas (default: those of the connection)")
	f.BoolVar(&s.full, "full", false, "read everything, and not only what may have changed")
	f.DurationVar(&flags.FullEvery, "full-every", defaultFullEvery, "how old the last full run may be before the next one is full, too")
	f.IntVar(&flags.QuotaShare, "quota-share", defaultQuotaShare, "part of the quota to spend, in per cent of what is left of each hour")
	f.BoolVar(&flags.Wait, "wait", false, "wait for the quota of the next hour, instead of stopping")
	f.StringVar(&s.format, "output", "text", "format of the summary: "+strings.Join(syncFormats, ", "))
	f.BoolVar(&s.quiet, "quiet", false, "print no plan, no progress and no omissions on standard error")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(syncFormats, cobra.ShellCompDirectiveNoFileComp))
}

// readOptions reads the file, if there is one, and puts the flags over its values.
func (s *syncer) readOptions(cmd *cobra.Command, args []string, flags replica.File) error {
	if len(args) == 1 {
		var err error
		if s.file, err = replica.ReadFile(args[0]); err != nil {
			return misconfigured("%w", err)
		}
	}
	over := func(flag string, isUnset bool) bool { return cmd.Flags().Changed(flag) || isUnset }
	f := &s.file
	if over("to", f.To == "") {
		f.To = flags.To
	}
	if over("tables", f.Tables == nil) {
		f.Tables = flags.Tables
	}
	if over("workspaces", f.Workspaces == nil) {
		f.Workspaces = flags.Workspaces
	}
	if over("full-every", f.FullEvery == 0) {
		f.FullEvery = flags.FullEvery
	}
	if over("quota-share", f.QuotaShare == 0) {
		f.QuotaShare = flags.QuotaShare
	}
	if over("wait", !f.Wait) {
		f.Wait = flags.Wait
	}
	return s.check(cmd)
}

// check returns an error if an option is wrong.
func (s *syncer) check(cmd *cobra.Command) error {
	if err := checkFormat(cmd, s.format, syncFormats); err != nil {
		return err
	}
	switch {
	case s.file.To == "":
		return usagef(cmd, "no destination: give --to, for example --to parquet:DIR")
	case s.file.QuotaShare < 1 || s.file.QuotaShare > 100:
		return usagef(cmd, "the quota share is %d, but should be from 1 to 100 per cent", s.file.QuotaShare)
	case s.file.FullEvery <= 0:
		return usagef(cmd, "--full-every is %s, but should be longer than 0", s.file.FullEvery)
	}
	return nil
}

func (s *syncer) run(cmd *cobra.Command) (err error) {
	ctx := cmd.Context()
	to, err := openReplica(ctx, s.file.To)
	if err != nil {
		return misconfigured("%w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	s.source.workspaces = s.file.Workspaces
	db, err := s.source.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	connection := db.connections[0]
	if connection.Aggregator() {
		return misconfigured("connection %s combines others: copy each of them to a destination of its own", connection.Name)
	}
	specs, err := replica.Select(tablesOf(db, connection.Name), s.file.Tables, s.file.Choices)
	if err != nil {
		return misconfigured("%w", err)
	}
	if specs, err = s.withinScopes(ctx, db, specs); err != nil {
		return err
	}
	rehearsal := db.Rehearse()
	rehearsed, err := openServer(rehearsal, db.connections, func() {})
	if err != nil {
		return err
	}
	defer rehearsed.close()
	source := &replica.Plugin{Connection: connection.Name, Server: db.Server, Host: db.Host, Rehearsal: rehearsal, Rehearsed: rehearsed.Host}
	return s.copy(ctx, source, to, specs)
}

func (s *syncer) copy(ctx context.Context, source *replica.Plugin, to replica.Destination, specs []*replica.Spec) error {
	options := replica.Options{
		Connection: source.Connection, Version: bitbucket.Version, Full: s.full, Every: s.file.Every, FullEvery: s.file.FullEvery,
		QuotaShare: float64(s.file.QuotaShare) / 100, Wait: s.file.Wait,
	}
	stop := func() {}
	if !s.quiet {
		options.Announce = func(p replica.Plan) { s.say(planLine(p, s.file.Wait) + "\n") }
		options.Report, stop = s.watch(source.Server)
	}
	summary, err := replica.Copy(ctx, source, to, specs, options)
	stop()
	return s.conclude(to.String(), summary, err)
}

// conclude prints the summary, and returns the error of the command.
func (s *syncer) conclude(to string, summary replica.Summary, err error) error {
	paused, isPaused := errors.AsType[*replica.PausedError](err)
	if _, isOwned := errors.AsType[*replica.AccountError](err); isOwned {
		return misconfigured("%w", err)
	}
	if err != nil && !isPaused {
		return err
	}
	if !s.quiet {
		printOmissions(s.err, summary.Omissions)
	}
	report := newSyncReport(to, summary, paused)
	if err := report.write(s.out, s.format); err != nil {
		return err
	}
	switch {
	case isPaused:
		return incompleteError{paused}
	case slices.ContainsFunc(summary.Omissions, func(o bitbucket.Omission) bool {
		return o.Reason == bitbucket.ReasonRefused || o.Reason == bitbucket.ReasonFailed
	}):
		return incompleteError{errors.New("some parts could not be read: the copy keeps their earlier rows, and bitbucket_omission lists them")}
	}
	return nil
}

var syncFormats = []string{"json", "text"}
