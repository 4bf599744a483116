//go:build unix

package auth

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// native is the platform of this build.
var native platform = unix{}

// unix is the platform for Linux, macOS and similar systems.
type unix struct{}

func (unix) makeDir(dir string) error { return os.MkdirAll(dir, 0o700) }

func (unix) create(path string) (pendingFile, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func (unix) open(path string) (io.ReadCloser, error) { return os.Open(path) }

func (unix) replace(from, to string) error { return os.Rename(from, to) }

// syncDir syncs the folder itself. Some network file systems can't, and don't need it.
func (unix) syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// isBusy returns false: an open file can be replaced.
func (unix) isBusy(error) bool { return false }

func (unix) foreign(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() {
		return "", nil
	}
	return fmt.Sprintf("uid %d, this process runs as uid %d", stat.Uid, os.Geteuid()), nil
}

func (unix) openTo(path string) (string, error) { return modeBeyond(path, 0o077) }

func (unix) writableBy(dir string) (string, error) { return modeBeyond(dir, 0o022) }

// modeBeyond returns the mode of a file if it has one of these permissions.
func modeBeyond(path string, permissions fs.FileMode) (string, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&permissions == 0 {
		return "", err
	}
	return "mode " + info.Mode().Perm().String(), nil
}

func (unix) closeToOthers(path string) error { return os.Chmod(path, 0o600) }
