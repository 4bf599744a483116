package command

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A meter is the plugin's server, which counts the rows and notes the connections that are scanned.
type meter struct {
	*bitbucket.Server
	order []string // the connections
	rows  atomic.Int64

	mu      sync.Mutex      // guards scanned
	scanned map[string]bool // connections of which a table was read
}

func newMeter(server *bitbucket.Server, connections []sqlhost.Connection) *meter {
	m := &meter{Server: server, scanned: map[string]bool{}}
	for _, c := range connections {
		if !c.Aggregator() {
			m.order = append(m.order, c.Name)
		}
	}
	return m
}

// Execute scans one table.
func (m *meter) Execute(req *proto.ExecuteRequest, stream proto.WrapperPlugin_ExecuteServer) error {
	m.note(slices.Collect(maps.Keys(req.GetExecuteConnectionData()))...)
	return m.Server.Execute(req, countedStream{stream, &m.rows})
}

// note notes that tables of the connections were read.
func (m *meter) note(connections ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, connection := range connections {
		m.scanned[connection] = true
	}
}

// scannedConnections returns the connections of which a table was read so far.
func (m *meter) scannedConnections() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.order), func(name string) bool { return !m.scanned[name] })
}

// A countedStream counts the rows that the plugin sends.
type countedStream struct {
	proto.WrapperPlugin_ExecuteServer
	rows *atomic.Int64
}

func (s countedStream) Send(response *proto.ExecuteResponse) error {
	s.rows.Add(1)
	return s.WrapperPlugin_ExecuteServer.Send(response)
}

// A traffic is the traffic between the connections and Bitbucket since the process began.
type traffic struct {
	requests, retries, bytes int64
	quotas                   []quota
}

// A quota is the number of requests that a connection has left.
type quota struct {
	connection string
	remaining  int64
	resetAt    time.Time // zero if unknown
}

// traffic returns the traffic so far. It skips connections of which no table was read: for them the query would make a
// request.
func (db *database) traffic(ctx context.Context) (traffic, error) {
	var t traffic
	for _, connection := range db.scannedConnections() {
		rows, err := db.Query(ctx, "select requests, retries, received_bytes, remaining, reset_at from "+
			sqlhost.Quote(connection)+".bitbucket_rate_limit")
		if err != nil {
			return t, err
		}
		for rows.Next() {
			t.add(connection, rows.Values())
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *traffic) add(connection string, values []any) {
	for i, sum := range []*int64{&t.requests, &t.retries, &t.bytes} {
		n, _ := values[i].(int64)
		*sum += n
	}
	if remaining, ok := values[3].(int64); ok {
		resetAt, _ := values[4].(string)
		q := quota{connection: connection, remaining: remaining}
		q.resetAt, _ = time.Parse(sqlhost.TimestampForm, resetAt)
		t.quotas = append(t.quotas, q)
	}
}
