package parquetfiles

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"golang.org/x/sync/errgroup"
)

// atOnce is how many files are moved or deleted at the same time.
const atOnce = 16

// Publish makes the changes visible.
//
// Everything is written where nobody looks, then the journal, and only then files are moved to their places. The manifest
// decides: without it, the journal says what has to go again.
func (d *destination) Publish(ctx context.Context, run replica.Run, changes []replica.Change, state json.RawMessage) (
	map[string]replica.Counts, error) {
	if err := d.usable(); err != nil {
		return nil, err
	}
	if run.ID == "" || run.ID == d.manifest.Run.ID {
		return nil, fmt.Errorf("a run needs an id of its own, and %q is none", run.ID)
	}
	ctx, done := d.lock.during(ctx)
	defer done()
	next := &manifest{Format: format, Run: run, Tables: slices.Clone(d.manifest.Tables), State: state}
	counts, files, err := d.build(ctx, next, changes)
	if err != nil {
		return nil, because(ctx, err)
	}
	old := d.replacedBy(next)
	if err := d.arrange(ctx, journal{run.ID, files, old}); err != nil {
		// What was moved is seen by those who don't read the manifest, so it has to go, if possible at once.
		d.retreat(ctx)
		return nil, because(ctx, err)
	}
	if err := d.store.writeJSON(ctx, manifestFile, next); err != nil {
		d.unsure = because(ctx, err)
		return nil, d.unsure
	}
	d.manifest, d.progress = next, progress{After: run.ID}
	// The run is published whether this succeeds or not; the next one would do it.
	if d.undo(ctx) == nil && d.store.remove(ctx, progressFile) == nil {
		_ = d.sweep(ctx)
	}
	return counts, nil
}

// retreat removes what was moved, unless another run may have the place by now: that one would do it.
func (d *destination) retreat(ctx context.Context) {
	if d.lock.lost.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	ctx, done := d.lock.during(ctx)
	defer done()
	_ = d.undo(ctx)
}

// build writes the new files of the tables.
func (d *destination) build(ctx context.Context, next *manifest, changes []replica.Change) (map[string]replica.Counts, []string, error) {
	staged, err := d.stagedFiles(ctx)
	if err != nil {
		return nil, nil, err
	}
	counts := map[string]replica.Counts{}
	var files []string
	for _, change := range changes {
		name := change.Table.Name
		if _, isTwice := counts[name]; isTwice {
			return nil, nil, fmt.Errorf("table %s changes twice", name)
		}
		m := d.newMerge(ctx, next.Run, change, staged[name])
		t, paths, err := m.merge()
		if err != nil {
			return nil, nil, fmt.Errorf("cannot publish %s: %w", name, err)
		}
		next.set(t)
		files = append(files, paths...)
		counts[name] = m.counts
	}
	return counts, files, nil
}

func (d *destination) newMerge(ctx context.Context, run replica.Run, change replica.Change, staged []dataFile) *merge {
	m := &merge{ctx: ctx, store: d.store, last: d.manifest.Run, run: run, change: change, staged: staged, new: tableOf(change.Table)}
	if known := d.manifest.table(change.Table.Name); known != nil {
		m.old = *known
	}
	metadata := map[string]string{"version": run.Version, "run": run.ID, "run_started_at": run.StartedAt.UTC().Format(time.RFC3339)}
	m.current = d.store.newWriter(ctx, &m.new, metadata, built, func(n int) string {
		return fmt.Sprintf("%s/%s-%d.parquet", m.new.Name, run.ID, n)
	})
	m.ended = d.store.newWriter(ctx, &m.new, metadata, built, func(n int) string {
		return fmt.Sprintf("%s%s-%d.parquet", folderOfEnded(m.new.Name, run), run.ID, n)
	})
	return m
}

// arrange moves the new files to their places.
func (d *destination) arrange(ctx context.Context, j journal) error {
	if err := d.store.writeJSON(ctx, journalFile, j); err != nil {
		return err
	}
	moves, ctx := errgroup.WithContext(ctx)
	moves.SetLimit(atOnce)
	for _, name := range j.New {
		moves.Go(func() error { return d.store.move(ctx, built+name, name) })
	}
	return moves.Wait()
}

// replacedBy returns the files that are no longer named.
func (d *destination) replacedBy(next *manifest) []string {
	named := next.files()
	var old []string
	for name := range d.manifest.files() {
		if !named[name] {
			old = append(old, name)
		}
	}
	slices.Sort(old)
	return old
}

// removeAll deletes files.
func (s *store) removeAll(ctx context.Context, names []string) error {
	removals, ctx := errgroup.WithContext(ctx)
	removals.SetLimit(atOnce)
	for _, name := range names {
		removals.Go(func() error { return s.remove(ctx, name) })
	}
	return removals.Wait()
}
