package auth

import (
	"errors"
	"os/exec"
)

// confine returns an error if there is a limit: tests that run on Windows don't limit a child.
func (c child) confine() error {
	if c.FileSize > 0 || c.User > 0 {
		return errors.ErrUnsupported
	}
	return nil
}

// wasKilled reports whether a process ended with the exit code of Process.Kill. A panic ends with 2. A failed test ends with
// 1, too, but also prints its error.
func wasKilled(exit *exec.ExitError) bool { return exit.ExitCode() == 1 }
