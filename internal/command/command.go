// Package command is the command line of the plugin's binary, for a person: login connects to Bitbucket, query answers
// SQL without Steampipe, audit judges who has access, tables and describe say what there is to ask, and demo shows it all on
// a made-up organization.
//
// What a command was asked for goes to standard output; prompts, progress and errors go to standard error. The exit code
// is 0, or 1 if what was asked for failed, or 2 if it was asked in a way, or with a configuration, that can't work. An audit
// has 1 for an alarm, and 3 for what could not be judged.
package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/shared"
	"github.com/turbot/steampipe-plugin-sdk/v5/logging"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

const program = "steampipe-plugin-bitbucket"

// Main runs the program that the process was started as, and returns its exit code: the plugin, if a plugin host has put
// its cookie into the environment, else the command line.
func Main() int {
	if os.Getenv(shared.Handshake.MagicCookieKey) == shared.Handshake.MagicCookieValue {
		bitbucket.NewServer().Serve()
		_ = settled(context.Background(), settleTime) // a host that stops the plugin waits a moment before it kills it
		return exitOK
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the process whatever it does
	// A reader that goes away, such as head, must not kill the process while it keeps a token: the write fails instead.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return run(ctx, newConsole(os.Stdin, os.Stdout, os.Stderr), os.Args[1:])
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, c *console, args []string) int {
	root := newRoot(c)
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	if err != nil {
		c.printError(ctx, err)
	}
	c.settle(ctx)
	return exitCode(err)
}

// How long a token that is being renewed may keep the process from its end, and how long without a word.
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
	fmt.Fprintln(c.err, "Waiting until a token that is being renewed is saved.")
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
Steampipe starts it as a plugin. Started by you, it answers SQL itself. The first three steps:

  1. See it at work on a made-up organization. Nothing is needed for that:
       ` + program + ` demo
  2. Connect to your Bitbucket. This says which OAuth consumer it needs, and how to configure the connection:
       ` + program + ` login
  3. Ask:
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
	root.PersistentFlags().BoolVar(&verbose, "verbose", false, "log to standard error what the plugin does")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usagef(cmd, "%w", err) })
	root.AddCommand(newLogin(c), newQuery(c), newAudit(c), newTables(c), newDescribe(c), newDemo(c), newVersion(c))
	return root
}

// setLogLevel keeps the plugin's log from a person's terminal. The SDK reads the level from the environment only.
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

// knownCommand refuses what is neither a command nor a flag.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		return usagef(cmd, "there is no command %q; did you mean %s?", args[0], strings.Join(similar, " or "))
	}
	return usagef(cmd, "there is no command %q", args[0])
}

// noArguments refuses arguments that a command doesn't have.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(cmd, "%s takes no argument, and was given %q", cmd.Name(), args[0])
	}
	return nil
}
