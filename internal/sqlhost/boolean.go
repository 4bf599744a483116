package sqlhost

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"modernc.org/sqlite"
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
	return fmt.Errorf("%s is true or false, and is compared with %v: write true or false (beside the column's name 'yes', 'no', 'on', 'off', 't', 'f', '1' and '0' will do)", column, v)
}

// A spelling is a constant text beside the name of a column with booleans: is_private = 'true'. In SQLite, whose booleans are
// numbers, no boolean is equal to it.
type spelling struct {
	column string // in lower case
	token  token
}

// spellBooleans writes what is a word for a boolean to PostgreSQL as the boolean that SQLite knows, wherever it stands beside a
// column. What a name means only SQLite knows for certain: so a word stays as it is unless all columns of that name which the
// statement reads are booleans.
func (h *Host) spellBooleans(ctx context.Context, sql string, tokens []token) (string, error) {
	found := spellings(sql, tokens, h.booleans)
	if len(found) == 0 {
		return sql, nil
	}
	read, err := h.columnsRead(ctx, sql)
	if err != nil {
		return sql, nil // which will be said of the statement itself
	}
	isView := tokens[0].is("create") && slices.ContainsFunc(tokens[:min(len(tokens), 3)], func(t token) bool { return t.is("view") })
	for _, s := range slices.Backward(found) {
		if !isView && !read[s.column] { // of a view SQLite doesn't say what it reads
			continue
		}
		value, ok := parseBoolean(s.token.text)
		if !ok {
			return "", noBoolean(s.column, s.token.text)
		}
		number := "0"
		if value {
			number = "1"
		}
		sql = sql[:s.token.begin] + number + sql[s.token.end:]
	}
	return sql, nil
}

// columnsRead returns the names, in lower case, of the columns that a statement reads, and whether all of the name are booleans.
func (h *Host) columnsRead(ctx context.Context, sql string) (map[string]bool, error) {
	rows, err := h.run(ctx, "explain "+sql, nil)
	if err != nil {
		return nil, err
	}
	read := h.running.columns
	if err := rows.end(); err != nil {
		return nil, err
	}
	booleans := map[string]bool{}
	for c := range read {
		column := strings.ToLower(c.name)
		declared, err := h.declared(ctx, c)
		if err != nil {
			return nil, err
		}
		before, seen := booleans[column]
		booleans[column] = declared == Boolean && (before || !seen)
	}
	return booleans, nil
}

// A columnRead is a column of any table, the plugin's or not.
type columnRead struct{ schema, table, name string }

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
		return "", nil // such as of a column that is the rowid
	}
	declared, _ := found[0].(string)
	return declaredType(declared), nil
}

// noteColumn notes a column that a statement reads.
func (s *statement) noteColumn(action sqlite.AuthorizerActionCode, table, column, schema string) {
	if action != sqlite.AuthRead || column == "" {
		return
	}
	if s.columns == nil {
		s.columns = map[columnRead]bool{}
	}
	s.columns[columnRead{schema, table, column}] = true
}

// comparing are the operators by which a column and a constant are compared, in tokens.
var comparing = [][]string{
	{"=", "="}, {"=", ""}, {"<", ">"}, {"!", "="}, {"<", "="}, {">", "="}, {"<", ""}, {">", ""},
}

// spellings finds the constant texts that are compared with a column of one of the names, or are listed for it.
func spellings(sql string, tokens []token, names map[string]bool) []spelling {
	s := speller{sql: sql, tokens: tokens}
	for i, t := range tokens {
		if !t.name() || s.isText(i) || !names[t.text] || i > 0 && tokens[i-1].is("as") {
			continue
		}
		s.column = t.text
		s.after(i + 1)
		for i >= 2 && tokens[i-1].is(".") {
			i -= 2
		}
		s.before(i - 1)
	}
	slices.SortFunc(s.found, func(a, b spelling) int { return a.token.begin - b.token.begin })
	return slices.CompactFunc(s.found, func(a, b spelling) bool { return a.token == b.token })
}

// A speller looks at the tokens around the name of a column.
type speller struct {
	sql    string
	tokens []token
	column string
	found  []spelling
}

func (s *speller) is(i int, texts ...string) bool {
	return i >= 0 && i < len(s.tokens) && slices.ContainsFunc(texts, s.tokens[i].is)
}

func (s *speller) isText(i int) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].quoted && s.sql[s.tokens[i].begin] == '\''
}

// constant notes token i if it is a constant text, and not the beginning of a longer expression.
func (s *speller) constant(i int) {
	if s.isText(i) && !s.is(i+1, "|", "-", "+", "*", "/", "%", "&", "collate", ".") && !s.is(i-1, "|", "-", "+", "*", "/", "%", "&") {
		s.found = append(s.found, spelling{s.column, s.tokens[i]})
	}
}

// after looks at what follows the column's name.
func (s *speller) after(i int) {
	if n := s.operator(i); n > 0 {
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

// operator returns how many tokens the operator at i has, or 0 if there is none.
func (s *speller) operator(i int) int {
	for _, o := range comparing {
		if !s.is(i, o[0]) {
			continue
		}
		if o[1] == "" {
			return 1
		}
		if s.is(i+1, o[1]) {
			return 2
		}
	}
	return 0
}

// cases looks at the branches of CASE column WHEN constant THEN ….
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

// before looks at what stands before the column's name: 'true' = is_private.
func (s *speller) before(i int) {
	switch {
	case s.is(i, "=", ">", "<"):
		for i--; s.is(i, "=", "<", ">", "!"); i-- {
		}
		s.constant(i)
	case s.is(i, "is"):
		s.constant(i - 1)
	}
}
