package parquetfiles

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// isFull says whether a disk has no space left.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// isAlive says whether a process of this machine runs.
func isAlive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = process.Release()
	return true
}
