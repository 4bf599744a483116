package sdkserver

import (
	"cmp"
	"context"
	"sync"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A Row contains the values of a row in the order of the table's columns, with nil for columns that the query does not
// read. The SDK reads the values in one goroutine per row. Decoding there would make its small stack grow, so the row
// is decoded before.
type Row []any

// A Reader reads the rows of one scan and sends them. It ends when ctx ends.
type Reader func(ctx context.Context, send func(Row)) error

// Lists contains the common state of the lists of a plugin's tables.
type Lists struct {
	// KeptBytes limits the memory for the rows of a scan in a host that links the plugin. More rows go to a temporary
	// file. The default is 4 MiB.
	KeptBytes int

	mu    sync.Mutex
	calls map[*plugin.QueryContext]int // number of calls of List so far, by scan
}

// List is the Hydrate of a table's ListConfig: the only way by which the SDK gets the rows of a table and its errors.
// It converts a panic of the reader to an error.
func (l *Lists) List(ctx context.Context, d *plugin.QueryData, read Reader) error {
	if !l.isFirstOfSplit(d) {
		return nil
	}
	c, served := ctx.Value(callKey{}).(*call)
	if !served {
		return listKept(ctx, d, &keptRows{inMemory: cmp.Or(l.KeptBytes, 4<<20)}, read.recovering())
	}
	// The SDK gets the rows with its own context: a cancelled context would end its part of the scan first.
	scanning, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	sent := int64(0)
	err := read.recovering()(scanning, func(values Row) {
		d.StreamListItem(ctx, values)
		sent++
	})
	if err != nil {
		c.failed(d.Connection.Name, sent, err)
	}
	return err
}

// recovering returns a reader that converts panics to errors: a failed query instead of a dead process.
func (read Reader) recovering() Reader {
	return func(ctx context.Context, send func(Row)) error {
		return streams.Try(func() error { return read(ctx, send) })
	}
}

// isFirstOfSplit reports whether this is the first of the calls that the SDK makes for the values of an IN list. The
// first call reads the rows for all values, and the others do nothing: one request answers all, and LIMIT is counted
// correctly. With Server there is only one call.
func (l *Lists) isFirstOfSplit(d *plugin.QueryData) bool {
	lists := plugin.NewKeyColumnQualValueMap(d.QueryContext.UnsafeQuals, d.Table.List.KeyColumns).GetListQualValues()
	if len(lists) != 1 {
		return true // the SDK does not split two lists
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = map[*plugin.QueryContext]int{}
	}
	l.calls[d.QueryContext]++
	calls := l.calls[d.QueryContext]
	if calls == len(lists[0].Value.GetListValue().GetValues()) { // the last call
		delete(l.calls, d.QueryContext)
	}
	return calls == 1
}
