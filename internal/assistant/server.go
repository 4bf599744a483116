// Package assistant serves the tables to AI assistants over the Model Context Protocol: tools that answer SQL and say
// what it costs, the documentation as resources, and the few rules that make answers right as a prompt.
//
// An answer marks what comes from Bitbucket as data. It has the rows or an error, and never an empty table in place of
// an error; what the tables left out is next to the rows.
package assistant

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A Database answers SQL on the tables of the connections. The server makes one call at a time.
type Database interface {
	// Tables returns the tables of all connections.
	Tables() []sqlhost.Table
	// Query runs one statement that only reads.
	Query(ctx context.Context, sql string) (*sqlhost.Rows, error)
	// Audit runs controls with the values of the variables.
	Audit(ctx context.Context, controls []*audit.Control, values map[string]any) ([]audit.Result, error)
	// Estimate returns the requests that a statement would make, and EstimateAudit those of an audit.
	Estimate(ctx context.Context, sql string) ([]Cost, error)
	EstimateAudit(ctx context.Context, controls []*audit.Control, values map[string]any) ([]Cost, error)
	// Limit allows this many requests from now on, and refuses more. 0 allows any number.
	Limit(requests int64)
	// Requests returns the number of requests sent so far.
	Requests() int64
	// Left returns how many requests the connections have left that have been used.
	Left(ctx context.Context) ([]Quota, error)
	// Omissions says what the tables have left out since a time, in a line for each kind.
	Omissions(since time.Time) []string
}

// A Cost is the number of requests that a statement makes for a table.
type Cost struct {
	Table    string `json:"table"`
	Requests int64  `json:"requests"`
	// Whole reports that the table is read for rows of another table that are not known before: the number is that of
	// reading it once as a whole, or 0 if that is not possible.
	Whole bool `json:"whole_table,omitempty"`
}

// A Quota is the number of requests that a connection has left in this hour. Remaining is nil if Bitbucket does not say.
type Quota struct {
	Connection string     `json:"connection"`
	Remaining  *int64     `json:"remaining"`
	ResetAt    *time.Time `json:"reset_at,omitempty"`
}

// A server answers one assistant.
type server struct {
	open func() (Database, error)
	turn chan struct{} // holds a token while no tool uses the database

	mu sync.Mutex // guards db while it is nil
	db Database
}

// Serve answers an assistant until it closes in, or ctx ends. It opens the database when a tool first needs it. A tool whose
// database can't be opened fails with the error, which the assistant sees, and the next tool tries again.
func Serve(ctx context.Context, version string, open func() (Database, error), in io.Reader, out io.Writer) error {
	s := &server{open: open, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	m := mcp.NewServer(
		&mcp.Implementation{Name: "bitbucket", Title: "Bitbucket Cloud as SQL tables", Version: version},
		&mcp.ServerOptions{Instructions: strings.Join(rules, "\n"), Capabilities: &mcp.ServerCapabilities{}},
	)
	s.addTools(m)
	addResources(m)
	addPrompt(m)
	err := m.Run(ctx, &mcp.IOTransport{Reader: io.NopCloser(in), Writer: unclosed{out}})
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// unclosed is a writer that stays open.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// connect opens the database, unless it is open.
func (s *server) connect() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		return nil
	}
	db, err := s.open()
	if err == nil {
		s.db = db
	}
	return err
}

// alone runs a function while no other tool uses the database, with a limit of requests.
func (s *server) alone(ctx context.Context, limit int64, do func() error) error {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	if err := s.connect(); err != nil {
		return err
	}
	s.db.Limit(limit)
	defer s.db.Limit(0)
	return do()
}
