package sqlhost

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"modernc.org/sqlite"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/similar"
)

// A StatementError is an error in the text of a statement.
type StatementError struct {
	Err        error
	Hint       string // how to write it; "" if unknown
	Begin, End int    // offsets of the wrong part; both are zero if unknown
}

func (e *StatementError) Error() string {
	if e.Hint == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + ": " + e.Hint
}

// Unwrap returns the error without the hint.
func (e *StatementError) Unwrap() error { return e.Err }

// moved moves the place of an error by a number of bytes.
func moved(err error, by int) error {
	if e, ok := errors.AsType[*StatementError](err); ok && by > 0 && e.End > 0 {
		there := *e
		there.Begin, there.End = e.Begin+by, e.End+by
		return &there
	}
	return err
}

// SQLite's errors about the text of a statement, and the part that they name.
var (
	syntaxError    = regexp.MustCompile(`(?s)^near "(.*)": syntax error$`)
	unknownToken   = regexp.MustCompile(`(?s)^unrecognized token: "(.*)"$`)
	unknownTable   = regexp.MustCompile(`^no such table: (.*)$`)
	unknownColumn  = regexp.MustCompile(`^(?:no such|ambiguous) column(?: name)?: (.*?)(?: - should this be .*)?$`)
	unknownFunc    = regexp.MustCompile(`^no such function: (.*)$`)
	functionMisuse = regexp.MustCompile(`^(?:misuse of .*|wrong number of arguments to function) (\S+)\(\)$`)
)

// locate adds to SQLite's error about a statement where the error is, and what may be meant.
func (h *Host) locate(ctx context.Context, sql string, tokens []token, err error) error {
	if _, ok := errors.AsType[*sqlite.Error](err); !ok || ctx.Err() != nil {
		return err
	}
	text := err.Error()
	found := &StatementError{Err: err}
	named := func(pattern *regexp.Regexp) (name string, ok bool) {
		if match := pattern.FindStringSubmatch(text); match != nil {
			name, ok = match[1], true
		}
		return name, ok
	}
	if part, ok := named(syntaxError); ok {
		i := h.syntaxErrorAt(ctx, sql, tokens, part)
		found.mark(tokens, i, i, len(part))
		found.Hint = syntaxHint(sql, tokens, i)
	} else if part, ok := named(unknownToken); ok {
		i := slices.IndexFunc(tokens, func(t token) bool { return strings.HasPrefix(sql[t.begin:], part) })
		found.mark(tokens, i, i, len(part))
	} else if name, ok := named(unknownTable); ok {
		found.mark(tokens, nameAt(tokens, name), nameAt(tokens, name)+2*strings.Count(name, "."), 0)
		found.Hint = cmp.Or(functionHints[strings.ToLower(name)], didYouMean(h.similarTable(name)))
	} else if name, ok := named(unknownColumn); ok {
		found.mark(tokens, nameAt(tokens, name), nameAt(tokens, name)+2*strings.Count(name, "."), 0)
		if strings.HasPrefix(text, "no such") {
			found.Hint = h.columnHint(tokens, name)
		}
	} else if name, ok := named(unknownFunc); ok {
		found.mark(tokens, nameAt(tokens, name), nameAt(tokens, name), 0)
		found.Hint = functionHints[strings.ToLower(name)]
	} else if name, ok := named(functionMisuse); ok {
		found.mark(tokens, nameAt(tokens, name), nameAt(tokens, name), 0)
	} else if text == "incomplete input" {
		found.mark(tokens, len(tokens)-1, len(tokens)-1, 0)
	}
	return found
}

// mark sets the place to the tokens from first to last, or to a number of bytes from the first.
func (e *StatementError) mark(tokens []token, first, last, length int) {
	if first < 0 || last >= len(tokens) {
		return
	}
	e.Begin, e.End = tokens[first].begin, tokens[last].end
	if length > 0 {
		e.End = e.Begin + length
	}
}

