package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
)

// A printer writes results in one format. The output is complete only if end has returned no error.
type printer interface {
	print(resultSet) error
	end() error
}

// A layout is how results are printed, in any format.
type layout struct {
	results  int  // number of results
	noHeader bool // without the names of the columns, where they are on a line of their own
	narrow   bool // on a terminal, print rows that are wider than the screen in the format line
}

// formats are the output formats by name.
var formats = map[string]func(io.Writer, layout) printer{
	"table":    newTablePrinter,
	"json":     newJSONPrinter,
	"jsonl":    newJSONLPrinter,
	"csv":      newCSVPrinter,
	"line":     newLinePrinter,
	"markdown": newMarkdownPrinter,
}

const defaultFormat = "table"

func addFormatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "output", defaultFormat, "format of the output: "+formatNames())
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formatList(), cobra.ShellCompDirectiveNoFileComp))
}

func formatList() []string { return slices.Sorted(maps.Keys(formats)) }

func formatNames() string { return strings.Join(formatList(), ", ") }

func newPrinter(cmd *cobra.Command, format string, w io.Writer, l layout) (printer, error) {
	if err := checkFormat(cmd, format, formatList()); err != nil {
		return nil, err
	}
	l.narrow = !cmd.Flags().Changed("output")
	return formats[format](w, l), nil
}

// checkFormat returns an error if a format is none of those known.
func checkFormat(cmd *cobra.Command, format string, known []string) error {
	if err := knownFormat(format, known); err != nil {
		return usagef(cmd, "%w", err)
	}
	return nil
}

// knownFormat returns an error if a format is not known.
func knownFormat(format string, known []string) error {
	if slices.Contains(known, format) {
		return nil
	}
	if meant := similar.To(format, known); meant != "" {
		return fmt.Errorf("unknown output format %q: did you mean %s?", format, meant)
	}
	return fmt.Errorf("unknown output format %q: choose %s", format, strings.Join(known, ", "))
}

// printAlone prints one result.
func printAlone(p printer, r resultSet) error {
	if err := p.print(r); err != nil {
		return err
	}
	return p.end()
}
