package parquetfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// A store is a folder, or what an object store has under a prefix. Nothing that is written there is seen before all of it is.
type store struct {
	bucket *blob.Bucket
	dir    string // of a folder; empty for an object store
	name   string // as people know it, without credentials
	// fault is asked before anything is changed. It is nil but in tests.
	fault func(operation, name string) error
}

// A pendingFile is one that is being written.
type pendingFile struct {
	*blob.Writer
	store *store
	name  string
	stop  context.CancelFunc
}

// create begins a file. It is there after close, and not after abort.
func (s *store) create(ctx context.Context, name string) (*pendingFile, error) {
	if err := s.allowed("write", name); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	w, err := s.bucket.NewWriter(ctx, name, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		stop()
		return nil, s.failed("write", name, err)
	}
	return &pendingFile{Writer: w, store: s, name: name, stop: stop}, nil
}

// close ends the file. If it returns no error, the file survives a loss of power.
func (f *pendingFile) close() error {
	defer f.stop()
	if err := f.Close(); err != nil {
		return f.store.failed("write", f.name, err)
	}
	return f.store.sync(f.name)
}

// abort drops the file.
func (f *pendingFile) abort() {
	f.stop()
	_ = f.Close()
}

// replace writes a file in one step, whether there is one or not.
func (s *store) replace(ctx context.Context, name string, data []byte) error {
	target := name
	if s.dir != "" {
		target = staging + path.Base(name) + ".new"
	}
	f, err := s.create(ctx, target)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.abort()
		return s.failed("write", name, err)
	}
	if err := f.close(); err != nil || target == name {
		return err
	}
	return s.move(ctx, target, name)
}

// move gives a file another name. In a folder that takes no space, and no time.
func (s *store) move(ctx context.Context, from, to string) error {
	if err := s.allowed("move", to); err != nil {
		return err
	}
	if s.dir == "" {
		if err := s.bucket.Copy(ctx, to, from, nil); err != nil {
			return s.failed("write", to, err)
		}
		return nil
	}
	target := s.path(to)
	if err := errors.Join(ctx.Err(), os.MkdirAll(filepath.Dir(target), 0o777)); err != nil {
		return s.failed("write", to, err)
	}
	if err := os.Rename(s.path(from), target); err != nil {
		return s.failed("write", to, err)
	}
	return s.sync(path.Dir(to))
}

// remove deletes a file. It is no error if there is none.
func (s *store) remove(ctx context.Context, name string) error {
	if err := s.allowed("delete", name); err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, name); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return s.failed("delete", name, err)
	}
	return nil
}

// read returns what is in a small file, or nil if there is none.
func (s *store) read(ctx context.Context, name string) ([]byte, error) {
	data, err := s.bucket.ReadAll(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, s.failed("read", name, err)
	}
	return data, nil
}

// list returns the files with a prefix.
func (s *store) list(ctx context.Context, prefix string) iter.Seq2[*blob.ListObject, error] {
	return func(yield func(*blob.ListObject, error) bool) {
		for files := s.bucket.List(&blob.ListOptions{Prefix: prefix}); ; {
			object, err := files.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, s.failed("list", prefix, err))
				return
			}
			if !yield(object, nil) {
				return
			}
		}
	}
}

// A section reads parts of a file.
type section struct {
	ctx   context.Context
	store *store
	name  string
}

// ReadAt reads a part.
func (r section) ReadAt(p []byte, offset int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	part, err := r.store.bucket.NewRangeReader(r.ctx, r.name, offset, int64(len(p)), nil)
	if err != nil {
		return 0, r.store.failed("read", r.name, err)
	}
	defer part.Close()
	n, err := io.ReadFull(part, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

func (s *store) path(name string) string {
	return filepath.Join(s.dir, filepath.FromSlash(name))
}

// sync makes a file or a folder survive a loss of power. Object stores do so anyway, and Windows does for folders.
func (s *store) sync(name string) error {
	if s.dir == "" {
		return nil
	}
	info, err := os.Stat(s.path(name))
	if err != nil {
		return s.failed("write", name, err)
	}
	mode := os.O_RDWR
	if info.IsDir() {
		mode = os.O_RDONLY
	}
	f, err := os.OpenFile(s.path(name), mode, 0)
	if err != nil {
		return s.failed("write", name, err)
	}
	err = f.Sync()
	if info.IsDir() {
		err = nil
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return s.failed("write", name, err)
	}
	return nil
}

func (s *store) allowed(operation, name string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(operation, name)
}

// An accessError says what could not be done with which file, and what to do now.
type accessError struct {
	operation, file, store string
	err                    error
}

// query is the part of an address that may have a signature.
var query = regexp.MustCompile(`(https?://[^\s"?]*)\?[^\s"]*`)

// Error says what was tried, what went wrong, and what to do.
func (e *accessError) Error() string {
	return fmt.Sprintf("cannot %s %s in %s: %s. The last run that was published is still there. %s, and run sync again: "+
		"it goes on from here", e.operation, e.file, e.store, strings.TrimSuffix(query.ReplaceAllString(e.err.Error(), "$1"), "."), e.remedy())
}

// Unwrap returns the error of the store.
func (e *accessError) Unwrap() error { return e.err }

func (e *accessError) remedy() string {
	switch {
	case isFull(e.err):
		return "Free some space on the disk"
	case errors.Is(e.err, os.ErrPermission), gcerrors.Code(e.err) == gcerrors.PermissionDenied, status(e.err) == http.StatusForbidden:
		return "Check the credentials, and that they allow to read, write, list and delete there"
	default:
		return "Check that it can be reached"
	}
}

// status returns the HTTP status that an error of S3 has; 0 if it has none.
func status(err error) int {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

func (s *store) failed(operation, name string, err error) error {
	var known *accessError
	if errors.As(err, &known) {
		return err
	}
	return &accessError{operation, name, s.name, err}
}
