package sqlhost

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// authorize decides about each action of a statement before the statement runs; SQLite calls it. A statement may read,
// and keep its own tables and views in memory. Refused are actions that write files, drop or alter the plugin's tables,
// or begin a transaction.
func (h *Host) authorize(action sqlite.AuthorizerActionCode, first, second, schema, _ string) sqlite.AuthorizerReturnCode {
	if h.running == nil {
		return sqlite.AuthorizerOK // the host attaches connections and creates their tables
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

// refusal returns why an action is refused, or nil. The meaning of first and second depends on the action:
// https://www.sqlite.org/c3ref/c_alter_table.html
func (h *Host) refusal(action sqlite.AuthorizerActionCode, first, second, schema string) error {
	const refused = "refused, because a query only reads: "
	if h.ReadOnly && !slices.Contains(reading, action) {
		return errors.New(refused + "write a select, without create, insert, update, delete or drop")
	}
	switch action {
	case sqlite.AuthAttach, sqlite.AuthDetach: // VACUUM attaches the database that it writes
		return errors.New(refused + "ATTACH, DETACH and VACUUM need database files")
	case sqlite.AuthTransaction, sqlite.AuthSavepoint:
		return errors.New(refused + "each statement runs on its own, without transactions")
	case sqlite.AuthPragma:
		if second != "" && !slices.Contains(readingPragmas, strings.ToLower(first)) {
			return fmt.Errorf(refused+"pragma %s can't be set, only read", first)
		}
	case sqlite.AuthAlterTable:
		if h.owns(first, second) {
			return fmt.Errorf(refused+"table %s belongs to the plugin and can't be altered", second)
		}
	case sqlite.AuthDropVTable:
		if h.owns(schema, first) {
			return fmt.Errorf(refused+"table %s belongs to the plugin and can't be dropped", first)
		}
	}
	return nil
}

// reading are the actions of a query that changes nothing.
var reading = []sqlite.AuthorizerActionCode{
	sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthFunction, sqlite.AuthRecursive, sqlite.AuthPragma,
}

// readingPragmas are the pragmas whose argument only selects what to read.
var readingPragmas = []string{
	"table_info", "table_xinfo", "table_list", "index_info", "index_xinfo", "index_list", "foreign_key_list",
	"foreign_key_check", "integrity_check", "quick_check",
}

// owns reports whether a table is one of the plugin's.
func (h *Host) owns(schema, name string) bool {
	return slices.ContainsFunc(h.tables, func(t *hostTable) bool {
		return strings.EqualFold(t.Name, name) && (schema == "main" || strings.EqualFold(t.Connection, schema))
	})
}
