package parquetfiles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/parquet-go/parquet-go"
)

// A destination is a place for files, and a run that has it.
type destination struct {
	store    *store
	lock     *lock
	manifest *manifest
	progress progress
	// unsure is the error after which it is not known what the store has. The next run finds out.
	unsure error
}

var errClosed = errors.New("the destination is not open")

// Open takes the place.
func (d *destination) Open(ctx context.Context) (replica.Record, error) {
	l, err := take(ctx, d.store)
	if err != nil {
		return replica.Record{}, err
	}
	d.lock, d.unsure = l, nil
	ctx, done := l.during(ctx)
	defer done()
	if err := d.settle(ctx); err != nil {
		return replica.Record{}, errors.Join(because(ctx, err), d.Close())
	}
	record := replica.Record{State: d.manifest.State, Progress: d.progress.State}
	if d.manifest.Run.ID != "" {
		record.Last = &d.manifest.Run
	}
	return record, nil
}

// settle finds out what is there, and removes what runs left that did not get to their ends.
func (d *destination) settle(ctx context.Context) error {
	var err error
	if d.manifest, err = d.store.manifest(ctx); err != nil {
		return err
	}
	if err := d.undo(ctx); err != nil {
		return err
	}
	d.progress = progress{}
	isThere, err := d.store.readJSON(ctx, progressFile, &d.progress)
	if err != nil {
		return err
	}
	if !isThere || d.progress.After != d.manifest.Run.ID {
		d.progress = progress{After: d.manifest.Run.ID}
		if err := d.store.remove(ctx, progressFile); err != nil {
			return err
		}
	}
	return d.sweep(ctx)
}

// undo removes the files that a run moved to their places before it was stopped, or those that it replaced.
func (d *destination) undo(ctx context.Context) error {
	var j journal
	isThere, err := d.store.readJSON(ctx, journalFile, &j)
	if err != nil || !isThere {
		return err
	}
	files := j.New
	if d.manifest.Run.ID == j.Run {
		files = j.Old
	}
	named := d.manifest.files()
	files = slices.DeleteFunc(files, func(f string) bool { return named[f] })
	if err := d.store.removeAll(ctx, files); err != nil {
		return err
	}
	return d.store.remove(ctx, journalFile)
}

// sweep removes what is in the way of staging but was not staged.
func (d *destination) sweep(ctx context.Context) error {
	var rubbish []string
	for f, err := range d.store.list(ctx, staging) {
		if err != nil {
			return err
		}
		if _, number := stagedFile(f.Key); f.Key != progressFile && (number == 0 || number > d.progress.Staged) {
			rubbish = append(rubbish, f.Key)
		}
	}
	return d.store.removeAll(ctx, rubbish)
}

// stagedFile returns the table of a staged file, and its number; 0 if it is none.
func stagedFile(name string) (string, int) {
	base, isParquet := strings.CutSuffix(strings.TrimPrefix(name, staging), ".parquet")
	i := strings.LastIndex(base, "-")
	if !isParquet || i < 0 || strings.Contains(base, "/") {
		return "", 0
	}
	number, _ := strconv.Atoi(base[i+1:])
	return base[:i], number
}

// Current returns the current rows of a table.
func (d *destination) Current(ctx context.Context, t replica.Table, columns []string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		if d.lock == nil {
			yield(nil, errClosed)
			return
		}
		known := d.manifest.table(t.Name)
		if known == nil {
			return
		}
		wanted := make([]column, len(columns))
		for i, name := range columns {
			wanted[i] = column{Name: name}
			if place := slices.IndexFunc(known.Columns, func(c column) bool { return c.Name == name }); place >= 0 {
				wanted[i] = known.Columns[place]
			}
		}
		ctx, done := d.lock.during(ctx)
		defer done()
		for _, f := range known.Files {
			if !yieldRows(ctx, d.store, f, wanted, yield) {
				return
			}
		}
	}
}

