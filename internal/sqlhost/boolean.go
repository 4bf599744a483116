package sqlhost

import (
	"fmt"
	"strings"
)

// words are PostgreSQL's words for true and false. So are their beginnings, where they are those of no other.
var words = []struct {
	word  string
	least int // letters
	value bool
}{{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false}, {"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false}}

// parseBoolean reads a word for true or false.
func parseBoolean(s string) (value, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, w := range words {
		if len(s) >= w.least && strings.HasPrefix(w.word, s) {
			return w.value, true
		}
	}
	return false, false
}

// noBoolean says of a value that it is neither true nor false, and how those are written.
func noBoolean(column string, v any) error {
	if s, ok := v.(string); ok {
		v = "'" + s + "'"
	}
	return fmt.Errorf("%s is true or false, and is compared with %v: write true or false "+
		"(beside the column's name 'yes', 'no', 'on', 'off', 't', 'f', '1' and '0' will do)", column, v)
}
