package bitbucket

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
)

// Some hosts link the plugin and run it without our Server: the standalone wrapper for PostgreSQL, the extension for SQLite,
// and export. They read the rows from the SDK's local stream, to whose reader the end that an error makes is the end of the
// rows, but for a reader that has had none yet. So there a scan's rows are kept until it has succeeded, and an error comes
// before the first.

// listKept is what table.list is in such a host.
func (t *table) listKept(ctx context.Context, d *plugin.QueryData) error {
	rows := &keptRows{}
	defer rows.close()
	scanning, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	_, err := t.stream(scanning, d, func(values rowValues) {
		if err := rows.add(values); err != nil {
			stop(err)
		}
	})
	if cause := context.Cause(scanning); cause != nil {
		err = cause
	}
	if err != nil && ctx.Err() == nil {
		awaitReader(ctx)
		return &lastWord{message: fmt.Sprintf("%s: %v", d.Connection.Name, err)}
	}
	for values, err := range rows.all() {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
		d.StreamListItem(ctx, values)
	}
	return ctx.Err()
}

// awaitReader gives what stands between a scan and its reader time to wait for the first row: what waits can't miss an error.
// Of a process that was kept from running all timers end at once, so it is not one long wait.
func awaitReader(ctx context.Context) {
	for range 5 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// A lastWord is the error of a scan, before which there was no row. The SDK's Execute sends the end of the rows before it
// returns the error, and a reader that is awake in between takes the one and never sees the other. But before that it asks
// whether the error is a cancellation, and answers a panic by its value: so the error gets there, and no end of rows. The
// first who asks so is not Execute, but what takes the error from the scan.
type lastWord struct {
	message string
	asked   atomic.Int32
}

func (w *lastWord) Error() string { return w.message }

func (w *lastWord) Is(target error) bool {
	if target == context.Canceled && w.asked.Add(1) > 1 {
		panic(w)
	}
	return false
}

// keptInMemory is how much of what is kept of a scan stays in memory, in bytes. The rest goes to a temporary file.
var keptInMemory = 4 << 20 // a variable for tests

// keptRows are the rows of a scan, in their order.
type keptRows struct {
	rows   *gob.Encoder
	n      int
	memory bytes.Buffer
	file   *os.File // for what comes after memory is full, or nil
	out    *bufio.Writer
	named  bool // the file could not be removed while it is open
}

// A cell is a value of a row: gob takes nil in a field, and not in a list.
type cell struct{ Value any }

func init() { gob.Register(time.Time{}) }

// add keeps a row.
func (k *keptRows) add(values rowValues) error {
	if k.rows == nil {
		k.rows = gob.NewEncoder(k)
	}
	cells := make([]cell, len(values))
	for i, v := range values {
		cells[i].Value = v
	}
	k.n++
	return k.rows.Encode(cells)
}

// Write keeps what the encoder makes of rows.
func (k *keptRows) Write(p []byte) (int, error) {
	if k.file == nil && k.memory.Len()+len(p) <= keptInMemory {
		return k.memory.Write(p)
	}
	if k.file == nil {
		file, err := os.CreateTemp("", pluginName+"-")
		if err != nil {
			return 0, keepError(err)
		}
		// Nobody needs its name. Without one it is gone once it is closed, or the process ends, however that does.
		k.named = os.Remove(file.Name()) != nil
		k.file, k.out = file, bufio.NewWriter(file)
	}
	n, err := k.out.Write(p)
	if err != nil {
		err = keepError(err)
	}
	return n, err
}

func keepError(err error) error {
	return fmt.Errorf("the rows of a large scan are kept in a temporary file until all are there, and that failed (TMPDIR says where it is): %w", err)
}

// all reads the rows, once.
func (k *keptRows) all() iter.Seq2[rowValues, error] {
	return func(yield func(rowValues, error) bool) {
		from := io.Reader(&k.memory)
		if k.file != nil {
			if err := k.rewind(); err != nil {
				yield(nil, keepError(err))
				return
			}
			from = io.MultiReader(from, bufio.NewReader(k.file))
		}
		rows := gob.NewDecoder(from)
		for range k.n {
			var cells []cell
			if err := rows.Decode(&cells); err != nil {
				yield(nil, keepError(err))
				return
			}
			values := make(rowValues, len(cells))
			for i, c := range cells {
				values[i] = c.Value
			}
			if !yield(values, nil) {
				return
			}
		}
	}
}

func (k *keptRows) rewind() error {
	if err := k.out.Flush(); err != nil {
		return err
	}
	_, err := k.file.Seek(0, io.SeekStart)
	return err
}

func (k *keptRows) close() {
	if k.file == nil {
		return
	}
	k.file.Close()
	if k.named {
		os.Remove(k.file.Name())
	}
}
