package sdkserver

import (
	"context"
	"fmt"
	"sync"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/signal"
)

// A watchedStream makes itself available to the scans of a call, and counts the rows sent. It hides the host's
// cancellation from the SDK, whose goroutines would wait for ever for rows that a cancelled context has prevented. The
// scans obey the cancellation, and the stream drops later rows.
type watchedStream struct {
	proto.WrapperPlugin_ExecuteServer
	ctx  context.Context
	call *call
}

func (w *watchedStream) Context() context.Context { return w.ctx }

func (w *watchedStream) Send(r *proto.ExecuteResponse) error {
	defer w.call.rowSent(r.GetConnection())
	if w.call.ctx.Err() != nil {
		return nil
	}
	return w.WrapperPlugin_ExecuteServer.Send(r)
}

type callKey struct{}

// A call is one call of Execute with the results of its scans, one for each connection.
type call struct {
	ctx     context.Context       // context of the host's call
	request *proto.ExecuteRequest // with all conditions of the query

	mu       sync.Mutex
	sent     map[string]int64 // number of rows sent to the host, by connection
	progress signal.Signal    // a row was sent
	err      error            // first error of a scan
}

// Demand returns the conditions of the query by column, and the number of rows that are enough, or -1 for all.
func Demand(ctx context.Context, d *plugin.QueryData) (conditions map[string]*proto.Quals, limit int64) {
	c, served := ctx.Value(callKey{}).(*call)
	if !served {
		return d.QueryContext.UnsafeQuals, d.QueryContext.GetLimit()
	}
	limit = -1
	if given := c.request.GetExecuteConnectionData()[d.Connection.Name].GetLimit(); given != nil {
		limit = given.Value
	}
	return c.request.GetQueryContext().GetQuals(), limit
}

func (c *call) rowSent(connection string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[connection]++
	c.progress.Announce()
}

func (c *call) error() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// failed records the error of a scan, and waits until the rows before it are sent: the SDK stops reading after an
// error, and later rows would block their goroutines for ever.
func (c *call) failed(connection string, streamed int64, err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = fmt.Errorf("%s: %w", connection, err) // in the SDK's form
	}
	c.mu.Unlock()
	for {
		c.mu.Lock()
		done, progress := c.sent[connection] >= streamed, c.progress.Next()
		c.mu.Unlock()
		if done {
			return
		}
		<-progress
	}
}
