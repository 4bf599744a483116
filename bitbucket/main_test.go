package bitbucket

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // so that the SDK does not log every error to standard error
	debug.SetGCPercent(400)                 // the fake's organizations are large: with the default, half of the time goes into garbage collection
	debug.SetMemoryLimit(800 << 20)         // but not beyond this
	if wrong := unknownConditions(); len(wrong) > 0 {
		fmt.Fprintln(os.Stderr, strings.Join(wrong, "\n")) // no connection works with these, so each test would fail
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// unknownConditions returns a message for each condition of a table on a column that the table does not have.
func unknownConditions() (wrong []string) {
	for _, tab := range tables {
		for _, q := range tab.keyColumns {
			if !slices.ContainsFunc(tab.columns, func(c column) bool { return c.name == q.column }) {
				wrong = append(wrong, fmt.Sprintf("%s has no column %s: correct it in the table's keyColumns, or add the column", tab.name, q.column))
			}
		}
	}
	return wrong
}
