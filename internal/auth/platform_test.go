package auth

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
)

// likeWindows is a platform that treats this machine's files like Windows: an open file can't be replaced, a locked file can't
// be read, folders can't be synced, and access is in lists.
type likeWindows struct {
	platform // this machine's, for the methods that are not below

	mu     sync.Mutex        // guards all below
	opened map[string]int    // how many times each file is open
	owners map[string]string // the owners of files, as in messages, unless it is the process's user
	lists  map[string]string // who else can access files and folders
}

var errInUse = errors.New("the file is being used by another process")

func newLikeWindows() *likeWindows {
	return &likeWindows{platform: native, opened: map[string]int{}, owners: map[string]string{}, lists: map[string]string{}}
}

// An openFile counts as open until it is closed.
type openFile struct {
	*os.File
	closed func()
}

func (f openFile) Close() error {
	f.closed()
	return f.File.Close()
}

func (w *likeWindows) hold(f *os.File) openFile {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened[f.Name()]++
	return openFile{f, sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.opened[f.Name()]--
	})}
}

func (w *likeWindows) create(path string) (pendingFile, error) {
	f, err := w.platform.create(path)
	if err != nil {
		return nil, err
	}
	return w.hold(f.(*os.File)), nil
}

func (w *likeWindows) open(path string) (io.ReadCloser, error) {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	if free, err := lock.TryRLock(); err != nil {
		return nil, err
	} else if !free {
		return nil, errInUse
	}
	defer lock.Unlock()
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return w.hold(f), nil
}

func (w *likeWindows) replace(from, to string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.opened[from] > 0 || w.opened[to] > 0 {
		return errInUse
	}
	return w.platform.replace(from, to)
}

func (w *likeWindows) syncDir(string) error { return nil }

func (w *likeWindows) isBusy(err error) bool { return errors.Is(err, errInUse) }

func (w *likeWindows) foreign(path string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.owners[path], nil
}

func (w *likeWindows) openTo(path string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lists[path], nil
}

func (w *likeWindows) writableBy(dir string) (string, error) { return w.openTo(dir) }

func (w *likeWindows) closeToOthers(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.lists, path)
	return nil
}

// storeLikeWindows returns the store of a login with a record in it, its platform and its log.
func storeLikeWindows(t *testing.T) (*store, *likeWindows, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s, err := newStore(t.TempDir(), Consumer{Key: testKey, Secret: NewSecret(testSecret), Logger: hclog.New(&hclog.LoggerOptions{Output: &log})}, Secret{})
	if err != nil {
		t.Fatal(err)
	}
	windows := newLikeWindows()
	s.platform = windows
	if err := s.write(recordOf("first")); err != nil {
		t.Fatal(err)
	}
	return s, windows, &log
}

func recordOf(refreshToken string) record {
	now := time.Now().UTC()
	return startRecord(Token{AccessToken: NewSecret("access-token-1"), RefreshToken: NewSecret(refreshToken), ObtainedAt: now, Expiry: now.Add(time.Hour)})
}

// wantKept fails the test unless the store reads this refresh token and has no other files except locks.
func wantKept(t *testing.T, s *store, refreshToken string) {
	t.Helper()
	if rec, err := s.read(); err != nil || rec.RefreshToken.reveal() != refreshToken {
		t.Errorf("another token than %s in the file, or %v", refreshToken, err)
	}
	if diff := cmp.Diff([]string{filepath.Base(s.path())}, fileNames(t, s.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestReplacementWaitsForWhoHasTheFileOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, windows, _ := storeLikeWindows(t)
		reader, err := windows.open(s.path())
		if err != nil {
			t.Fatal(err)
		}
		written := make(chan error, 1)
		go func() { written <- s.write(recordOf("second")) }()
		time.Sleep((busyTries - 2) * busyPause)
		select {
		case err := <-written:
			t.Fatalf("written while the file was open: %v", err)
		default:
		}
		reader.Close()
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		wantKept(t, s, "second")
	})
}

func TestReplacementGivesUpOnAFileThatStaysOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, windows, _ := storeLikeWindows(t)
		reader, err := windows.open(s.path())
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		begin := time.Now()
		wantError(t, s.write(recordOf("second")), KindStorage, errInUse.Error(), "token_dir")
		if took, want := time.Since(begin), (busyTries-1)*busyPause; took != want {
			t.Errorf("gave up after %s, want %s", took, want)
		}
		wantKept(t, s, "first")
		if _, err := s.setAside(time.Now()); err == nil {
			t.Error("an open file was set aside")
		}
	})
}

// A file with a lock like on Windows can't be read. So the lock must not be on the token file.
func TestReadingWaitsForALockOnTheFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := storeLikeWindows(t)
		unlock, err := s.lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantKept(t, s, "first")
		unlock()
		other := flock.New(s.path())
		if locked, err := other.TryLock(); err != nil || !locked {
			t.Fatal(locked, err)
		}
		_, err = s.read()
		wantError(t, err, KindStorage, errInUse.Error())
		go func() {
			time.Sleep(busyPause)
			other.Unlock()
		}()
		wantKept(t, s, "first")
	})
}

func TestOwnersAndListsOfAccess(t *testing.T) {
	t.Parallel()
	s, windows, log := storeLikeWindows(t)
	windows.lists[s.dir], windows.lists[s.path()] = `BUILTIN\Users`, `PC\guest`
	unlock, err := s.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	wantKept(t, s, "first")
	for _, text := range []string{"folder can be written by others", `BUILTIN\Users`, "closed to them now", `PC\guest`} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("log %q lacks %q", log, text)
		}
	}
	if whom, _ := windows.openTo(s.path()); whom != "" {
		t.Errorf("the file is still open to %s", whom)
	}

	windows.owners[s.path()] = `PC\bob, this process runs as PC\alice`
	_, err = s.read()
	_, lockErr := s.lock(t.Context())
	for _, err := range []error{err, lockErr} {
		wantError(t, err, KindStorage, "belongs to another user", `PC\bob`, `PC\alice`, "token_dir")
	}
	delete(windows.owners, s.path())
	wantKept(t, s, "first")
	unlock, err = s.lock(t.Context())
	if err != nil {
		t.Fatalf("the lock was kept after a refusal: %v", err)
	}
	unlock()
}

// While the token file is replaced, it may seem to be missing. That must not end a login.
func TestFileThatIsMissingForAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, windows, _ := storeLikeWindows(t)
		unlock, err := s.lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		away := filepath.Join(t.TempDir(), "away")
		if err := os.Rename(s.path(), away); err != nil {
			t.Fatal(err)
		}
		chain, err := OpenChain(s.dir, Consumer{Key: testKey, Secret: NewSecret(testSecret)}, Secret{}) // sends no request
		if err != nil {
			t.Fatal(err)
		}
		chain.store.platform = windows
		answered := make(chan error, 1)
		go func() {
			_, err := chain.Authorization(t.Context())
			answered <- err
		}()
		synctest.Wait()
		select {
		case err := <-answered:
			t.Fatalf("answered while the file was being replaced: %v", err)
		default:
		}
		if err := os.Rename(away, s.path()); err != nil {
			t.Fatal(err)
		}
		unlock()
		if err := <-answered; err != nil {
			t.Error(err)
		}
	})
}
