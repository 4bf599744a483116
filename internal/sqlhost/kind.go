package sqlhost

import (
	"math"
	"strings"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"modernc.org/sqlite/vtab"
)

// Type is the type of a column.
type Type string

// The types of columns, with the types of their values in a result.
const (
	Boolean   Type = "BOOLEAN"   // int64, 0 or 1
	Integer   Type = "INTEGER"   // int64
	Real      Type = "REAL"      // float64
	Text      Type = "TEXT"      // string
	Timestamp Type = "TIMESTAMP" // string, see the package comment
	JSON      Type = "JSON"      // string, a JSON text
	Inet      Type = "INET"      // string, an address or network
	Ltree     Type = "LTREE"     // string, labels with dots between them
)

// A columnKind is a type with its declaration in SQLite. The declaration determines the affinity, that is how SQLite compares
// the column with a value of another type: with TEXT in the declaration, as text. Without it, "updated_on > '2026'"
// would turn '2026' into a number, and any text is greater than any number.
type columnKind struct {
	Type
	declared string
}

const textAffinity = " TEXT"

// definition returns the declaration of a column of the kind, without its name. more follows the type.
func (k columnKind) definition(more string) string {
	if k.Type == Timestamp {
		more += " collate " + timestampCollation
	}
	return k.declared + more
}

func kindOf(t proto.ColumnType) columnKind {
	switch t {
	case proto.ColumnType_BOOL:
		return columnKind{Boolean, string(Boolean)}
	case proto.ColumnType_INT:
		return columnKind{Integer, string(Integer)}
	case proto.ColumnType_DOUBLE:
		return columnKind{Real, string(Real)}
	case proto.ColumnType_TIMESTAMP, timestampOld:
		return columnKind{Timestamp, string(Timestamp) + textAffinity}
	case proto.ColumnType_JSON:
		return columnKind{JSON, string(JSON) + textAffinity}
	case proto.ColumnType_IPADDR, proto.ColumnType_INET, proto.ColumnType_CIDR:
		return columnKind{Inet, string(Inet) + textAffinity}
	case proto.ColumnType_LTREE:
		return columnKind{Ltree, string(Ltree) + textAffinity}
	default:
		return columnKind{Text, string(Text)}
	}
}

// timestampOld is DATETIME, which the SDK has deprecated but plugins still use.
const timestampOld proto.ColumnType = 5

// declaredType returns the type of a result column from its declaration. SQLite knows the declaration of a table's
// column, also through views and subqueries, but not of an expression.
func declaredType(declared string) Type {
	return Type(strings.TrimSuffix(declared, textAffinity))
}

// sqliteValue returns the plugin's value for a column in SQLite's form.
func sqliteValue(c *proto.Column) vtab.Value {
	switch v := c.GetValue().(type) {
	case *proto.Column_StringValue:
		return v.StringValue
	case *proto.Column_IntValue:
		return v.IntValue
	case *proto.Column_BoolValue:
		if v.BoolValue {
			return int64(1)
		}
		return int64(0)
	case *proto.Column_DoubleValue:
		if math.IsNaN(v.DoubleValue) {
			return nil
		}
		return v.DoubleValue
	case *proto.Column_TimestampValue:
		if v.TimestampValue == nil {
			return nil
		}
		return formatTimestamp(v.TimestampValue.AsTime())
	case *proto.Column_JsonValue:
		// JSON's null, to which Go encodes an empty list, is null in Steampipe too.
		if text := string(v.JsonValue); text != "" && text != "null" {
			return text
		}
		return nil
	case *proto.Column_IpAddrValue:
		return v.IpAddrValue
	case *proto.Column_CidrRangeValue:
		return v.CidrRangeValue
	case *proto.Column_LtreeValue:
		return v.LtreeValue
	default:
		return nil
	}
}

// numeric reports whether SQLite stores the column's values as numbers, which no collation compares.
func (k columnKind) numeric() bool { return k.Type == Boolean || k.Type == Integer || k.Type == Real }

// ordered reports whether the plugin sorts the column's values like SQLite. Texts have as many orders as there are
// collations, and a service rarely uses SQLite's.
func (k columnKind) ordered() bool { return k.numeric() || k.Type == Timestamp }
