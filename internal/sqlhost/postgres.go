package sqlhost

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// translate replaces PostgreSQL's ILIKE by LIKE, which means the same in SQLite. It returns an error with SQLite's form
// for what SQLite doesn't have, or would compute as a number. Offsets in the statement stay as they are.
func translate(sql string, tokens []token) (string, []token, error) {
	s := speller{sql: sql, tokens: tokens}
	for i := range tokens {
		if e := s.foreign(i); e != nil {
			return sql, tokens, e
		}
	}
	for i, t := range tokens {
		if t.is("ilike") && i > 0 && i+1 < len(tokens) && s.endsOperand(i-1) && s.beginsOperand(i+1) {
			sql = sql[:t.begin] + "like " + sql[t.end:]
			tokens = slices.Clone(tokens)
			tokens[i].text = "like"
			s.tokens = tokens
		}
	}
	return sql, tokens, nil
}

// endsOperand reports whether a token can be the end of an operand, or NOT after one.
func (s *speller) endsOperand(i int) bool {
	return s.is(i, ")", "not", "?") || s.tokens[i].name() && !s.is(i, clauses...)
}

// beginsOperand reports whether a token can be the beginning of an operand.
func (s *speller) beginsOperand(i int) bool {
	return s.is(i, "(", "?", ":", "@") || s.tokens[i].name() && !s.is(i, clauses...)
}

// clauses are the words before and after which a name is no operand of ILIKE.
var clauses = []string{
	"select", "distinct", "from", "where", "group", "having", "order", "by", "limit", "union", "except", "intersect", "join", "left", "inner",
	"cross", "on", "using", "as", "and", "or", "asc", "desc", "then", "else", "end", "when", "case", "in", "is", "between", "with",
}

// foreign returns an error if PostgreSQL's syntax begins at a token.
func (s *speller) foreign(i int) *StatementError {
	switch {
	case s.is(i, ":") && s.is(i+1, ":") && s.tokens[i].end == s.tokens[i+1].begin:
		return s.castError(i)
	case s.is(i, "interval") && s.isText(i+1):
		return s.intervalError(i)
	case s.is(i, "date", "timestamp", "timestamptz") && s.isText(i+1) && !s.is(i-1, "as", "."):
		return s.error(i, i+1, "SQLite has no constants with a type", "write only "+s.text(i+1, i+1)+", which is compared with a time as a time")
	case s.is(i, "now") && s.is(i+1, "(") && s.is(i+2, ")") && (s.is(i+3, "+", "-") || s.is(i-1, "+", "-")) && !s.is(i+4, "interval"):
		return s.error(i, i+2, "SQLite can't add and subtract times", "julianday(now()) - julianday(updated_on) is a number of days, "+
			"and datetime(now(), '-30 days') is the time 30 days ago")
	case s.is(i, "cast") && s.is(i+1, "("):
		return s.typedCastError(i)
	}
	return nil
}

func (s *speller) error(first, last int, what, hint string) *StatementError {
	e := &StatementError{Err: errors.New(what), Hint: hint}
	e.mark(s.tokens, first, last, 0)
	return e
}

// text returns the text of the statement from one token to another.
func (s *speller) text(first, last int) string {
	return s.sql[s.tokens[first].begin:s.tokens[last].end]
}

// casts are SQLite's forms of PostgreSQL's casts, by the type.
var casts = map[string]string{
	"text": "cast(%s as text)", "varchar": "cast(%s as text)", "char": "cast(%s as text)",
	"int": "cast(%s as integer)", "integer": "cast(%s as integer)", "bigint": "cast(%s as integer)", "smallint": "cast(%s as integer)",
	"numeric": "cast(%s as real)", "decimal": "cast(%s as real)", "float": "cast(%s as real)", "real": "cast(%s as real)", "double": "cast(%s as real)",
	"date": "date(%s)", "time": "time(%s)", "timestamp": "datetime(%s)", "timestamptz": "datetime(%s)",
	"json": "json(%s)", "jsonb": "json(%s)", "boolean": "%s", "bool": "%s",
}

// castError is the error of value::type.
func (s *speller) castError(i int) *StatementError {
	first, last := s.operandBefore(i), i+1
	if last+1 < len(s.tokens) && s.tokens[last+1].name() {
		last++
	}
	form, known := casts[s.tokens[last].text]
	if first < 0 || !known {
		return s.error(max(first, 0), last, "SQLite has no casts with two colons", "write cast(… as …)")
	}
	return s.error(first, last, "SQLite has no casts with two colons", "write "+fmt.Sprintf(form, s.text(first, i-1)))
}

// typedCastError is the error of cast(value as date), which is a year in SQLite. It is nil for other casts.
func (s *speller) typedCastError(i int) *StatementError {
	end := s.closing(i + 1)
	if end == len(s.tokens) || !s.is(end-2, "as") || !s.is(end-1, "date", "time", "timestamp", "timestamptz") || end-3 < i+2 {
		return nil
	}
	form := fmt.Sprintf(casts[s.tokens[end-1].text], s.text(i+2, end-3))
	return s.error(i, end, "SQLite casts a time to its year", "write "+form)
}

