package sqlhost

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// An edit is a change to the text of a statement, with which SQLite makes the same comparison as PostgreSQL. PostgreSQL
// goes by the type of the column.
type edit struct {
	column     string // in lower case
	of         Type   // required type of the column
	begin, end int    // offsets in the statement
	constant   string // the text at the offsets, in lower case
}

// spell rewrites a statement for SQLite. It replaces a text next to a boolean column by SQLite's number: is_private =
// 'true'. It adds the collation to a time that SQLite would compare as text, because the left side is not a column:
// max(updated_on) > '2026-11-30'. Only SQLite knows the meaning of a name. So spell changes nothing unless all columns
// of the name that the statement reads have the type.
func (h *Host) spell(ctx context.Context, sql string, tokens []token) (string, error) {
	found := edits(sql, tokens, h.names)
	if len(found) == 0 {
		return sql, nil
	}
	read := map[string]Type{}
	if len(tokens) > 2 && tokens[0].is("create") && slices.ContainsFunc(tokens[1:3], func(t token) bool { return t.is("view") }) {
		for name, types := range h.names { // SQLite doesn't report the columns of a view
			if len(types) == 1 {
				read[name] = types[0]
			}
		}
	} else {
		var err error
		if read, err = h.columnsRead(ctx, sql); err != nil {
			return sql, nil // the statement itself will return the error
		}
	}
	for _, e := range slices.Backward(found) {
		if read[e.column] != e.of {
			continue
		}
		text := " collate " + timestampCollation
		if e.of == Boolean {
			value, ok := parseBoolean(e.constant)
			if !ok {
				return "", noBoolean(e.column, e.constant)
			}
			text = map[bool]string{true: "1", false: "0"}[value]
		}
		sql = sql[:e.begin] + text + sql[e.end:]
	}
	return sql, nil
}

// A columnRead is a column of any table, the plugin's or not.
type columnRead struct{ schema, table, name string }

// noteColumn records a column that a statement reads.
func (s *statement) noteColumn(action sqlite.AuthorizerActionCode, table, column, schema string) {
	if action != sqlite.AuthRead || column == "" {
		return
	}
	if s.columns == nil {
		s.columns = map[columnRead]bool{}
	}
	s.columns[columnRead{schema, table, column}] = true
}

// columnsRead returns the names, in lower case, of the columns that a statement reads, with the type if all columns of
// the name have the same.
func (h *Host) columnsRead(ctx context.Context, sql string) (map[string]Type, error) {
	rows, err := h.run(ctx, "explain "+sql, nil)
	if err != nil {
		return nil, err
	}
	read := h.running.columns
	if err := rows.end(); err != nil {
		return nil, err
	}
	types := map[string]Type{}
	for c := range read {
		declared, err := h.declared(ctx, c)
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(c.name)
		if before, seen := types[name]; seen && before != declared {
			declared = ""
		}
		types[name] = declared
	}
	return types, nil
}

// declared returns the type of a column.
func (h *Host) declared(ctx context.Context, c columnRead) (Type, error) {
	rows, err := h.conn.(driver.QueryerContext).QueryContext(ctx, "select type from pragma_table_xinfo(?, ?) where name = ? collate nocase",
		[]driver.NamedValue{{Ordinal: 1, Value: c.table}, {Ordinal: 2, Value: c.schema}, {Ordinal: 3, Value: c.name}})
	if err != nil {
		return "", err
	}
	defer rows.Close()
	found := make([]driver.Value, 1)
	if err := rows.Next(found); err != nil {
		return "", nil // for example a rowid
	}
	declared, _ := found[0].(string)
	return declaredType(declared), nil
}

// timeFunctions are the functions that return a time if their first argument is a time.
var timeFunctions = []string{"max", "min", "coalesce", "ifnull", "nullif", "first_value", "last_value", "lag", "lead"}

// edits returns the possible changes to a statement, in order. names are the names of columns with their types.
func edits(sql string, tokens []token, names map[string][]Type) []edit {
	s := speller{sql: sql, tokens: tokens}
	for i, t := range tokens {
		types := names[t.text]
		if types == nil || !t.name() || s.isText(i) || s.renamed(t.text) {
			continue
		}
		begin := i
		for begin >= 2 && tokens[begin-1].is(".") {
			begin -= 2
		}
		s.column = t.text
		if slices.Contains(types, Boolean) {
			s.constantsAfter(i + 1)
			s.constantsBefore(begin - 1)
		}
		if slices.Contains(types, Timestamp) {
			s.times(begin, i, true)
		}
	}
	slices.SortFunc(s.found, func(a, b edit) int { return a.begin - b.begin })
	return slices.CompactFunc(s.found, func(a, b edit) bool { return a.begin == b.begin })
}

// A speller examines the tokens around the name of a column.
type speller struct {
	sql    string
	tokens []token
	column string
	found  []edit
}

