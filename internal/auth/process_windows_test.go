package auth

import (
	"errors"
	"os/exec"
)

// confine refuses: no test that runs on Windows limits a child.
func (c child) confine() error {
	if c.FileSize > 0 || c.User > 0 {
		return errors.ErrUnsupported
	}
	return nil
}

// wasKilled reports whether a process ended as Process.Kill ends it. A panic or a failed test of Go ends with 2, or 1 and more said.
func wasKilled(exit *exec.ExitError) bool { return exit.ExitCode() == 1 }
