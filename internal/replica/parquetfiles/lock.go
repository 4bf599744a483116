package parquetfiles

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// locks is where runs say that they are there: in the file with the next free number.
const locks = "_lock/"

// lease is how long a run has the destination after it last said so. Tests change it.
var lease = time.Minute

// errLost is why a run stops that could not say in time that it is there.
var errLost = errors.New("the destination could not be reached for too long, and another run may have it now")

// A holder is who has a lock.
type holder struct {
	ID      string    `json:"id"`
	Host    string    `json:"host"`
	Process int       `json:"process"`
	Since   time.Time `json:"since"`
}

// held are the ids of the locks that this process has.
var held sync.Map

// A lock is one that this process has.
type lock struct {
	store  *store
	name   string
	holder holder
	guard  *flock.Flock // of a folder, where no other machine can take part in creating a file if there is none
	lost   context.Context
	stop   context.CancelCauseFunc
	done   chan struct{}
}

// take takes the lock, or returns a *replica.BusyError.
//
// A file is created only if there is none, and then nobody else's may be there, except those of the dead. So of two runs
// that find the same dead one, at most one goes on. Ages are compared by the clock of the store.
func take(ctx context.Context, s *store) (*lock, error) {
	host, _ := os.Hostname()
	l := &lock{store: s, done: make(chan struct{}), holder: holder{rand.Text(), host, os.Getpid(), time.Now().UTC().Truncate(time.Second)}}
	if err := l.takeGuard(ctx); err != nil {
		return nil, err
	}
	if err := l.create(ctx); err != nil {
		return nil, errors.Join(err, l.leave())
	}
	held.Store(l.holder.ID, true)
	if err := l.prevail(ctx); err != nil {
		_ = s.remove(ctx, l.name)
		return nil, errors.Join(err, l.leave())
	}
	l.lost, l.stop = context.WithCancelCause(context.Background())
	go l.keep()
	return l, nil
}

func (l *lock) takeGuard(ctx context.Context) error {
	if l.store.dir == "" {
		return nil
	}
	file := l.store.path(locks + "guard")
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return l.store.failed("write", locks+"guard", err)
	}
	l.guard = flock.New(file)
	isMine, err := l.guard.TryLock()
	if err != nil {
		return l.store.failed("lock", locks+"guard", err)
	}
	if isMine {
		return nil
	}
	files, err := l.files(ctx)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return &replica.BusyError{Destination: l.store.name, Holder: "a process on this machine"}
	}
	return l.busy(ctx, files[0].Key)
}

// create writes the file of this lock.
func (l *lock) create(ctx context.Context) error {
	files, err := l.files(ctx)
	if err != nil {
		return err
	}
	last := 0
	for _, f := range files {
		last = max(last, lockNumber(f.Key))
	}
	l.name = fmt.Sprintf("%s%d.json", locks, last+1)
	err = l.write(ctx, &blob.WriterOptions{IfNotExist: true, ContentType: "application/json"})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition {
		return l.busy(ctx, l.name)
	}
	return err
}

func (l *lock) write(ctx context.Context, options *blob.WriterOptions) error {
	if err := l.store.allowed("write", l.name); err != nil {
		return err
	}
	data, err := json.Marshal(l.holder)
	if err != nil {
		return err
	}
	if err := l.store.bucket.WriteAll(ctx, l.name, data, options); err != nil {
		return l.store.failed("write", l.name, err)
	}
	return nil
}

// prevail removes the locks of the dead. It fails if somebody is alive.
func (l *lock) prevail(ctx context.Context) error {
	files, err := l.files(ctx)
	if err != nil {
		return err
	}
	mine := slices.IndexFunc(files, func(f *blob.ListObject) bool { return f.Key == l.name })
	if mine < 0 {
		return l.store.failed("list", locks, errors.New("a file that was just written is not there"))
	}
	now := files[mine].ModTime
	for _, f := range slices.Delete(files, mine, mine+1) {
		isDead, err := l.isDead(ctx, f, now)
		if err != nil {
			return err
		}
		if !isDead {
			return l.busy(ctx, f.Key)
		}
		if err := l.store.remove(ctx, f.Key); err != nil {
			return err
		}
	}
	return nil
}

func (l *lock) isDead(ctx context.Context, f *blob.ListObject, now time.Time) (bool, error) {
	if now.Sub(f.ModTime) > lease {
		return true, nil
	}
	other, err := l.read(ctx, f.Key)
	if err != nil || other.Host != l.holder.Host {
		return false, err
	}
	if other.Process == os.Getpid() {
		_, isHeld := held.Load(other.ID)
		return !isHeld, nil
	}
	return l.guard != nil || !isAlive(other.Process), nil
}

// busy returns the error that says whose file it is.
func (l *lock) busy(ctx context.Context, file string) error {
	other, err := l.read(ctx, file)
	if err != nil {
		return err
	}
	who := "a process that has just ended"
	if other.ID != "" {
		who = fmt.Sprintf("process %d on %s", other.Process, other.Host)
	}
	return &replica.BusyError{Destination: l.store.name, Holder: who, Since: other.Since}
}

func (l *lock) read(ctx context.Context, file string) (holder, error) {
	var h holder
	data, err := l.store.read(ctx, file)
	if err != nil || data == nil {
		return h, err
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return h, fmt.Errorf("cannot understand %s in %s: %w. If no run is active, delete it", file, l.store.name, err)
	}
	return h, nil
}

func (l *lock) files(ctx context.Context) ([]*blob.ListObject, error) {
	var files []*blob.ListObject
	for f, err := range l.store.list(ctx, locks) {
		if err != nil {
			return nil, err
		}
		if lockNumber(f.Key) > 0 {
			files = append(files, f)
		}
	}
	return files, nil
}

// lockNumber returns the number of a lock's file, and 0 for other files.
func lockNumber(file string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(file, locks), ".json"))
	return n
}

// keep says again and again that this run is there. If that was not possible for the time of the lease, the run has lost
// the lock.
func (l *lock) keep() {
	defer close(l.done)
	ticker := time.NewTicker(lease / 4)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-l.lost.Done():
			return
		case now := <-ticker.C:
			ctx, cancel := context.WithDeadline(l.lost, last.Add(lease))
			if l.renew(ctx) == nil {
				last = now
			}
			cancel()
			// Without its monotonic part, a time also counts while the machine sleeps.
			if time.Now().Round(0).Sub(last.Round(0)) >= lease {
				l.stop(errLost)
			}
		}
	}
}

// renew writes the file again. It does not create it: who has removed it has the lock.
func (l *lock) renew(ctx context.Context) error {
	isThere, err := l.store.bucket.Exists(ctx, l.name)
	if err != nil {
		return err
	}
	if !isThere {
		l.stop(errLost)
		return errLost
	}
	return l.write(ctx, nil)
}

// during returns a context that ends with the lock.
func (l *lock) during(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.lost, func() { cancel(context.Cause(l.lost)) })
	return ctx, func() { stop(); cancel(nil) }
}

// release gives the lock back.
func (l *lock) release() error {
	isLost := l.lost.Err() != nil
	l.stop(nil)
	<-l.done
	var err error
	if !isLost {
		ctx, cancel := context.WithTimeout(context.Background(), lease)
		defer cancel()
		err = l.store.remove(ctx, l.name)
	}
	return errors.Join(err, l.leave())
}

// leave lets go of what this process has of the lock.
func (l *lock) leave() error {
	held.Delete(l.holder.ID)
	if l.guard == nil {
		return nil
	}
	return l.guard.Close()
}