func (s *speller) is(i int, texts ...string) bool {
	return i >= 0 && i < len(s.tokens) && slices.ContainsFunc(texts, s.tokens[i].is)
}

func (s *speller) isText(i int) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].quoted && s.sql[s.tokens[i].begin] == '\''
}

// renamed reports whether the statement uses the name as an alias.
func (s *speller) renamed(name string) bool {
	for i := 2; i < len(s.tokens); i++ {
		if s.tokens[i].text == name && s.is(i-1, "as") && s.tokens[i-2].text != name {
			return true
		}
	}
	return false
}

// alone reports whether the operand between two tokens is not part of a longer operand.
func (s *speller) alone(begin, end int) bool {
	return !s.is(begin-1, "|", "-", "+", "*", "/", "%", "&", "~") && !s.is(end+1, "|", "-", "+", "*", "/", "%", "&", ".", "(", "collate")
}

// constant records an edit for token i if it is a constant text.
func (s *speller) constant(i int) {
	if s.isText(i) && s.alone(i, i) {
		t := s.tokens[i]
		s.found = append(s.found, edit{s.column, Boolean, t.begin, t.end, t.text})
	}
}

// comparing are the comparison operators.
var comparing = []string{"=", "==", "<>", "!=", "<", "<=", ">", ">="}

// operator returns the number of tokens of the comparison operator at i, or 0 if there is none. step is 1 or -1.
func (s *speller) operator(i, step int) int {
	text := ""
	for at := i; s.is(at, "=", "<", ">", "!"); at += step {
		if step > 0 {
			text += s.tokens[at].text
		} else {
			text = s.tokens[at].text + text
		}
	}
	if slices.Contains(comparing, text) {
		return len(text)
	}
	return 0
}

// constantsAfter examines the tokens after the column's name.
func (s *speller) constantsAfter(i int) {
	if n := s.operator(i, 1); n > 0 {
		s.constant(i + n)
		return
	}
	if s.is(i, "not") {
		i++
	}
	switch {
	case s.is(i, "is"):
		i++
		if s.is(i, "not") {
			i++
		}
		if s.is(i, "distinct") && s.is(i+1, "from") {
			i += 2
		}
		s.constant(i)
	case s.is(i, "between"):
		s.constant(i + 1)
		if s.is(i+2, "and") {
			s.constant(i + 3)
		}
	case s.is(i, "in") && s.is(i+1, "("):
		for i += 2; i < len(s.tokens) && !s.is(i, "(", ")"); i++ {
			if s.is(i-1, "(", ",") && s.is(i+1, ")", ",") {
				s.constant(i)
			}
		}
	case s.is(i, "when"):
		s.cases(i)
	}
}

// cases examines the branches of CASE column WHEN constant THEN ….
func (s *speller) cases(i int) {
	for depth := 0; i < len(s.tokens) && depth >= 0; i++ {
		switch {
		case s.is(i, "case"):
			depth++
		case s.is(i, "end"):
			depth--
		case depth == 0 && s.is(i, "when") && s.is(i+2, "then"):
			s.constant(i + 1)
		}
	}
}

// constantsBefore examines the tokens before the column's name: 'true' = is_private.
func (s *speller) constantsBefore(i int) {
	if n := s.operator(i, -1); n > 0 {
		s.constant(i - n)
	} else if s.is(i, "is") {
		s.constant(i - 1)
	}
}

// times examines a time between two tokens. It adds the collation if the time is compared and is not a column on the
// left, which has its collation. It also examines the function around the time.
func (s *speller) times(begin, end int, column bool) {
	right := s.operator(begin-1, -1) > 0
	left := s.operator(end+1, 1) > 0 || s.is(end+1, "not", "in", "between", "is") && !s.is(end+2, "null")
	if right || left && !column {
		s.collate(begin, end)
	}
	open := begin - 1
	if s.is(open, "distinct") {
		open--
	}
	if !s.is(open, "(") || !s.is(open-1, timeFunctions...) || !s.is(end+1, ",", ")") {
		return
	}
	end = s.closing(open)
	for s.is(end+1, "filter", "over") {
		if s.is(end+2, "(") {
			end = s.closing(end + 2)
		} else {
			end += 2
		}
	}
	s.times(open-1, end, false)
}

func (s *speller) collate(begin, end int) {
	if s.alone(begin, end) && end < len(s.tokens) {
		at := s.tokens[end].end
		s.found = append(s.found, edit{s.column, Timestamp, at, at, ""})
	}
}

// closing returns the index of the token that closes a parenthesis.
func (s *speller) closing(open int) int {
	depth := 0
	for i := open; i < len(s.tokens); i++ {
		switch {
		case s.is(i, "("):
			depth++
		case s.is(i, ")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s.tokens)
}
