package sqlhost

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"modernc.org/sqlite"
	"modernc.org/sqlite/vtab"
)

const moduleName = "steampipe"

// engine is a SQLite driver of our own, so that the module is on no other connection of the process.
var engine = newEngine()

func newEngine() *sqlite.Driver {
	d := &sqlite.Driver{}
	if err := d.RegisterModule(moduleName, module{}); err != nil {
		panic(err) // a name is taken on a driver that has none
	}
	return d
}

// hosts finds a host by its number. A driver keeps its modules for as long as the process lives, so
// there is one module for all hosts, and each virtual table names its host in its arguments.
var hosts = struct {
	sync.Mutex
	last int
	open map[int]*Host
}{open: make(map[int]*Host)}

func register(h *Host) int {
	hosts.Lock()
	defer hosts.Unlock()
	hosts.last++
	hosts.open[hosts.last] = h
	return hosts.last
}

func unregister(id int) {
	hosts.Lock()
	defer hosts.Unlock()
	delete(hosts.open, id)
}

// module makes virtual tables: create virtual table … using steampipe(host, table).
type module struct{}

// Create implements [vtab.Module].
func (module) Create(ctx vtab.Context, args []string) (vtab.Table, error) {
	t, err := find(args)
	if err != nil {
		return nil, err
	}
	return t, ctx.Declare(t.declaration)
}

// Connect implements [vtab.Module].
func (m module) Connect(ctx vtab.Context, args []string) (vtab.Table, error) {
	return m.Create(ctx, args)
}

// find returns the table that the arguments of a virtual table stand for. The first three are the
// names of the module, the schema and the table.
func find(args []string) (*table, error) {
	if len(args) != 5 {
		return nil, errors.New("tables of a plugin cannot be created, they are there")
	}
	id, err := strconv.Atoi(args[3])
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	index, err := strconv.Atoi(args[4])
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	hosts.Lock()
	h := hosts.open[id]
	hosts.Unlock()
	if h == nil || index < 0 || index >= len(h.tables) {
		return nil, fmt.Errorf("there is no table %d of host %d", index, id)
	}
	return h.tables[index], nil
}
