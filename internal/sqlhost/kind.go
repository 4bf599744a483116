package sqlhost

import (
	"math"
	"strings"
	"time"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"
	"modernc.org/sqlite/vtab"
)

// Type is the type of a column.
type Type string

// The types of columns, and how their values come out of a query.
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

// kind is a type with its declaration in SQLite. The declaration decides on the affinity, that is how
// SQLite compares the column with a value of another type: everything with TEXT in it as text. Without
// it "updated_on > '2026'" would turn '2026' into a number, and any text is greater than any number.
type kind struct {
	Type
	declared string
}

const textAffinity = " TEXT"

func kindOf(t proto.ColumnType) kind {
	switch t {
	case proto.ColumnType_BOOL:
		return kind{Boolean, string(Boolean)}
	case proto.ColumnType_INT:
		return kind{Integer, string(Integer)}
	case proto.ColumnType_DOUBLE:
		return kind{Real, string(Real)}
	case proto.ColumnType_TIMESTAMP, timestampOld:
		return kind{Timestamp, string(Timestamp) + textAffinity}
	case proto.ColumnType_JSON:
		return kind{JSON, string(JSON) + textAffinity}
	case proto.ColumnType_IPADDR, proto.ColumnType_INET, proto.ColumnType_CIDR:
		return kind{Inet, string(Inet) + textAffinity}
	case proto.ColumnType_LTREE:
		return kind{Ltree, string(Ltree) + textAffinity}
	default:
		return kind{Text, string(Text)}
	}
}

// timestampOld is DATETIME, which the SDK has deprecated and plugins still use.
const timestampOld proto.ColumnType = 5

// declaredType returns the type of a result column, given how it was declared. SQLite knows that of a
// column of a table, also through views and subqueries, and not of an expression.
func declaredType(declared string) Type {
	return Type(strings.TrimSuffix(declared, textAffinity))
}

// TimestampForm is how timestamps come out of SQL, always in UTC, and are compared with. See the package comment.
const TimestampForm = "2006-01-02 15:04:05.999999999"

// value returns what the plugin sent for a column as SQLite is to have it.
func value(c *proto.Column) vtab.Value {
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
		t := time.Unix(v.TimestampValue.GetSeconds(), int64(v.TimestampValue.GetNanos()))
		return t.UTC().Format(TimestampForm)
	case *proto.Column_JsonValue:
		// JSON's null, which an empty list of Go becomes, is no value, as it is none in Steampipe.
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

// collates reports whether a collation can change how the column's values compare. All but NOCASE and
// RTRIM compare bytes, and to those a timestamp is the same.
func (k kind) collates() bool {
	switch k.Type {
	case Boolean, Integer, Real, Timestamp:
		return false
	default:
		return true
	}
}
