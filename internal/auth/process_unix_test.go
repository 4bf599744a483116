//go:build unix

package auth

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// The tests in this file need features of Unix: a limit on the size of files, folders that their owner can't write, and
// processes that change their user.

// nobody is another user, for tests that run as root.
const nobody = 65534

// confine sets the limits of the child. It is called in the child process.
func (c child) confine() error {
	if c.FileSize > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: c.FileSize, Max: c.FileSize}); err != nil {
			return err
		}
	}
	if c.User > 0 {
		return syscall.Setuid(c.User)
	}
	return nil
}

func wasKilled(exit *exec.ExitError) bool {
	return exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, used := range map[string]bool{
		"with a seed never used":  false, // there is space for the seed, but not for the pair that it is exchanged for
		"in the midst of a chain": true,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newAuthServer(t, time.Now)
			c := child{Dir: t.TempDir(), URL: server.URL, Seed: server.seed(), Calls: 1, FileSize: 4096}
			if used {
				authorize(t, open(t, c.Dir, server.consumer(), c.Seed))
				server.revoke()
			}
			before := server.count()
			_, wait := c.start(t)
			r, err := wait()
			if err != nil {
				t.Fatal(err)
			}
			wantStorageError(t, r, c.Dir, "file too large", "disk isn't full")
			if got := server.count() - before; got != 0 {
				t.Errorf("%d token requests, want none on a full disk", got)
			}
			wantWorking(t, server, c)
		})
	}
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, time.Now)
	c := child{Dir: t.TempDir(), URL: server.URL, Seed: server.seed(), Calls: 1}
	chain := open(t, c.Dir, server.consumer(), c.Seed)
	authorize(t, chain)
	closed := os.FileMode(0o500)
	if os.Geteuid() == 0 { // root may write anywhere, so the child becomes another user
		c.User = nobody
		if err := errors.Join(os.Chmod(filepath.Dir(c.Dir), 0o755), os.Chown(c.Dir, nobody, nobody),
			os.Chown(chain.Path(), nobody, nobody), os.Chown(chain.Path()+".lock", nobody, nobody)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(c.Dir, closed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(c.Dir, 0o700) })

	_, wait := c.start(t)
	if r, err := wait(); err != nil || r.Error != "" {
		t.Errorf("%v, %s: a good token in a read-only folder isn't used", err, r.Error)
	}
	server.revoke()
	_, wait = c.start(t)
	r, err := wait()
	if err != nil {
		t.Fatal(err)
	}
	wantStorageError(t, r, c.Dir, "permission denied", "token_dir")
	if got := server.count(); got != 1 {
		t.Errorf("%d token requests, want none with a read-only folder", got-1)
	}
}

func TestFileOfAnotherUserIsLeftAlone(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	server := newAuthServer(t, time.Now)
	dir, seed := t.TempDir(), server.seed()
	chain := open(t, dir, server.consumer(), seed)
	authorize(t, chain)
	login := open(t, dir, server.consumer(), "")
	if err := login.store.write(startRecord(Token{RefreshToken: NewSecret("r")})); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chown(chain.Path(), nobody, nobody), os.Chown(login.Path(), nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, dir, server.consumer(), seed).Authorization(t.Context())
	_, loginErr := SaveLogin(t.Context(), login.store.dir, server.consumer(), Token{RefreshToken: NewSecret("r")}, Account{})
	for _, err := range []error{err, loginErr} {
		wantError(t, err, KindStorage, "belongs to another user", strconv.Itoa(nobody), "token_dir")
	}
	if _, err := os.Stat(chain.Path()); err != nil || server.count() != 1 {
		t.Errorf("%v, %d token requests; want the file in place and the token unspent", err, server.count())
	}
}

func wantStorageError(t *testing.T, r report, texts ...string) {
	t.Helper()
	wantError(t, &Error{Kind: r.Kind, Message: r.Error}, KindStorage, texts...)
}
