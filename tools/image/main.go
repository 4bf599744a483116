// Command image writes the plugin as an OCI image that `steampipe plugin install` takes, and pushes it to a registry. It is run
// in its folder, as `make image` and `make push-image` do.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

const usage = `usage:
  image write VERSION BINARIES LAYOUT OS/ARCH...   of the binaries in the folder BINARIES
  image push LAYOUT [REPOSITORY]                   all tags, as whom "docker login" has logged in`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	p, err := readProject()
	if err != nil {
		return err
	}
	switch n := len(arguments); {
	case n > 4 && arguments[0] == "write":
		return p.write(ctx, arguments[1], arguments[2], arguments[3], arguments[4:])
	case n == 2 && arguments[0] == "push":
		return push(ctx, arguments[1], p.repository())
	case n == 3 && arguments[0] == "push":
		return push(ctx, arguments[1], arguments[2])
	}
	return errors.New(usage)
}
