package sqlhost

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"modernc.org/sqlite"
)

// Plugin is the part of a plugin's server that the host needs. The SDK's *grpc.PluginServer implements it.
type Plugin interface {
	SetAllConnectionConfigs(*proto.SetAllConnectionConfigsRequest) (*proto.SetConnectionConfigResponse, error)
	GetSchema(*proto.GetSchemaRequest) (*proto.GetSchemaResponse, error)
	Execute(*proto.ExecuteRequest, proto.WrapperPlugin_ExecuteServer) error
}

// TypeAggregator is the type of a connection that returns the rows of other connections.
const TypeAggregator = "aggregator"

// Connection is one connection block of a .spc file.
type Connection struct {
	// Name is the connection's name, and the name of its schema.
	Name string
	// Plugin is the plugin's name as the block gives it, for example "local/bitbucket".
	Plugin string
	// Config is the body of the block in HCL, without Steampipe's own arguments.
	Config string
	// Type is TypeAggregator or empty.
	Type string
	// Connections are the names of an aggregator's connections, without wildcards.
	Connections []string
}

// Aggregator reports whether the connection is of TypeAggregator.
func (c Connection) Aggregator() bool { return c.Type == TypeAggregator }

// ConnectionError reports that a connection can't be used, and why.
type ConnectionError struct {
	Connection string
	Err        error
}

func (e *ConnectionError) Error() string {
	return fmt.Sprintf("connection %s: %v", e.Connection, e.Err)
}

// Unwrap returns the reason.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Host is a SQLite database with the tables of a plugin. It runs one statement at a time: a second Query waits until
// the first one's Rows are closed. Temporary tables and views exist until the Host is closed.
type Host struct {
	plugin   Plugin
	conn     driver.Conn
	tables   []*hostTable
	schemas  map[string][]*hostTable // by lower-case connection name
	bare     map[string]*hostTable   // the first connection's, by lower-case name
	names    map[string][]Type       // types of columns, by lower-case name
	created  map[string]bool         // lower-case names of tables that SQLite knows, in main and all attached schemas
	attached []string                // lower-case connection names, least recently used first
	scans    sync.WaitGroup
	// ReadOnly refuses every statement that changes something, even in memory. It is set before the first statement.
	ReadOnly bool
	// Rehearses adds a row to each scan without one, which matches the scan's conditions on equality, so that tables
	// that are read for each row of another are scanned too. It is set before the first statement.
	Rehearses bool
	// maxLookups and rowsPerLookup are the constants of the same names, except in tests.
	maxLookups, rowsPerLookup int

	// turn holds a token while no statement runs. Its holder owns all fields below, conn and attached.
	turn    chan struct{}
	closed  bool
	running *statement
	// folds and lists are set when a table or view with its own collation or list was created, see collates and
	// enumerates.
	folds, lists bool
	spelled      struct { // see asStored
		text, form string
		ok         bool
	}
}

// A statement is the state of the running statement that the virtual tables need.
type statement struct {
	ctx   context.Context
	began time.Time
	folds bool                       // may compare text otherwise than byte by byte
	lists bool                       // contains IN or OR
	err   error                      // the first error of a scan or a comparison
	read  map[string]map[string]bool // columns, by table
	// constants are its texts and numbers, in lower case.
	constants map[string]bool
	// columns are all columns that it reads, of any table.
	columns map[columnRead]bool
}

// maxCacheSizeMb is the size of the SDK's query cache. The host never uses the cache, but the SDK requires it, and
// reserves hundreds of megabytes for a cache without a limit.
const maxCacheSizeMb = 1

// Open configures p with the connections and creates a schema for each of them. Errors about a single connection are
// joined, each of type *ConnectionError.
func Open(p Plugin, connections []Connection) (*Host, error) {
	if err := check(connections); err != nil {
		return nil, err
	}
	if err := configure(p, connections); err != nil {
		return nil, err
	}
	h := &Host{
		plugin: p, schemas: make(map[string][]*hostTable), bare: make(map[string]*hostTable), names: make(map[string][]Type),
		created: make(map[string]bool), turn: make(chan struct{}, 1), maxLookups: maxLookups, rowsPerLookup: rowsPerLookup,
	}
	h.turn <- struct{}{}
	for _, c := range connections {
		if err := h.addSchema(c); err != nil {
			return nil, err
		}
	}
	// Quoted names are always names, never strings: a mistyped column is an error.
	engine, err := newEngine(h)
	if err != nil {
		return nil, err
	}
	conn, err := engine.Open(":memory:?_dqs=0")
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	h.conn = conn
	if err := conn.(sqlite.AuthorizerRegisterer).RegisterAuthorizer(h.authorize); err != nil {
		return nil, errors.Join(cleanError(err), h.Close())
	}
	return h, nil
}

