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

// newEngine returns a SQLite driver for one host, so that the host's additions to SQLite affect no other connection of
// the process. A driver keeps its registrations until the process ends, but the host can be freed earlier.
func newEngine(h *Host) (*sqlite.Driver, error) {
	d := &sqlite.Driver{}
	m := module{weak.Make(h)}
	return d, errors.Join(
		d.RegisterModule(moduleName, m),
		d.RegisterCollationUtf8(timestampCollation, m.compareTimestamps),
		d.RegisterScalarFunction("now", 0, m.now),
	)
}

// A module creates virtual tables: create virtual table … using steampipe(number of the table).
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
		return nil, errors.New("a plugin's tables exist already and can't be created")
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

// find returns the table for the arguments of a virtual table. The first three arguments are the names of the module,
// the schema and the table.
func (m module) find(args []string) (*hostTable, error) {
	if len(args) != 4 {
		return nil, errors.New("a plugin's table needs a number")
	}
	index, err := strconv.Atoi(args[3])
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	h := m.host.Value()
	if h == nil || index < 0 || index >= len(h.tables) {
		return nil, fmt.Errorf("unknown table %d", index)
	}
	return h.tables[index], nil
}
