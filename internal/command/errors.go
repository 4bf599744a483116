package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// The exit codes.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitIncomplete = 3   // of audit, where 1 means that a control alarms, and of sync
	exitCancelled  = 130 // by Ctrl-C, as shells expect
)

// A usageError reports that the arguments or the configuration are wrong.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef returns a usageError that refers to the command's help.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	return misconfigured("%w (see %s --help)", fmt.Errorf(format, args...), cmd.CommandPath())
}

// misconfigured returns a usageError that the help text can't explain.
func misconfigured(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case isUsage(err):
		return exitUsage
	case isIncomplete(err):
		return exitIncomplete
	default:
		return exitFailed
	}
}

// isUsage reports whether the same command would fail again, whatever Bitbucket answers.
func isUsage(err error) bool {
	if denied, ok := errors.AsType[*auth.Error](err); ok && denied.Kind == auth.KindConfiguration {
		return true
	}
	_, usage := errors.AsType[*usageError](err)
	_, config := errors.AsType[*bitbucket.ConfigError](err)
	_, connection := errors.AsType[*sqlhost.ConnectionError](err)
	return usage || config || connection
}

// An incompleteError reports that an audit has no result for a part, or that a copy lacks a part.
type incompleteError struct{ error }

func (e incompleteError) Unwrap() error { return e.error }

func isIncomplete(err error) bool {
	_, is := errors.AsType[incompleteError](err)
	return is
}

// isAlarm reports whether an error is the finding of an audit, and not joined with a failure.
func isAlarm(err error) bool {
	_, is := err.(alarmError)
	return is
}

// errReaderGone is the error of a write to standard output whose reader has exited.
var errReaderGone = errors.New("standard output is closed")

// printError prints an error for the user. It prints nothing if the reader of standard output has exited: it read what
// it needed.
func (c *console) printError(ctx context.Context, err error) {
	switch {
	case errors.Is(err, errReaderGone):
	case ctx.Err() != nil:
		fmt.Fprintln(c.err, "Error: cancelled")
	case isAlarm(err):
		fmt.Fprintln(c.err, strings.ToUpper(err.Error()[:1])+err.Error()[1:]+".")
	default:
		c.say(c.paint(red, "Error:") + " " + oneLine(err.Error()) + "\n")
		if placed, ok := errors.AsType[*placedError](err); ok {
			fmt.Fprint(c.err, placed.place)
		}
	}
}

// oneLine joins the lines of a text with semicolons.
func oneLine(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
