package command

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/assistant"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

func newMCP(c *console) *cobra.Command {
	var source connectionFlags
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Serve the tables to AI assistants, over stdio",
		Long: strings.TrimSpace(`
Serves the tables to an AI assistant over the Model Context Protocol, on standard input and standard output. The assistant starts
it. For Claude Code:

  claude mcp add bitbucket -- ` + program + ` mcp

The tools run SQL that only reads, describe the tables, estimate requests, and audit. Rows and requests are limited. The assistant
sees what the connected user sees, and no credential.

If the configuration is wrong, the tools tell the assistant. They read the configuration again each time until it is right.`),
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd, &source) },
	}
	source.addConfigFlag(cmd)
	source.addDemoFlag(cmd)
	cmd.Flags().StringVar(&source.first, "connection", "", "connection for table names without a schema")
	return cmd
}

// serve answers an assistant. What is wrong with the configuration is told to the assistant, and to its log.
func (c *console) serve(cmd *cobra.Command, source *connectionFlags) error {
	ctx := cmd.Context()
	var s *served
	defer func() {
		if s != nil {
			s.close()
		}
	}()
	open := func() (assistant.Database, error) {
		if s != nil {
			return s, nil
		}
		db, err := source.open(ctx, cmd)
		if err != nil {
			return nil, err
		}
		if s, err = newServed(ctx, db); err != nil {
			return nil, err
		}
		return s, nil
	}
	_, person := terminalFd(c.in)
	switch _, err := open(); {
	case err != nil && person:
		return err
	case err != nil:
		c.printError(ctx, err)
	case person:
		c.say("Waiting for an AI assistant, which should start this command itself: see " + program + " mcp --help. Ctrl-C ends it.\n")
	}
	return assistant.Serve(ctx, bitbucket.Version, open, c.in, c.out)
}

// A served is a database as an assistant uses it.
type served struct {
	*database
	estimator *estimator
}

// newServed returns a database for an assistant. Closing it closes db.
func newServed(ctx context.Context, db *database) (*served, error) {
	db.ReadOnly = true
	e, err := newEstimator(db)
	if err != nil {
		db.close()
		return nil, err
	}
	return &served{database: db, estimator: e}, nil
}

func (s *served) close() {
	s.estimator.close()
	s.database.close()
}

// Estimate returns the requests that a statement would make.
func (s *served) Estimate(ctx context.Context, sql string) ([]assistant.Cost, error) {
	return s.estimator.statement(ctx, sql)
}

// EstimateAudit returns the requests that an audit would make.
func (s *served) EstimateAudit(ctx context.Context, controls []*audit.Control, values map[string]any) ([]assistant.Cost, error) {
	return s.estimator.audit(ctx, controls, values)
}

// Audit runs controls. They keep tables of their own, so they have a host of their own.
func (s *served) Audit(ctx context.Context, controls []*audit.Control, values map[string]any) ([]audit.Result, error) {
	begun := time.Now()
	host, err := sqlhost.Open(s.meter, s.connections)
	if err != nil {
		return nil, err
	}
	defer host.Close()
	results, err := judge(ctx, host, controls, values)
	if err != nil {
		return nil, err
	}
	omissions := s.meter.Omissions(begun)
	for i := range results {
		refuse(&results[i], s.connections[0].Name, omissions)
	}
	return results, nil
}

// judge runs controls on a host of their own.
func judge(ctx context.Context, host *sqlhost.Host, controls []*audit.Control, values map[string]any) ([]audit.Result, error) {
	run := audit.NewRun(host, values)
	if err := run.Keep(ctx, controlNames(controls)); err != nil {
		return nil, err
	}
	var results []audit.Result
	for _, c := range controls {
		results = append(results, run.Judge(ctx, c))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// Left returns how many requests the used connections have left.
func (s *served) Left(ctx context.Context) ([]assistant.Quota, error) {
	t, err := s.traffic(ctx)
	if err != nil {
		return nil, err
	}
	left := []assistant.Quota{}
	for _, connection := range s.scannedConnections() {
		known := assistant.Quota{Connection: connection}
		if i := slices.IndexFunc(t.quotas, func(q quota) bool { return q.connection == connection }); i >= 0 {
			known.Remaining = &t.quotas[i].remaining
			if at := t.quotas[i].resetAt; !at.IsZero() {
				known.ResetAt = &at
			}
		}
		left = append(left, known)
	}
	return left, nil
}

// Omissions says what the tables have left out since a time.
func (s *served) Omissions(since time.Time) []string {
	return append([]string{}, summarize(s.meter.Omissions(since))...)
}
