// Package replicatest tests destinations of copies: random runs are done with the destination and with a simple model of
// it, and readers must see the same rows in both.
package replicatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
)

// A Run is all that a run does to a destination.
type Run struct {
	Run     replica.Run
	Batches []Batch
	Changes []replica.Change
	State   json.RawMessage
}

// A Batch is rows that are staged together.
type Batch struct {
	Table replica.Table
	Rows  [][]any
}

// progress is what a run keeps with the batches that it has staged.
type progress struct {
	Run    string `json:"run"`
	Staged int    `json:"staged"`
}

// Do does the run as the engine does: it opens the destination, goes on from what is staged, publishes, and closes. If the
// run was published already, it returns no counts. If stop is not negative, it stages at most so many batches, and gives up.
func (r *Run) Do(ctx context.Context, d replica.Destination, stop int) (counts map[string]replica.Counts, err error) {
	defer func() { err = errors.Join(err, d.Close()) }()
	record, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	if record.Last != nil && record.Last.ID == r.Run.ID {
		return nil, nil
	}
	at := progress{Run: r.Run.ID}
	if record.Progress != nil {
		if err := json.Unmarshal(record.Progress, &at); err != nil {
			return nil, fmt.Errorf("progress %s: %w", record.Progress, err)
		}
		if at.Run != r.Run.ID {
			if err := d.Discard(ctx); err != nil {
				return nil, err
			}
			at = progress{Run: r.Run.ID}
		}
	}
	for at.Staged < len(r.Batches) && (stop < 0 || at.Staged < stop) {
		b := r.Batches[at.Staged]
		at.Staged++
		if err := d.Stage(ctx, replica.Batch{Table: b.Table, Rows: Seq(b.Rows, nil)}, at.json); err != nil {
			return nil, err
		}
	}
	if stop >= 0 {
		return nil, nil
	}
	return d.Publish(ctx, r.Run, r.Changes, r.State)
}

func (p progress) json() (json.RawMessage, error) { return json.Marshal(p) }

// Progress returns a progress to stage a batch with.
func Progress(text string) func() (json.RawMessage, error) {
	return func() (json.RawMessage, error) { return json.RawMessage(text), nil }
}

// Seq returns the rows one after the other in one slice, as sources do, and then the error if there is one.
func Seq(rows [][]any, err error) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		var reused []any
		for _, row := range rows {
			reused = append(reused[:0], row...)
			if !yield(reused, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}