// check returns errors for connections that SQLite would reject later, or misunderstand.
func check(connections []Connection) error {
	var errs []error
	names := make(map[string]bool)
	for _, c := range connections {
		name := strings.ToLower(c.Name)
		switch {
		case name == "":
			errs = append(errs, errors.New("a connection has no name"))
		case name == "main" || name == "temp":
			errs = append(errs, &ConnectionError{c.Name, errors.New("SQLite has its own schema with this name; rename the connection")})
		case names[name]:
			errs = append(errs, &ConnectionError{c.Name, errors.New("there are two connections with this name")})
		}
		names[name] = true
	}
	for _, c := range connections {
		for _, child := range c.Connections {
			if !names[strings.ToLower(child)] {
				errs = append(errs, &ConnectionError{c.Name, fmt.Errorf("its connections contain %q, which does not exist", child)})
			}
		}
	}
	return errors.Join(errs...)
}

// configure sends all connections to the plugin at once, as Steampipe does.
func configure(p Plugin, connections []Connection) error {
	request := &proto.SetAllConnectionConfigsRequest{MaxCacheSizeMb: maxCacheSizeMb}
	for _, c := range connections {
		request.Configs = append(request.Configs, &proto.ConnectionConfig{
			Connection:       c.Name,
			Plugin:           c.Plugin,
			PluginShortName:  c.Plugin[strings.LastIndex(c.Plugin, "/")+1:],
			PluginInstance:   c.Plugin,
			Config:           c.Config,
			Type:             c.Type,
			ChildConnections: c.Connections,
		})
	}
	response, err := p.SetAllConnectionConfigs(request)
	failed := response.GetFailedConnections()
	if len(failed) == 0 {
		return cleanError(err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		errs = append(errs, &ConnectionError{name, errors.New(cleanText(failed[name]))})
	}
	return errors.Join(errs...)
}

// addSchema adds the plugin's tables for c.
func (h *Host) addSchema(c Connection) error {
	response, err := h.plugin.GetSchema(&proto.GetSchemaRequest{Connection: c.Name})
	if err != nil {
		return &ConnectionError{c.Name, cleanError(err)}
	}
	schemas := response.GetSchema().GetSchema()
	var tables []*hostTable
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		t := newTable(h, c, name, schemas[name])
		t.index = len(h.tables)
		h.tables = append(h.tables, t)
		if key := strings.ToLower(name); h.bare[key] == nil {
			h.bare[key] = t
		}
		for _, c := range t.columns {
			name := strings.ToLower(c.name)
			h.names[name] = union(h.names[name], []Type{c.kind.Type})
		}
		tables = append(tables, t)
	}
	h.schemas[strings.ToLower(c.Name)] = tables
	return nil
}

// createNamed creates the tables that a statement names, if no statement has named them before. A plugin has many, and
// SQLite takes longer to create them all than for most statements. A name without a schema means the first connection
// with the table. These tables are in SQLite's main schema, so that no connection needs to be attached for them.
func (h *Host) createNamed(tokens []token) error {
	for _, name := range h.namedTables(tokens) {
		if h.created[name] {
			continue
		}
		if err := h.create("main", h.bare[name]); err != nil {
			return err
		}
		for _, t := range h.tables {
			schema := strings.ToLower(t.Connection)
			if strings.ToLower(t.Name) != name || !slices.Contains(h.attached, schema) {
				continue
			}
			if err := h.create(schema, t); err != nil {
				return err
			}
		}
		h.created[name] = true
	}
	return nil
}

// namedTables returns the lower-case names of the plugin's tables in a statement, or all if it asks SQLite what there is.
func (h *Host) namedTables(tokens []token) []string {
	var named []string
	for _, t := range tokens {
		if strings.HasPrefix(t.text, "sqlite_") || strings.HasPrefix(t.text, "pragma") {
			return slices.Sorted(maps.Keys(h.bare))
		}
		if h.bare[t.text] != nil {
			named = append(named, t.text)
		}
	}
	return named
}

func (h *Host) create(schema string, t *hostTable) error {
	return h.exec(fmt.Sprintf("create virtual table %s.%s using %s(%d)", Quote(schema), Quote(t.Name), moduleName, t.index))
}

// exec runs a statement of the host itself. It takes little time, and is not ended half way: SQLite would know only some tables.
func (h *Host) exec(sql string) error {
	_, err := h.conn.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return cleanError(err)
}

// Tables returns the tables of all connections, in the order of the connections, sorted by name.
func (h *Host) Tables() []Table {
	tables := make([]Table, len(h.tables))
	for i, t := range h.tables {
		tables[i] = t.Table
	}
	return tables
}

// Close frees the database after the Rows of the last statement are closed and all scans have ended.
func (h *Host) Close() error {
	<-h.turn
	defer func() { h.turn <- struct{}{} }()
	if h.closed {
		return nil
	}
	h.closed = true
	defer h.scans.Wait()
	return h.conn.Close()
}

// Quote returns name as a SQL identifier.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
