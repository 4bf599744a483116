package sqlhost

import (
	"encoding/json"
	"fmt"
)

// Native returns a value of the column in the column's type: SQLite has no booleans, and returns 0 and 1.
func (c Column) Native(v any) any {
	if n, ok := v.(int64); ok && c.Type == Boolean {
		return n != 0
	}
	return v
}

// JSON returns a value of the column as [json.Encoder] should write it: JSON as it is, and bytes as SQLite's literal.
func (c Column) JSON(v any) any {
	switch v := c.Native(v).(type) {
	case string:
		if c.Type == JSON && json.Valid([]byte(v)) {
			return json.RawMessage(v)
		}
		return v
	case []byte:
		return fmt.Sprintf("x'%x'", v)
	default:
		return v
	}
}
