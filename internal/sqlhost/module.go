package sqlhost

import (
	"errors"
	"fmt"
	"strconv"
	"weak"

	"modernc.org/sqlite"
	"modernc.org/sqlite/vtab"
)

const moduleName = "steampipe"

// newEngine makes a SQLite driver for a host, so that what the host adds to SQLite is on no other connection of the process.
// A driver keeps what is registered for as long as the process lives, but the host need not live so long.
func newEngine(h *Host) (*sqlite.Driver, error) {
	d := &sqlite.Driver{}
	m := module{weak.Make(h)}
	return d, errors.Join(d.RegisterModule(moduleName, m), d.RegisterCollationUtf8(timestampCollation, m.compareTimestamps))
}

// module makes virtual tables: create virtual table … using steampipe(number of the table).
type module struct{ host weak.Pointer[Host] }

func (m module) compareTimestamps(a, b string) int {
	if h := m.host.Value(); h != nil {
		return h.compareTimestamps(a, b)
	}
	return 0
}

// Create implements [vtab.Module].
func (m module) Create(ctx vtab.Context, args []string) (vtab.Table, error) {
	if h := m.host.Value(); h != nil && h.running != nil {
		return nil, errors.New("tables of a plugin cannot be created, they are there")
	}
	return m.Connect(ctx, args)
}

// Connect implements [vtab.Module].
func (m module) Connect(ctx vtab.Context, args []string) (vtab.Table, error) {
	t, err := m.find(args)
	if err != nil {
		return nil, err
	}
	return t, ctx.Declare(t.declaration)
}

// find returns the table that the arguments of a virtual table stand for. The first three are the
// names of the module, the schema and the table.
func (m module) find(args []string) (*table, error) {
	if len(args) != 4 {
		return nil, errors.New("a table of a plugin has a number")
	}
	index, err := strconv.Atoi(args[3])
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	h := m.host.Value()
	if h == nil || index < 0 || index >= len(h.tables) {
		return nil, fmt.Errorf("there is no table %d", index)
	}
	return h.tables[index], nil
}
