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
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/hashicorp/go-hclog"
)

const (
	// reserveSize is the disk space that is reserved before a token is spent. A file with two tokens takes a fifth of it.
	reserveSize = 32 << 10
	// maxFileSize is the most bytes that are read of a token file.
	maxFileSize = 1 << 20
	// lockTimeout is longer than all tries of one refresh take in another process.
	lockTimeout = 2 * time.Minute
	lockPoll    = 20 * time.Millisecond
	asideMark   = ".aside-"
	accountMark = ".account-"
	// A file that another process has open is retried for a second. Readers need a moment, virus scanners a little longer.
	busyTries = 50
	busyPause = 20 * time.Millisecond
)

// An identity identifies a chain. Each seed has its own chain, so that a new seed is never ignored because of an older file.
// The chain of a login has no seed.
type identity struct {
	oauthURL, consumerKey string
	seed                  Secret
	// account is set only for a login that is kept while another account's is in use. It is the UUID of the login's account.
	account string
}

// fingerprint returns a hash of the identity. It doesn't reveal the seed.
func (id identity) fingerprint() string {
	text := id.oauthURL + "\x00" + id.consumerKey + "\x00" + id.seed.reveal()
	if id.account != "" {
		text += "\x00" + id.account
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// fileName returns the name of the identity's token file.
func (id identity) fileName() string {
	if id.account != "" {
		return id.stem() + accountMark + id.fingerprint()[:24] + ".json"
	}
	return id.stem() + ".json"
}

// stem returns the beginning of the file names: all logins of a consumer have the same, each seed has its own.
func (id identity) stem() string {
	kind := "seed"
	if id.seed.IsZero() {
		kind = "login"
	}
	id.account = ""
	return kind + "-" + id.fingerprint()[:24]
}

// A store keeps the newest record of one chain in a file that processes share. Writers hold the lock. Readers don't need it,
// because the file is always replaced as a whole.
type store struct {
	dir      string
	id       identity
	file     string // the path of the token file
	prefix   string // the beginning of the names of temporary files, which become token files
	logger   hclog.Logger
	platform platform
	poll     time.Duration // between tries to get the lock
	// step, if set, is called at each point where a crash matters. Only tests set it.
	step func(point string)
}

// setIdentity sets the identity, and the names of files that follow from it: they are needed at each look at the file.
func (s *store) setIdentity(id identity) {
	s.id = id
	s.file = filepath.Join(s.dir, id.fileName())
	s.prefix = "." + id.stem() + "."
}

func (s *store) path() string { return s.file }

// lockPath returns the path of the lock file. The token file itself can't be locked: when it is replaced, the lock stays with
// the old file.
func (s *store) lockPath() string { return s.path() + ".lock" }

func (s *store) at(point string) {
	if s.step != nil {
		s.step(point)
	}
}

// lock makes the folder if there is none, and waits for the chain's lock. Other processes and other callers in this one have to
// wait until it is unlocked.
func (s *store) lock(ctx context.Context) (unlock func(), err error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	lock := flock.New(s.lockPath(), flock.SetPermissions(0o600))
	switch _, err := lock.TryLockContext(limited, s.poll); {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errorf(KindTemporary, err, "another process holds the lock %s and does not release it; try again later, or stop that process if it hangs", lock.Path())
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
	if err := s.checkOwner(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.at("locked")
	s.removeLeftovers()
	return release, nil
}

func (s *store) makeDir() error {
	if err := s.platform.makeDir(s.dir); err != nil {
		return s.writeError(err)
	}
	whom, err := s.platform.writableBy(s.dir)
	if err != nil {
		return s.writeError(err)
	}
	// This is only a warning: token_dir may be a folder that is shared on purpose. Each file in it is checked, too.
	if whom != "" {
		s.logger.Warn("the token folder can be written by others; close it to them (chmod 700, or its security properties on Windows)", "folder", s.dir, "open_to", whom)
	}
	return nil
}

// patiently calls do again while it fails because another process has the file open, for a limited time.
func (s *store) patiently(do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || try == busyTries || !s.platform.isBusy(err) {
			return err
		}
		time.Sleep(busyPause)
	}
}

// read returns the record in the file. The error is fs.ErrNotExist, a *damagedError or an *Error of KindStorage.
func (s *store) read() (record, error) {
	var content []byte
	err := s.patiently(func() (err error) {
		content, err = s.readFile()
		return err
	})
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
	if err := s.checkOwner(); err != nil {
		return nil, err
	}
	s.closeToOthers()
	f, err := s.platform.open(s.path())
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

// checkOwner returns an error if the file belongs to another user. The file stays where it is. If we run under sudo, it may be
// the working chain of the folder's owner, who would lose it if it were moved or replaced by our file.
func (s *store) checkOwner() error {
	whose, err := s.platform.foreign(s.path())
	switch {
	case err != nil:
		return s.readError(err)
	case whose == "":
		return nil
	}
	return errorf(KindStorage, nil, "the token file %s belongs to another user (%s) and is not used. "+
		"Run as that user, or set token_dir (BITBUCKET_TOKEN_DIR) to a folder of your own", s.path(), whose)
}

// closeToOthers removes all permissions on the file except the owner's. The file is used nevertheless: refusing it would end a
// working chain, and on a file system without permissions every file looks open.
func (s *store) closeToOthers() {
	whom, err := s.platform.openTo(s.path())
	if err == nil && whom == "" {
		return
	}
	if err == nil {
		s.logger.Warn("the token file was open to other users, and is closed to them now; if one may have read it, revoke the authorization and log in again",
			"file", s.path(), "open_to", whom)
		err = s.platform.closeToOthers(s.path())
	}
	if err != nil {
		s.logger.Warn("cannot close the token file to other users", "error", err)
	}
}

// setAside renames a damaged file, so that a person can look at it, and returns its new path.
func (s *store) setAside(now time.Time) (string, error) {
	base := s.path() + asideMark + now.UTC().Format("20060102T150405Z")
	aside := base
	for i := 2; ; i++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s-%d", base, i)
	}
	if err := s.replace(s.path(), aside); err != nil {
		return "", s.writeError(err)
	}
	s.at("set aside")
	return aside, nil
}

// traces returns the names of the chain's files that were set aside, the newest last.
func (s *store) traces() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.readError(err)
	}
	var names []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filepath.Base(s.file)+asideMark) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// write replaces the file's content with rec.
func (s *store) write(rec record) error {
	reserved, err := s.reserve()
	if err != nil {
		return err
	}
	defer reserved.discard()
	return reserved.commit(rec)
}

// A reservation is reserved disk space for a new version of the token file.
type reservation struct {
	store *store
	file  pendingFile
}

// reserve reserves disk space for a new version, next to the file. With a full disk or a read-only folder, it fails before a
// token is spent.
func (s *store) reserve() (*reservation, error) {
	file, err := s.platform.create(filepath.Join(s.dir, s.prefix+rand.Text()))
	if err != nil {
		return nil, s.writeError(err)
	}
	reserved := &reservation{s, file}
	_, err = file.Write(padding())
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		reserved.discard()
		return nil, s.writeError(err)
	}
	s.at("reserved")
	return reserved, nil
}

