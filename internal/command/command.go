// Package command implements the command line of the plugin's binary: login connects to Bitbucket, query answers SQL
// without Steampipe, audit checks access, mcp serves AI assistants, tables and describe document the tables, and demo
// shows them with a made-up organization.
//
// Results go to standard output; prompts, progress and errors go to standard error. The exit code is 0 for success, 1
// if the command failed, 2 if its arguments or the configuration are wrong, and 130 if it was cancelled. An audit also
// returns 1 if a control alarms, and 3 if one could not be judged.
package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/shared"
	"github.com/turbot/steampipe-plugin-sdk/v5/logging"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
)

const program = "steampipe-plugin-bitbucket"

// Main runs the process and returns its exit code. It serves the plugin if a plugin host has set its cookie in the
// environment, and else runs the command line.
func Main() int {
	if os.Getenv(shared.Handshake.MagicCookieKey) == shared.Handshake.MagicCookieValue {
		bitbucket.NewServer().Serve()
		_ = settled(context.Background(), settleTime) // a host waits a moment before it kills a plugin that it stops
		return exitOK
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl-C kills the process
	// If a reader such as head exits, the write must fail instead of killing the process while it saves a token.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return execute(ctx, newConsole(os.Stdin, os.Stdout, os.Stderr), os.Args[1:])
}

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, c *console, args []string) int {
	root := newRoot(c)
	root.SetArgs(append([]string{}, args...)) // not nil: Cobra would take those of the process
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	if err != nil {
		c.printError(ctx, err)
	}
	c.settle(ctx)
	if err != nil && ctx.Err() != nil {
		return exitCancelled
	}
	return exitCode(err)
}

// The limits of the wait for tokens that are being renewed: in total, and before it is announced.
const (
	settleTime   = 10 * time.Second
	settleSilent = 500 * time.Millisecond
)

// settle waits until every renewed token is saved.
func (c *console) settle(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if settled(ctx, settleSilent) == nil {
		return
	}
	fmt.Fprintln(c.err, "Waiting for a renewed token to be saved.")
	if err := settled(ctx, settleTime); err != nil {
		c.printError(ctx, err)
	}
}

func settled(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return auth.Settle(ctx)
}

func newRoot(c *console) *cobra.Command {
	var verbose bool
	root := &cobra.Command{
		Use:   program,
		Short: "Bitbucket Cloud as SQL tables",
		Long: strings.TrimSpace(`
` + program + ` shows Bitbucket Cloud as SQL tables.
Steampipe starts it as a plugin. On its own, it answers SQL without Steampipe. The first three steps:

  1. Try it on a made-up organization. This needs no account:
       ` + program + ` demo
  2. Connect to your Bitbucket. This explains which OAuth consumer you need, and writes the connection:
       ` + program + ` login
  3. Run a query:
       ` + program + ` query "select full_name, size from bitbucket_repository order by size desc limit 5"`),
		Version:       bitbucket.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRun: func(*cobra.Command, []string) {
			setLogLevel(verbose)
		},
	}
	root.PersistentFlags().BoolVar(&verbose, "verbose", false, "log to standard error")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newLogin(c), newAuth(c), newQuery(c), newAudit(c), newSync(c), newTables(c), newDescribe(c), newMCP(c), newDemo(c), newVersion(c), newEnvironment())
	return root
}

// setLogLevel keeps the plugin's log off the terminal unless verbose. The SDK reads the level only from the
// environment.
func setLogLevel(verbose bool) {
	if verbose {
		os.Setenv(logging.EnvLogLevel, "DEBUG")
		return
	}
	for _, variable := range append(logging.LegacyLogLevelEnvVars, logging.EnvLogLevel) {
		if _, ok := os.LookupEnv(variable); ok {
			return
		}
	}
	os.Setenv(logging.EnvLogLevel, "OFF")
}

// knownCommand rejects an argument that is neither a command nor a flag.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	if meant := similar.To(args[0], known); meant != "" {
		return usagef(cmd, "unknown command %q: did you mean %s?", args[0], meant)
	}
	return usagef(cmd, "unknown command %q", args[0])
}

// flagError returns the error of a wrong flag. For an unknown one it says which may be meant.
func flagError(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return usagef(cmd, "%w", err)
	}
	if name := unknown.GetSpecifiedName(); strings.ContainsAny(name, " \t\n") {
		return usagef(cmd, "%q looks like SQL that begins with a dash: write -- before it", "--"+name)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if meant := similar.To(unknown.GetSpecifiedName(), known); meant != "" {
		return usagef(cmd, "%w: did you mean --%s?", err, meant)
	}
	return usagef(cmd, "%w", err)
}

// noArguments rejects arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "%s takes no arguments, but got %q", cmd.Name(), args[0])
	}
	return nil
}