// syntaxErrorAt returns the index of the token at which SQLite finds a syntax error, or -1. SQLite only returns the text
// of the token. If that is in the statement more than once, the place is the first at which the statement up to there
// has the same error.
func (h *Host) syntaxErrorAt(ctx context.Context, sql string, tokens []token, text string) int {
	var at []int
	for i, t := range tokens {
		if strings.HasPrefix(sql[t.begin:], text) {
			at = append(at, i)
		}
	}
	for i := 0; i < len(at)-1; i++ {
		err := h.check(ctx, sql[:tokens[at[i]].begin+len(text)])
		if err != nil && err.Error() == `near "`+text+`": syntax error` {
			return at[i]
		}
	}
	if len(at) == 0 {
		return -1
	}
	return at[len(at)-1]
}

// check returns SQLite's error about a statement, which it doesn't run.
func (h *Host) check(ctx context.Context, sql string) error {
	if !strings.HasPrefix(strings.ToLower(sql), "explain") {
		sql = "explain " + sql
	}
	rows, err := h.run(ctx, sql, nil)
	if err != nil {
		return err
	}
	return rows.end()
}

// nameAt returns the index of the first token of a name, which may have a schema or a table, or -1. A new name, after
// AS, is not meant.
func nameAt(tokens []token, name string) int {
	parts := strings.Split(strings.ToLower(name), ".")
	for i := range tokens {
		if i > 0 && (tokens[i-1].is("as") || tokens[i-1].is(".") && len(parts) == 1) {
			continue
		}
		if slices.EqualFunc(parts, everySecond(tokens[i:], len(parts)), func(part string, t token) bool {
			return strings.Trim(part, "\"`[]") == t.text
		}) {
			return i
		}
	}
	return -1
}

// everySecond returns at most n tokens, without the ones between them.
func everySecond(tokens []token, n int) []token {
	var some []token
	for i := 0; i < len(tokens) && len(some) < n; i += 2 {
		some = append(some, tokens[i])
	}
	return some
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "did you mean " + name + "?"
}

// similarTable returns the table of the plugin that may be meant, with its schema if that is given.
func (h *Host) similarTable(name string) string {
	schema, table, qualified := strings.Cut(name, ".")
	if !qualified {
		return similar.To(name, h.tableNames(""))
	}
	if h.schemas[strings.ToLower(schema)] == nil {
		var schemas []string
		for _, t := range h.tables {
			schemas = append(schemas, t.Connection)
		}
		if schema = similar.To(schema, slices.Compact(schemas)); schema == "" {
			return ""
		}
	}
	if table = similar.To(table, h.tableNames(schema)); table == "" {
		return ""
	}
	return schema + "." + table
}

// tableNames returns the tables of a schema, or of all if it is empty.
func (h *Host) tableNames(schema string) []string {
	var names []string
	for _, t := range h.tables {
		if schema == "" || strings.EqualFold(t.Connection, schema) {
			names = append(names, t.Name)
		}
	}
	return names
}

// columnHint returns the column that may be meant, of the plugin's tables that the statement names.
func (h *Host) columnHint(tokens []token, name string) string {
	if !slices.ContainsFunc(tokens, func(t token) bool { return t.is("from") || t.is("update") || t.is("with") }) {
		return "the statement has no FROM"
	}
	qualifier, column := "", name
	if i := strings.LastIndex(name, "."); i >= 0 {
		qualifier, column = name[:i+1], name[i+1:]
	}
	var columns []string
	for _, t := range h.tables {
		if slices.ContainsFunc(tokens, func(tok token) bool { return tok.text == t.Name }) {
			for _, c := range t.columns {
				columns = append(columns, c.name)
			}
		}
	}
	if best := similar.To(strings.Trim(column, `"`), columns); best != "" {
		return didYouMean(qualifier + best)
	}
	return ""
}
