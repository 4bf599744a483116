package sqlhost

import (
	"fmt"
	"slices"
	"strings"
)

// A Statement is a statement of a script.
type Statement struct {
	Text  string
	Begin int // offset in the script
}

// Statements splits a script at the semicolons between statements, but not inside strings, quoted names and comments.
// It omits empty statements, and comments around statements. An incomplete statement is an error of type
// [*StatementError]. It doesn't recognise the body of a trigger.
func Statements(script string) ([]Statement, error) {
	tokens, err := lex(script)
	if err != nil {
		return nil, err
	}
	var statements []Statement
	var open []token // parentheses
	begin, end := -1, 0
	for _, t := range tokens {
		switch {
		case t.is("("):
			open = append(open, t)
		case t.is(")") && len(open) > 0:
			open = open[:len(open)-1]
		case t.is(";"):
			if len(open) > 0 {
				return nil, incomplete(script, open[0].begin, "a parenthesis")
			}
			if begin >= 0 {
				statements = append(statements, Statement{script[begin:end], begin})
			}
			begin = -1
			continue
		}
		if begin < 0 {
			begin = t.begin
		}
		end = t.end
	}
	if len(open) > 0 {
		return nil, incomplete(script, open[0].begin, "a parenthesis")
	}
	if begin >= 0 {
		statements = append(statements, Statement{script[begin:end], begin})
	}
	return statements, nil
}

// Complete reports whether a script ends with a semicolon after its last statement, or has no statement.
func Complete(script string) bool {
	tokens, err := lex(script)
	return err == nil && (len(tokens) == 0 || tokens[len(tokens)-1].is(";"))
}

func incomplete(script string, at int, what string) error {
	line := 1 + strings.Count(script[:at], "\n")
	return &StatementError{Err: fmt.Errorf("incomplete statement: %s opened in line %d is not closed", what, line), Begin: at, End: at + 1}
}

// A token is a piece of SQL: a word (a keyword, a name, a number), a quoted name or string, or any other single
// character. Comments are not tokens.
type token struct {
	text       string // in lower case; without quotes
	quoted     bool
	begin, end int // offsets in the script
}

// is reports whether the token is a keyword or a character.
func (t token) is(text string) bool { return !t.quoted && t.text == text }

func (t token) name() bool { return t.quoted || isWord(t.text[0]) }

// isWord reports whether a byte can be part of a name in SQLite.
func isWord(b byte) bool {
	return b == '_' || b == '$' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b >= 0x80
}

// closings are the closing quotes by opening quote.
var closings = map[byte]byte{'\'': '\'', '"': '"', '`': '`', '[': ']'}

func lex(script string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(script); {
		rest := script[i:]
		switch b := script[i]; {
		case strings.IndexByte(" \t\r\n\f", b) >= 0:
			i++
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return nil, incomplete(script, i, "a comment")
			}
			i += n + len("/**/")
		case closings[b] != 0:
			n := quotedLength(rest, closings[b])
			if n < 0 {
				return nil, incomplete(script, i, "a quote")
			}
			closing := string(closings[b])
			text := strings.ReplaceAll(rest[1:n-1], closing+closing, closing)
			tokens = append(tokens, token{strings.ToLower(text), true, i, i + n})
			i += n
		case isWord(b):
			n := 1
			for n < len(rest) && isWord(rest[n]) {
				n++
			}
			tokens = append(tokens, token{strings.ToLower(rest[:n]), false, i, i + n})
			i += n
		default:
			tokens = append(tokens, token{rest[:1], false, i, i + 1})
			i++
		}
	}
	return tokens, nil
}

// quotedLength returns the length of the quoted text at the beginning of s, including its quotes, or -1 if it is not
// closed. Except for ], a double closing quote is a quote in the text.
func quotedLength(s string, closing byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != closing {
			continue
		}
		if closing != ']' && i+1 < len(s) && s[i+1] == closing {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

// qualifiers returns the names before a dot, which may be names of schemas.
func qualifiers(tokens []token) []string {
	var names []string
	for i := 1; i < len(tokens); i++ {
		if tokens[i].is(".") && tokens[i-1].name() && !slices.Contains(names, tokens[i-1].text) {
			names = append(names, tokens[i-1].text)
		}
	}
	return names
}

// constantsOf returns the texts, numbers and names in a statement, in lower case.
func constantsOf(tokens []token) map[string]bool {
	all := make(map[string]bool)
	for _, t := range tokens {
		all[t.text] = true
	}
	return all
}

// enumerates reports whether a statement may compare a column with each value of a list. SQLite doesn't tell a virtual
// table whether = is part of one.
func enumerates(tokens []token) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return t.is("in") || t.is("or") })
}

// collates reports whether a statement may compare text otherwise than byte by byte: with a COLLATE outside ORDER BY,
// or LIKE with ESCAPE. SQLite doesn't tell a virtual table which collation a term uses, and 'A' and 'a' may be equal in
// it, but not to the plugin. Of LIKE with ESCAPE, the virtual table only gets the terms that SQLite derives, see
// [derived].
func collates(tokens []token) bool {
	sorting := []bool{false} // whether in ORDER BY, by depth of parentheses
	for i, t := range tokens {
		top := len(sorting) - 1
		switch {
		case t.is("("):
			sorting = append(sorting, false)
		case t.is(")") && top > 0:
			sorting = sorting[:top]
		case t.is("by") && i > 0 && tokens[i-1].is("order"):
			sorting[top] = true
		case t.is("limit"):
			sorting[top] = false
		case t.is("escape"):
			return true
		case t.is("collate") && !sorting[top]:
			if i+1 == len(tokens) || tokens[i+1].text != "binary" && tokens[i+1].text != timestampCollation {
				return true
			}
		}
	}
	return false
}
