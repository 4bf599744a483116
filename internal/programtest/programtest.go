// Package programtest helps the tests that run programs: it builds them, and keeps their output.
package programtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// built is the program as it is released. Go's cache keeps it, because go.mod lists it as a tool. So the tests of all packages share
// one program, which is only linked if something has changed. Nobody may change the file.
var built = sync.OnceValues(func() (path string, err error) {
	return tool([]string{"CGO_ENABLED=0"}, "tool", "-n", "github.com/kindor/steampipe-plugin-bitbucket")
})

// Path returns the path of the program, and builds it first if no test has done so. In short runs it skips the test.
func Path(t testing.TB) string {
	t.Helper()
	skipShort(t)
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Tool returns the path of a program that the go.mod in a folder lists as a tool, and builds it if Go's cache does not have it. In
// short runs it skips the test.
func Tool(t testing.TB, folder, name string) string {
	t.Helper()
	skipShort(t)
	path, err := tool([]string{"CGO_ENABLED=1"}, "-C", folder, "tool", "-n", name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func skipShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
}

// tool runs a go command that prints the path of a program.
func tool(variables []string, arguments ...string) (path string, err error) {
	cmd := exec.Command("go", arguments...)
	cmd.Env = append(os.Environ(), variables...)
	out, err := cmd.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w\n%s", err, failed.Stderr)
		}
		return "", fmt.Errorf("%s: %w", cmd, err)
	}
	return strings.TrimSpace(string(out)), nil
}
