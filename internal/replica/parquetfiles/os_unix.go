//go:build !windows

package parquetfiles

import (
	"errors"
	"syscall"
)

// isFull says whether a disk has no space left, or no more is allowed.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// isAlive says whether a process of this machine runs.
func isAlive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
