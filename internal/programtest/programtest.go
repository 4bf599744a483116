// Package programtest helps the tests that run the program: it builds it, and keeps its output.
package programtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

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
