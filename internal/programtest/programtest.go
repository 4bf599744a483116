// Package programtest helps the tests that run the program: it builds it, and keeps its output.
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

var built = sync.OnceValues(Build)

// Path returns the path of the program, and builds it first if no test has done so. In short runs it skips the test.
func Path(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Build builds the program and returns its path. Go's cache keeps it, because go.mod lists it as a tool. So the tests of all
// packages share one program, which is only linked if something has changed. Nobody may change the file.
func Build() (path string, err error) {
	cmd := exec.Command("go", "tool", "-n", "github.com/kindor/steampipe-plugin-bitbucket")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released
	out, err := cmd.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w\n%s", err, failed.Stderr)
		}
		return "", fmt.Errorf("building the program: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