// operandBefore returns the index of the first token of the operand that ends before a token, or -1.
func (s *speller) operandBefore(i int) int {
	i--
	if s.is(i, ")") {
		for depth := 0; i >= 0; i-- {
			if s.is(i, ")") {
				depth++
			} else if s.is(i, "(") {
				if depth--; depth == 0 {
					break
				}
			}
		}
		if i > 0 && s.tokens[i-1].name() && !s.is(i-1, clauses...) {
			i-- // the name of a function
		}
	}
	for i >= 2 && s.is(i-1, ".") {
		i -= 2
	}
	return i
}

// units are SQLite's names of PostgreSQL's units of time, with their number.
var units = map[string]struct {
	times int
	name  string
}{
	"second": {1, "seconds"}, "sec": {1, "seconds"}, "minute": {1, "minutes"}, "min": {1, "minutes"}, "hour": {1, "hours"},
	"day": {1, "days"}, "week": {7, "days"}, "month": {1, "months"}, "mon": {1, "months"}, "year": {1, "years"},
}

// intervalError is the error of time - interval 'n days'.
func (s *speller) intervalError(i int) *StatementError {
	const what = "SQLite has no interval"
	sign, first := "", i
	if s.is(i-1, "+", "-") {
		sign, first = s.tokens[i-1].text, max(s.operandBefore(i-1), 0)
	}
	words := strings.Fields(s.tokens[i+1].text)
	form := "now()"
	if first < i-1 {
		form = s.text(first, i-2)
	}
	call := "datetime(" + form
	for n := 0; n+1 < len(words); n += 2 {
		unit, known := units[strings.TrimSuffix(words[n+1], "s")]
		number := 0
		if _, err := fmt.Sscan(words[n], &number); err != nil || !known {
			words = nil
			break
		}
		call += fmt.Sprintf(", '%s%d %s'", strings.ReplaceAll(sign, "+", ""), number*unit.times, unit.name)
	}
	if len(words) < 2 || len(words)%2 != 0 {
		call = "datetime(now(), '-30 days'"
	}
	return s.error(first, i+1, what, "write "+call+")")
}

// syntaxHint returns SQLite's form of the PostgreSQL syntax at a token that SQLite doesn't understand, or "".
func syntaxHint(sql string, tokens []token, i int) string {
	s := speller{sql: sql, tokens: tokens}
	switch {
	case i < 0:
		return ""
	case s.is(i, "~") || s.is(i-1, "~"):
		return "SQLite has no regular expressions; write like or glob"
	case s.is(i, "on") && s.is(i-1, "distinct"):
		return "SQLite has no distinct on; write row_number() over (partition by …), and select the rows with 1"
	case s.is(i, "lateral"):
		return "SQLite needs no lateral: from t, json_each(t.column)"
	case s.is(i, "from") && s.is(i-3, "extract"):
		return "SQLite has no extract; write strftime('%Y', …), or unixepoch(…) for the seconds"
	case s.is(i, "time") && s.is(i-1, "at") && s.is(i+1, "zone"):
		return "times are in UTC; datetime(…, '+2 hours') moves one"
	case s.is(i-1, "array"):
		return "SQLite has no arrays; write json_array(…)"
	}
	return ""
}

// functionHints are SQLite's forms of PostgreSQL's functions.
var functionHints = map[string]string{
	"date_trunc":                "write date(…), or strftime('%Y-%m', …) for a month",
	"date_part":                 "write strftime('%Y', …)",
	"extract":                   "write strftime('%Y', …)",
	"to_char":                   "write strftime('%Y-%m-%d', …) for a time, or format('%.2f', …) for a number",
	"to_timestamp":              "write datetime(…, 'unixepoch')",
	"age":                       "julianday(now()) - julianday(…) is a number of days",
	"array_agg":                 "write json_group_array(…)",
	"json_agg":                  "write json_group_array(…)",
	"jsonb_agg":                 "write json_group_array(…)",
	"json_build_object":         "write json_object(…)",
	"jsonb_build_object":        "write json_object(…)",
	"jsonb_array_length":        "write json_array_length(…)",
	"jsonb_array_elements":      "write from …, json_each(…) as e, and select e.value",
	"jsonb_array_elements_text": "write from …, json_each(…) as e, and select e.value",
	"json_array_elements":       "write from …, json_each(…) as e, and select e.value",
	"jsonb_object_keys":         "write from …, json_each(…) as e, and select e.key",
	"split_part":                "write substr(…, 1, instr(…, '/') - 1) for the first part",
	"position":                  "write instr(…, 'x')",
	"left":                      "write substr(…, 1, n)",
	"right":                     "write substr(…, -n)",
	"greatest":                  "write max(…, …)",
	"least":                     "write min(…, …)",
	"bool_or":                   "write max(…)",
	"bool_and":                  "write min(…)",
	"any":                       "write in (…)",
	"regexp_replace":            "SQLite has no regular expressions; write replace(…, 'old', 'new')",
	"regexp":                    "SQLite has no regular expressions; write like or glob",
}

// now is PostgreSQL's now(): the time at which the statement began.
func (m module) now(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
	at := time.Now()
	if h := m.host.Value(); h != nil && h.running != nil {
		at = h.running.began
	}
	return formatTimestamp(at), nil
}
