package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
	"github.com/hashicorp/go-hclog"
)

const (
	// reserveSize is the room made sure of before a token is spent. A file with two tokens is a fifth of it.
	reserveSize = 32 << 10
	// maxFileSize bounds what is read of a token file.
	maxFileSize = 1 << 20
	// lockTimeout is longer than another process needs for all tries of one refresh.
	lockTimeout = 2 * time.Minute
	lockPoll    = 20 * time.Millisecond
	asideMark   = ".aside-"
)

// An identity is what a chain belongs to. A seed has its own chain, so that a newly pasted one is never ignored because
// of an older file; the chain of a login has no seed.
type identity struct {
	oauthURL, consumerKey string
	seed                  Secret
}

// fingerprint names the identity without giving the seed away.
func (id identity) fingerprint() string {
	sum := sha256.Sum256([]byte(id.oauthURL + "\x00" + id.consumerKey + "\x00" + id.seed.reveal()))
	return hex.EncodeToString(sum[:])
}

// fileName returns the name of the identity's token file.
func (id identity) fileName() string {
	kind := "seed"
	if id.seed.IsZero() {
		kind = "login"
	}
	return kind + "-" + id.fingerprint()[:24] + ".json"
}

// A store keeps the newest record of one chain in a file that processes share. Reading needs no lock, since the file is
// only ever replaced as a whole; whoever writes holds the lock.
type store struct {
	dir    string
	id     identity
	logger hclog.Logger
	// step, if set, is told of each point that a crash may come at. It is a test's to set.
	step func(point string)
}

func (s *store) path() string { return filepath.Join(s.dir, s.id.fileName()) }

func (s *store) at(point string) {
	if s.step != nil {
		s.step(point)
	}
}

// lock makes the folder if there is none and waits until this is the only process, and the only caller in it, at the chain.
func (s *store) lock(ctx context.Context) (unlock func(), err error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	// Not the token file itself: it is replaced, and a lock stays with the file that was.
	lock := flock.New(s.path()+".lock", flock.SetPermissions(0o600))
	switch _, err := lock.TryLockContext(limited, lockPoll); {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errorf(KindTemporary, err, "another process holds the lock %s and doesn't let go; try again later, or end the process that hangs", lock.Path())
	case err != nil:
		return nil, s.writeError(err)
	}
	release := func() {
		if err := lock.Unlock(); err != nil {
			s.logger.Warn("cannot unlock the token file", "error", err)
		}
	}
	defer func() {
		if unlock == nil {
			release()
		}
	}()
	if info, err := os.Lstat(s.path()); err == nil {
		if err := s.checkOwner(info); err != nil {
			return nil, err
		}
	}
	s.at("locked")
	s.removeLeftovers()
	return release, nil
}

func (s *store) makeDir() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return s.writeError(err)
	}
	info, err := os.Stat(s.dir)
	if err != nil {
		return s.writeError(err)
	}
	// Only a warning: token_dir may name a folder that is shared on purpose. The files in it are checked one by one.
	if info.Mode().Perm()&0o022 != 0 {
		s.logger.Warn("the token folder can be written by others; chmod 700 it", "folder", s.dir)
	}
	return nil
}

// read returns the record in the file. The error is fs.ErrNotExist, a *damagedError or an *Error of KindStorage.
func (s *store) read() (record, error) {
	content, err := s.readFile()
	if err != nil {
		return record{}, err
	}
	return decodeRecord(content, s.id)
}

func (s *store) readFile() ([]byte, error) {
	info, err := os.Lstat(s.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, s.readError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, &damagedError{"is not a regular file"}
	}
	if err := s.checkOwner(info); err != nil {
		return nil, err
	}
	s.closeToOthers(info)
	f, err := os.Open(s.path())
	if err != nil {
		return nil, s.readError(err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFileSize))
	if err != nil {
		return nil, s.readError(err)
	}
	return content, nil
}

// checkOwner refuses another user's file and leaves it where it is: it may be the working chain of the person whose
// folder this is, while we run under sudo, and would be lost to them if it were moved or replaced by a file of ours.
func (s *store) checkOwner(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() {
		return nil
	}
	return errorf(KindStorage, nil, "the token file %s belongs to another user (uid %d, this process runs as uid %d) and is not used. "+
		"Run as that user, or set token_dir (BITBUCKET_TOKEN_DIR) to a folder of your own", s.path(), stat.Uid, os.Geteuid())
}

