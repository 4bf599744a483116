package sdkserver

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
)

// Some hosts link the plugin and run it without our Server: the standalone wrapper for PostgreSQL, the extension for
// SQLite, and export. They read the rows from the SDK's local stream. Its reader treats an error as the end of the
// rows, unless it has had no row yet. So a scan's rows are kept until it has succeeded, and an error comes before the
// first row.

// listKept runs List in such a host.
func listKept(ctx context.Context, d *plugin.QueryData, rows *keptRows, read Reader) error {
	defer rows.close()
	scanning, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err := read(scanning, func(values Row) {
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

// awaitReader gives the reader of a scan time to wait for the first row: a waiting reader can't miss an error. It makes
// many short waits, because all timers of a suspended process end at once.
func awaitReader(ctx context.Context) {
	for range 5 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// A lastWord is the error of a scan without rows. The SDK's Execute signals the end of the rows before it returns the
// error, and a reader that is awake in between never sees the error. But first it asks whether the error is a
// cancellation, and returns the value of a panic: so the error arrives without an end of rows. The first caller that
// asks is not Execute, but the code that takes the error from the scan.
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
