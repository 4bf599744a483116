package sqlhost

import (
	"slices"
	"strings"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"modernc.org/sqlite/vtab"
)

// Table describes a table of a connection.
type Table struct {
	Connection  string
	Name        string
	Description string
	Columns     []Column
	KeyColumns  []KeyColumn
}

// Column describes a column of a table or of a result.
type Column struct {
	Name string
	// Type is the type of the column's values. It is empty for a result column that is an expression.
	Type        Type
	Description string
	// Hidden is true for columns that "select *" omits.
	Hidden bool
}

// KeyColumn describes a column whose WHERE terms reach the plugin.
type KeyColumn struct {
	Name string
	// Operators are the operators of these terms, as Postgres names them: ~~* is ILIKE, and therefore SQLite's LIKE.
	Operators []string
	// Require is "required" (a scan needs a term on this column), "any_of" (a scan needs a term on one of the columns
	// with this value) or "optional".
	Require string
}

// SQLOperators returns the operators that reach the plugin, as SQLite spells them. PostgreSQL's LIKE, which minds the case, and the
// negations of LIKE and ILIKE do not.
func (k KeyColumn) SQLOperators() []string {
	var names []string
	for _, operator := range k.Operators {
		for op, passed := range candidates {
			switch {
			case !slices.Contains(passed, operator) || slices.Contains(names, operator):
			case op == vtab.OpLIKE:
				names = append(names, "like")
			default:
				names = append(names, operator)
			}
		}
	}
	return names
}

// A hostTable is a table as the host and SQLite use it.
type hostTable struct {
	Table
	host        *Host
	index       int // in host.tables
	declaration string
	columns     []hostColumn
	byName      map[string]int // the index of each column
	get, list   []*proto.KeyColumn
	// children are the connections that a scan reads: the connection itself, or those of an aggregator.
	children []string
}

// A hostColumn is a column with the data for pushing down its WHERE terms and order.
type hostColumn struct {
	name      string
	kind      columnKind
	operators []string // declared by the plugin
	sort      proto.SortOrder
}

func newTable(h *Host, c Connection, name string, schema *proto.TableSchema) *hostTable {
	t := &hostTable{
		Table:    Table{Connection: c.Name, Name: name, Description: schema.GetDescription()},
		host:     h,
		get:      schema.GetGetCallKeyColumnList(),
		list:     schema.GetListCallKeyColumnList(),
		byName:   make(map[string]int),
		children: []string{c.Name},
	}
	if c.Aggregator() {
		t.children = c.Connections
	}
	t.KeyColumns = keyColumns(t.list, t.get)
	for i, definition := range schema.GetColumns() {
		kind := kindOf(definition.GetType())
		t.byName[definition.GetName()] = i
		t.columns = append(t.columns, hostColumn{
			name:      definition.GetName(),
			kind:      kind,
			operators: operatorsOf(t.KeyColumns, definition.GetName()),
			sort:      definition.GetSortOrder(),
		})
		t.Columns = append(t.Columns, Column{
			Name:        definition.GetName(),
			Type:        kind.Type,
			Description: definition.GetDescription(),
			Hidden:      reserved(definition.GetName()),
		})
	}
	t.declaration = declaration(t)
	return t
}

// reserved reports whether the SDK adds the column to every table.
func reserved(column string) bool {
	return column == "_ctx" || strings.HasPrefix(column, "sp_")
}

// keyColumns merges the key columns of a table's list and get calls. Only columns of the list call can be required: if
// those of the get call are missing, the list call is used.
func keyColumns(list, get []*proto.KeyColumn) []KeyColumn {
	var keys []KeyColumn
	add := func(k *proto.KeyColumn, require string) {
		for i := range keys {
			if keys[i].Name == k.GetName() {
				keys[i].Operators = union(keys[i].Operators, k.GetOperators())
				return
			}
		}
		keys = append(keys, KeyColumn{Name: k.GetName(), Operators: slices.Clone(k.GetOperators()), Require: require})
	}
	for _, k := range list {
		add(k, k.GetRequire())
	}
	for _, k := range get {
		add(k, optional)
	}
	return keys
}

func union[T comparable](a, b []T) []T {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

func operatorsOf(keys []KeyColumn, column string) []string {
	for _, k := range keys {
		if k.Name == column {
			return k.Operators
		}
	}
	return nil
}

// declaration returns the statement that declares the columns for SQLite.
func declaration(t *hostTable) string {
	var b strings.Builder
	b.WriteString("create table x(")
	for i, c := range t.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		more := ""
		if t.Columns[i].Hidden {
			more = " hidden"
		}
		b.WriteString(Quote(c.name) + " " + c.kind.definition(more))
	}
	b.WriteString(")")
	return b.String()
}

// Open implements [vtab.Table].
func (t *hostTable) Open() (vtab.Cursor, error) { return &cursor{table: t}, nil }

// Disconnect implements [vtab.Table].
func (t *hostTable) Disconnect() error { return nil }

// Destroy implements [vtab.Table].
func (t *hostTable) Destroy() error { return nil }
