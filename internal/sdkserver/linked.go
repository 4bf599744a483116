package sdkserver

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
)

// Some hosts link the plugin and run it without our Server: the standalone wrapper for PostgreSQL, the extension for SQLite,
// and export. They read the rows from the SDK's local stream, to whose reader the end that an error makes is the end of the
// rows, but for a reader that has had none yet. So there a scan's rows are kept until it has succeeded, and an error comes
// before the first.

// listKept is List in such a host.
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