// closeToOthers takes a file's permissions from everybody but its owner. The file is used nevertheless: to refuse it
// would strand a working chain, and on file systems without permissions every file looks open.
func (s *store) closeToOthers(info fs.FileInfo) {
	if info.Mode().Perm()&0o077 == 0 {
		return
	}
	s.logger.Warn("the token file was open to other users, and is closed to them now; if one may have read it, revoke the authorization and log in again",
		"file", s.path(), "mode", info.Mode().Perm().String())
	if err := os.Chmod(s.path(), 0o600); err != nil {
		s.logger.Warn("cannot close the token file to other users", "error", err)
	}
}

// setAside renames a file that is not to be trusted, so that a person can look at it, and returns its new path.
func (s *store) setAside(now time.Time) (string, error) {
	base := s.path() + asideMark + now.UTC().Format("20060102T150405Z")
	aside := base
	for i := 2; ; i++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s-%d", base, i)
	}
	if err := os.Rename(s.path(), aside); err != nil {
		return "", s.writeError(err)
	}
	s.at("set aside")
	return aside, nil
}

// traces returns the names of what was set aside of the chain's file, the newest last.
func (s *store) traces() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.readError(err)
	}
	var names []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), s.id.fileName()+asideMark) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// write replaces the file's content with rec.
func (s *store) write(rec record) error {
	slot, err := s.reserve()
	if err != nil {
		return err
	}
	defer slot.discard()
	return slot.commit(rec)
}

// A slot is room on the disk for a new version of the token file.
type slot struct {
	store *store
	file  *renameio.PendingFile
}

// reserve makes room for a new version beside the file. A full disk or a read-only folder fails here, before a token is spent.
func (s *store) reserve() (*slot, error) {
	file, err := renameio.NewPendingFile(s.path(), renameio.WithTempDir(s.dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return nil, s.writeError(err)
	}
	// Random, so that a file system that compresses has to find the room as well.
	padding := make([]byte, reserveSize)
	rand.Read(padding)
	_, err = file.Write(padding)
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		file.Cleanup()
		return nil, s.writeError(err)
	}
	s.at("reserved")
	return &slot{s, file}, nil
}

// removeLeftovers removes the temporary files of processes that were killed. While the lock is held there are no others.
func (s *store) removeLeftovers() {
	entries, _ := os.ReadDir(s.dir) // what is wrong with the folder comes out when it is written to
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "."+s.id.fileName()) {
			os.Remove(filepath.Join(s.dir, entry.Name()))
		}
	}
}

// commit makes rec the file's content: on its return without an error a crash of the machine doesn't lose it.
func (sl *slot) commit(rec record) error {
	s := sl.store
	content, err := rec.encode(s.id)
	if err != nil {
		return err
	}
	if _, err := sl.file.WriteAt(content, 0); err != nil {
		return s.writeError(err)
	}
	if err := sl.file.Truncate(int64(len(content))); err != nil {
		return s.writeError(err)
	}
	s.at("written")
	if err := sl.file.CloseAtomicallyReplace(); err != nil { // syncs the file first
		return s.writeError(err)
	}
	s.at("renamed")
	if err := syncDir(s.dir); err != nil {
		return s.writeError(err)
	}
	s.at("saved")
	return nil
}

// discard gives the room back if it was not used.
func (sl *slot) discard() { _ = sl.file.Cleanup() } // what stays behind is removed with the leftovers

// syncDir makes a rename in dir last. Some network file systems can't, and need not.
func syncDir(dir string) error {
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

func (s *store) readError(cause error) *Error {
	return errorf(KindStorage, cause, "the token file can't be read (%v). Make it readable for this user, or set token_dir (BITBUCKET_TOKEN_DIR) to another folder", cause)
}

func (s *store) writeError(cause error) *Error {
	return errorf(KindStorage, cause, "the token folder %s can't be written (%v), so a new token could not be kept. "+
		"Make it writable for this user and see that the disk isn't full, or set token_dir (BITBUCKET_TOKEN_DIR) to another folder", s.dir, cause)
}
