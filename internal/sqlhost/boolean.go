package sqlhost

import (
	"fmt"
	"strings"
)

// booleanWords are PostgreSQL's words for true and false. Their unique prefixes are allowed too.
var booleanWords = []struct {
	word  string
	least int // letters of the shortest prefix
	value bool
}{{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false}, {"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false}}

// parseBoolean reads one of the words.
func parseBoolean(s string) (value, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, w := range booleanWords {
		if len(s) >= w.least && strings.HasPrefix(w.word, s) {
			return w.value, true
		}
	}
	return false, false
}

// noBoolean returns the error for a value that is neither true nor false.
func noBoolean(column string, v any) error {
	if s, ok := v.(string); ok {
		v = "'" + s + "'"
	}
	return fmt.Errorf("%s is a boolean, but is compared with %v: write true or false "+
		"(next to the column's name, 'yes', 'no', 'on', 'off', 't', 'f', '1' and '0' are allowed too)", column, v)
}
