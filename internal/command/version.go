package command

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// versionFormats are the output formats of version.
var versionFormats = []string{"json", "text"}

func newVersion(c *console) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(cmd, format, versionFormats); err != nil {
				return err
			}
			platform := runtime.GOOS + "/" + runtime.GOARCH
			if format == "json" {
				return json.NewEncoder(c.out).Encode(struct {
					Version  string `json:"version"`
					Commit   string `json:"commit"`
					Date     string `json:"date"`
					Go       string `json:"go"`
					Platform string `json:"platform"`
				}{bitbucket.Version, bitbucket.Commit, bitbucket.Date, runtime.Version(), platform})
			}
			_, err := fmt.Fprintf(c.out, "%s %s\ncommit %s\ndate %s\n%s %s\n",
				program, bitbucket.Version, bitbucket.Commit, bitbucket.Date, runtime.Version(), platform)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "output", "text", "format of the output: "+strings.Join(versionFormats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(versionFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
