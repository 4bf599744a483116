// Command steampipe-plugin-bitbucket shows Bitbucket Cloud as SQL tables: to Steampipe, which starts it as a plugin, and
// to a person, as a small command line.
package main

import (
	"os"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/command"
)

func main() { os.Exit(command.Main()) }