// yieldRows yields the rows of a file. It says whether more are wanted.
func yieldRows(ctx context.Context, s *store, f dataFile, columns []column, yield func([]any, error) bool) bool {
	r, err := s.openFile(ctx, f.Path, f.Bytes, columns)
	if err != nil {
		yield(nil, because(ctx, err))
		return false
	}
	row := make([]any, len(columns))
	for b, err := range r.batches() {
		if err != nil {
			yield(nil, because(ctx, err))
			return false
		}
		values, err := b.all()
		if err != nil {
			yield(nil, because(ctx, err))
			return false
		}
		for n := range b.rows {
			for i := range row {
				row[i] = goValue(columns[i], values[i][n])
			}
			if !yield(row, nil) {
				return false
			}
		}
	}
	return true
}

// Stage keeps a batch and the progress.
func (d *destination) Stage(ctx context.Context, b replica.Batch, runs func() (json.RawMessage, error)) error {
	if err := d.usable(); err != nil {
		return err
	}
	ctx, done := d.lock.during(ctx)
	defer done()
	number, err := d.stageRows(ctx, b)
	if err != nil {
		return because(ctx, err)
	}
	state, err := runs()
	if err != nil {
		return err
	}
	next := progress{After: d.manifest.Run.ID, Staged: number, State: state}
	if err := d.store.writeJSON(ctx, progressFile, next); err != nil {
		d.unsure = because(ctx, err)
		return d.unsure
	}
	d.progress = next
	return nil
}

// stageRows writes the files of a batch, and returns the number of the last one.
func (d *destination) stageRows(ctx context.Context, b replica.Batch) (int, error) {
	own := b.Table
	own.HasHistory = false
	t := tableOf(own)
	w := d.store.newWriter(ctx, &t, nil, "", func(n int) string {
		return fmt.Sprintf("%s%s-%d.parquet", staging, t.Name, d.progress.Staged+n)
	})
	defer w.abort()
	values := make([]parquet.Value, len(t.Columns))
	for row, err := range b.Rows {
		if err != nil {
			return 0, err
		}
		if len(row) != len(values) {
			return 0, fmt.Errorf("a row of %s has %d values, and the table has %d columns", t.Name, len(row), len(values))
		}
		for i, v := range row {
			if values[i], err = valueOf(t.Columns[i], v); err != nil {
				return 0, fmt.Errorf("cannot copy a row of %s: %w", t.Name, err)
			}
		}
		if err := w.write(values); err != nil {
			return 0, err
		}
	}
	return d.progress.Staged + len(w.files), w.end()
}

// Discard drops what is staged.
func (d *destination) Discard(ctx context.Context) error {
	if err := d.usable(); err != nil {
		return err
	}
	ctx, done := d.lock.during(ctx)
	defer done()
	if err := d.store.remove(ctx, progressFile); err != nil {
		return because(ctx, err)
	}
	d.progress = progress{After: d.manifest.Run.ID}
	return because(ctx, d.sweep(ctx))
}

// Close gives the place back.
func (d *destination) Close() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.release()
	d.lock = nil
	return err
}

func (d *destination) usable() error {
	if d.lock == nil {
		return errClosed
	}
	return errors.Join(context.Cause(d.lock.lost), d.unsure)
}

// because returns why a context ended, if that is what an error comes from.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}

// stagedFiles returns what is staged, by table, in the order of staging.
func (d *destination) stagedFiles(ctx context.Context) (map[string][]dataFile, error) {
	type numbered struct {
		dataFile
		number int
	}
	byTable := map[string][]numbered{}
	for f, err := range d.store.list(ctx, staging) {
		if err != nil {
			return nil, err
		}
		if name, number := stagedFile(f.Key); number > 0 && number <= d.progress.Staged {
			byTable[name] = append(byTable[name], numbered{dataFile{Path: f.Key, Bytes: f.Size}, number})
		}
	}
	files := map[string][]dataFile{}
	for name, list := range byTable {
		slices.SortFunc(list, func(a, b numbered) int { return a.number - b.number })
		for _, f := range list {
			files[name] = append(files[name], f.dataFile)
		}
	}
	return files, nil
}
