package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// A table is declared as data: its columns, the conditions that Bitbucket can answer, and how its rows are read.
type table struct {
	name        string
	description string
	scopes      []string // of OAuth that it needs; columns may need more
	columns     []column
	keyColumns  []keyColumn
	// ids are the columns that tell one row from all others that have the same value in another column: in the same repository,
	// say. If that is "", from all others.
	ids        map[string]string
	alone      []string                           // columns that are certain only of an object that was asked for singly
	substitute func(*scan) (substituteList, bool) // where else rows of the table may be found; nil if nowhere
	rows       func(context.Context, *scan) iter.Seq2[*row, error]
}

func (t *table) plugin() *plugin.Table {
	p := &plugin.Table{
		Name:        t.name,
		Description: t.description,
		List:        &plugin.ListConfig{Hydrate: t.list, KeyColumns: t.sdkKeyColumns()},
		// The host's cache is left unused. It would keep showing a repository for minutes after the access to it was
		// taken away, and under it a cancelled query goes on until its next row.
		Cache: &plugin.TableCacheOptions{Enabled: false},
		// Beside the table's name, which the SDK adds, a limiter of Steampipe's can choose scans by what they read.
		Tags: map[string]string{"scopes": strings.Join(t.scopes, " ")},
	}
	for i, c := range t.columns {
		p.Columns = append(p.Columns, c.plugin(i))
	}
	return p
}

func (t *table) sdkKeyColumns() plugin.KeyColumnSlice {
	var keys plugin.KeyColumnSlice
	for _, q := range t.keyColumns {
		keys = append(keys, q.plugin())
	}
	return keys
}

func (t *table) column(name string) column {
	for _, c := range t.columns {
		if c.name == name {
			return c
		}
	}
	panic(fmt.Sprintf("table %s has no column %s", t.name, name)) // a mistake in a declaration, which the tests find
}

// list is the one way by which the SDK asks any table for its rows, and the one place from which errors go back to it.
func (t *table) list(ctx context.Context, d *plugin.QueryData, _ *plugin.HydrateData) (any, error) {
	if !isFirstOfSplit(d) {
		return nil, nil
	}
	o, served := ctx.Value(outcomeKey{}).(*outcome)
	if !served {
		return nil, t.listKept(ctx, d)
	}
	// The rows go to the SDK under its own context: one that is cancelled would end its part of the scan before ours.
	send := func(values rowValues) { d.StreamListItem(ctx, values) }
	scanning, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(o.ctx, cancel)()
	streamed, err := t.stream(scanning, d, send)
	if err != nil {
		o.failed(d.Connection.Name, streamed, err)
	}
	return nil, err
}

// stream sends the rows of a scan that the query may ask for, and returns how many.
func (t *table) stream(ctx context.Context, d *plugin.QueryData, send func(rowValues)) (streamed int64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = streams.Recovered(r)
		}
	}()
	s, err := newScan(ctx, t, d)
	if err != nil {
		return 0, err
	}
	ctx = api.WithCaller(ctx, s)
	if s.limit == 0 || s.conditions.isNever() {
		return 0, nil
	}
	values, left := newDecoder(t, s.wanted), s.limit
	for r, err := range s.ties(s.rows(ctx)) {
		if err != nil {
			return streamed, err
		}
		if err := ctx.Err(); err != nil {
			return streamed, err
		}
		switch s.verdict(r) {
		case fails:
			continue
		case holds:
			left--
		case mayHold:
			if d.QueryContext.Limit != nil {
				return streamed, errLimit
			}
		}
		send(values.decode(r))
		streamed++
		if left == 0 {
			return streamed, nil
		}
	}
	s.deferred.do(ctx)
	return streamed, ctx.Err()
}

// errLimit is for hosts that run the plugin without our Server: there the SDK ends the scan with as many rows as LIMIT says.
var errLimit = errors.New("this host can't combine LIMIT with such a condition, as it alone knows which of the rows satisfy it: leave out LIMIT")

// A split is how many calls of list the SDK has made for one scan.
var splits struct {
	sync.Mutex
	calls map[*plugin.QueryContext]int
}

// isFirstOfSplit says whether this call is the one that does the work. For a condition column IN (…) the SDK calls list once for
// each value, all at once, which would ask Bitbucket many times for what one request can answer, and loses count of
// LIMIT. So the first call reads the rows for all, and the others have nothing to do. Our Server does not let it come to that.
func isFirstOfSplit(d *plugin.QueryData) bool {
	lists := plugin.NewKeyColumnQualValueMap(d.QueryContext.UnsafeQuals, d.Table.List.KeyColumns).GetListQualValues()
	if len(lists) != 1 {
		return true // the SDK does not split two lists
	}
	splits.Lock()
	defer splits.Unlock()
	if splits.calls == nil {
		splits.calls = map[*plugin.QueryContext]int{}
	}
	splits.calls[d.QueryContext]++
	calls := splits.calls[d.QueryContext]
	if calls == len(lists[0].Value.GetListValue().GetValues()) { // the last
		delete(splits.calls, d.QueryContext)
	}
	return calls == 1
}
