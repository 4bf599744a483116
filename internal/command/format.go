package command

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// A printer writes results in one format. The output is complete only if end has returned no error.
type printer interface {
	print(result) error
	end() error
}

// formats are the output formats by name. Each function returns a printer for a number of results.
var formats = map[string]func(w io.Writer, results int) printer{
	"table": newTablePrinter,
	"json":  newJSONPrinter,
	"csv":   newCSVPrinter,
	"line":  newLinePrinter,
}

const defaultFormat = "table"

func addFormatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "output", defaultFormat, "format of the output: "+formatNames())
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(slices.Sorted(maps.Keys(formats)), cobra.ShellCompDirectiveNoFileComp))
}

func formatNames() string { return strings.Join(slices.Sorted(maps.Keys(formats)), ", ") }

func newPrinter(cmd *cobra.Command, format string, w io.Writer, results int) (printer, error) {
	create, ok := formats[format]
	if !ok {
		return nil, usagef(cmd, "unknown output format %q: choose %s", format, formatNames())
	}
	return create(w, results), nil
}

// printAlone prints one result.
func printAlone(p printer, r result) error {
	if err := p.print(r); err != nil {
		return err
	}
	return p.end()
}