// padding returns the content of a reservation. It is random, so that a compressing file system reserves the space, too.
var padding = sync.OnceValue(func() []byte {
	random := make([]byte, reserveSize)
	rand.Read(random)
	return random
})

// removeLeftovers removes the temporary files of killed processes. The caller holds the lock, so no others exist.
func (s *store) removeLeftovers() {
	entries, _ := os.ReadDir(s.dir) // writing to the folder will report an error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), s.prefix) {
			os.Remove(filepath.Join(s.dir, entry.Name()))
		}
	}
}

// commit makes rec the file's content. After it returns without an error, rec survives a crash of the machine.
func (r *reservation) commit(rec record) error {
	s := r.store
	content, err := rec.encode(s.id)
	if err != nil {
		return err
	}
	if _, err := r.file.WriteAt(content, 0); err != nil {
		return s.writeError(err)
	}
	if err := r.file.Truncate(int64(len(content))); err != nil {
		return s.writeError(err)
	}
	s.at("written")
	if err := errors.Join(r.file.Sync(), r.file.Close()); err != nil {
		return s.writeError(err)
	}
	if err := s.replace(r.file.Name(), s.path()); err != nil {
		return s.writeError(err)
	}
	s.at("renamed")
	if err := s.platform.syncDir(s.dir); err != nil {
		return s.writeError(err)
	}
	s.at("saved")
	return nil
}

// discard frees the space if it was not used. If that fails, removeLeftovers removes the file later.
func (r *reservation) discard() {
	_ = r.file.Close() // first, because some platforms can't remove an open file
	_ = os.Remove(r.file.Name())
}

func (s *store) replace(from, to string) error {
	return s.patiently(func() error { return s.platform.replace(from, to) })
}

func (s *store) readError(cause error) *Error {
	return errorf(KindStorage, cause, "the token file can't be read (%v). Make it readable for this user, or set token_dir (BITBUCKET_TOKEN_DIR) to another folder", cause)
}

func (s *store) writeError(cause error) *Error {
	return errorf(KindStorage, cause, "the token folder %s can't be written (%v), so a new token could not be kept. "+
		"Make it writable for this user and see that the disk isn't full, or set token_dir (BITBUCKET_TOKEN_DIR) to another folder", s.dir, cause)
}
