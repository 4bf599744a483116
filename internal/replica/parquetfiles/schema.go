package parquetfiles

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/replica"
	"github.com/parquet-go/parquet-go"
)

// A schemaRoot is the root of a schema. Its columns have the order of the table; those of a parquet.Group have that of their
// names.
type schemaRoot struct {
	parquet.Group
	columns []column
}

// Fields returns the columns.
func (r schemaRoot) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range r.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(r.columns))
	for i, c := range r.columns {
		fields[i] = byName[c.Name]
	}
	return fields
}

// newSchema returns the schema of a table's files. Every column but those of the key may be null.
func newSchema(t *manifestTable) *parquet.Schema {
	group := parquet.Group{}
	for _, c := range t.Columns {
		node := newLeaf(c.Type)
		if !slices.Contains(t.Key, c.Name) {
			node = parquet.Optional(node)
		}
		group[c.Name] = node
	}
	return parquet.NewSchema(t.Name, schemaRoot{group, t.Columns})
}

func newLeaf(t replica.Type) parquet.Node {
	switch t {
	case replica.Boolean:
		return parquet.Leaf(parquet.BooleanType)
	case replica.Integer:
		return parquet.Leaf(parquet.Int64Type)
	case replica.Timestamp:
		return parquet.Timestamp(parquet.Microsecond)
	case replica.JSON:
		return parquet.Encoded(parquet.JSON(), &parquet.RLEDictionary)
	default:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	}
}

// tableOf returns what the manifest will say about a table.
func tableOf(t replica.Table) manifestTable {
	known := manifestTable{Name: t.Name, Description: t.Description, Key: t.Key, HasHistory: t.HasHistory}
	for _, c := range t.Columns {
		known.Columns = append(known.Columns, column(c))
	}
	if t.HasHistory {
		known.Columns = append(known.Columns,
			column{replica.ValidFrom, replica.Timestamp, "Start of the run that first saw the row like this."},
			column{replica.ValidTo, replica.Timestamp, "Start of the run that no longer saw it like this; null if it is current."},
			column{replica.SeenBy, replica.Text, "The run that first saw the row like this."})
	}
	return known
}

// valueOf returns a value as it is in a file.
func valueOf(c column, value any) (parquet.Value, error) {
	switch v := value.(type) {
	case nil:
		return parquet.Value{}, nil
	case string:
		if c.Type == replica.Text || c.Type == replica.JSON {
			// Engines refuse a whole file for one byte that is no UTF-8.
			if !utf8.ValidString(v) {
				v = strings.ToValidUTF8(v, "\uFFFD")
			}
			return parquet.ByteArrayValue([]byte(v)), nil
		}
	case bool:
		if c.Type == replica.Boolean {
			return parquet.BooleanValue(v), nil
		}
	case int64:
		if c.Type == replica.Integer {
			return parquet.Int64Value(v), nil
		}
	case time.Time:
		if c.Type == replica.Timestamp {
			return parquet.Int64Value(v.UnixMicro()), nil
		}
	}
	return parquet.Value{}, fmt.Errorf("column %s has the type %s, and got a value of the type %T", c.Name, c.Type, value)
}

// goValue returns a value of a file as the replica has it.
func goValue(c column, v parquet.Value) any {
	switch {
	case v.IsNull():
		return nil
	case c.Type == replica.Boolean:
		return v.Boolean()
	case c.Type == replica.Integer:
		return v.Int64()
	case c.Type == replica.Timestamp:
		return time.UnixMicro(v.Int64()).UTC()
	default:
		return string(v.ByteArray())
	}
}
