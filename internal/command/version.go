package command

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

func newVersion(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(c.out, "%s %s\ncommit %s\ndate %s\n%s %s/%s\n",
				program, bitbucket.Version, bitbucket.Commit, bitbucket.Date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
