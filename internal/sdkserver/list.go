package sdkserver

import (
	"cmp"
	"context"
	"sync"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A Row is the values of a row in the order of the table's columns. For each row the SDK asks for all of them in a goroutine
// of its own, whose small stack decoding would make it copy: so that is done before. What the query does not read is nil.
type Row []any

// A Reader reads the rows of one scan and sends them. It ends when ctx does.
type Reader func(ctx context.Context, send func(Row)) error

// Lists are what the lists of a plugin's tables have in common.
type Lists struct {
	// KeptBytes is how many bytes of a scan's rows are kept in memory where a host links the plugin. More go to a temporary
	// file. The default is 4 MiB.
	KeptBytes int

	mu    sync.Mutex
	calls map[*plugin.QueryContext]int // of List for one scan, so far
}

// List is for the Hydrate of a table's ListConfig: the one way by which the SDK gets the rows of a table, and its errors. A
// panic of the reader is an error, too.
func (l *Lists) List(ctx context.Context, d *plugin.QueryData, read Reader) error {
	if !l.isFirstOfSplit(d) {
		return nil
	}
	c, served := ctx.Value(callKey{}).(*call)
	if !served {
		return listKept(ctx, d, &keptRows{inMemory: cmp.Or(l.KeptBytes, 4<<20)}, read.recovering())
	}
	// The rows go to the SDK under its own context: one that is cancelled would end its part of the scan before ours.
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

// recovering returns the reader whose panics are errors: a failed query instead of a dead process.
func (read Reader) recovering() Reader {
	return func(ctx context.Context, send func(Row)) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = streams.Recovered(r)
			}
		}()
		return read(ctx, send)
	}
}

// isFirstOfSplit reports whether this call, of those that the SDK makes for the values of an IN list, is the first. It
// reads the rows for all of them, and the others have nothing to do: so one request answers what many would, and LIMIT is
// counted right. With Server there is but one call.
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
	if calls == len(lists[0].Value.GetListValue().GetValues()) { // the last
		delete(l.calls, d.QueryContext)
	}
	return calls == 1
}
