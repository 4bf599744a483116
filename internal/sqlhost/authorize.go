package sqlhost

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// authorize is asked by SQLite about everything that a statement would do, before it runs. A statement
// reads, and may keep tables and views of its own in memory. What would write a file is refused, and
// what would take the tables of the plugin away, or a transaction that could.
func (h *Host) authorize(action sqlite.AuthorizerActionCode, first, second, schema, _ string) sqlite.AuthorizerReturnCode {
	if h.running == nil {
		return sqlite.AuthorizerOK // the host itself attaches connections and makes their tables
	}
	err := h.refusal(action, first, second, schema)
	if err == nil {
		h.running.note(h, action, first, second, schema)
		return sqlite.AuthorizerOK
	}
	if h.running.err == nil {
		h.running.err = err
	}
	return sqlite.AuthorizerDeny
}

// refusal says why an action is refused, or is nil. What first and second are depends on the action:
// https://www.sqlite.org/c3ref/c_alter_table.html
func (h *Host) refusal(action sqlite.AuthorizerActionCode, first, second, schema string) error {
	const refused = "refused, for a query only reads: "
	switch action {
	case sqlite.AuthAttach, sqlite.AuthDetach: // VACUUM attaches what it writes to
		return errors.New(refused + "ATTACH, DETACH and VACUUM are for databases in files, and there are none")
	case sqlite.AuthTransaction, sqlite.AuthSavepoint:
		return errors.New(refused + "there are no transactions, each statement stands for itself")
	case sqlite.AuthPragma:
		if second != "" && !slices.Contains(readingPragmas, strings.ToLower(first)) {
			return fmt.Errorf(refused+"pragma %s can be read, and not be set", first)
		}
	case sqlite.AuthAlterTable:
		if h.owns(first, second) {
			return fmt.Errorf(refused+"table %s is the plugin's, and cannot be altered", second)
		}
	case sqlite.AuthDropVTable:
		if h.owns(schema, first) {
			return fmt.Errorf(refused+"table %s is the plugin's, and cannot be dropped", first)
		}
	}
	return nil
}

// readingPragmas are the pragmas whose argument says what to read.
var readingPragmas = []string{
	"table_info", "table_xinfo", "table_list", "index_info", "index_xinfo", "index_list", "foreign_key_list",
	"foreign_key_check", "integrity_check", "quick_check",
}

// owns reports whether a table is one of the plugin's.
func (h *Host) owns(schema, name string) bool {
	return slices.ContainsFunc(h.tables, func(t *table) bool {
		return strings.EqualFold(t.Name, name) && (schema == "main" || strings.EqualFold(t.Connection, schema))
	})
}
