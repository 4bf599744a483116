package sqlvalue

import (
	"regexp"
	"strings"
	"unicode"
)

// A Folding determines which texts are equal to LIKE.
type Folding int

// The foldings of LIKE, and of ILIKE with and without a locale.
const (
	Exactly     Folding = iota
	FoldedASCII         // ignores the case of ASCII letters
	Folded              // ignores case, if the text is in lower case
)

// Like translates a LIKE pattern: % matches any text, _ matches one character, and a backslash escapes the next
// character.
func Like(pattern string, how Folding) *regexp.Regexp {
	var re strings.Builder
	re.WriteString("(?s)^")
	for _, piece := range Pieces(pattern) {
		switch {
		case piece.Any:
			re.WriteString(".*")
		case piece.One:
			re.WriteString(".")
		case how == Folded:
			re.WriteString(regexp.QuoteMeta(strings.ToLower(piece.Literal)))
		case how == FoldedASCII:
			re.WriteString(ignoringCase(piece.Literal))
		default:
			re.WriteString(regexp.QuoteMeta(piece.Literal))
		}
	}
	re.WriteString("$")
	return regexp.MustCompile(re.String())
}

// ignoringCase matches a text with its ASCII letters in any case. Go's own flag would also match the Kelvin sign with
// k.
func ignoringCase(s string) string {
	var re strings.Builder
	for _, char := range s {
		if lower, upper := unicode.ToLower(char), unicode.ToUpper(char); char <= unicode.MaxASCII && lower != upper {
			re.WriteString("[" + string(lower) + string(upper) + "]")
			continue
		}
		re.WriteString(regexp.QuoteMeta(string(char)))
	}
	return re.String()
}

// A Piece is a part of a LIKE pattern: any text, one character, or a literal.
type Piece struct {
	Any, One bool
	Literal  string
}

// Pieces returns the parts of a LIKE pattern, in order.
func Pieces(pattern string) []Piece {
	var pieces []Piece
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			pieces = append(pieces, Piece{Literal: literal.String()})
			literal.Reset()
		}
	}
	escaped := false
	for _, char := range pattern {
		switch {
		case escaped:
			literal.WriteRune(char)
			escaped = false
		case char == '\\':
			escaped = true
		case char == '%':
			flush()
			pieces = append(pieces, Piece{Any: true})
		case char == '_':
			flush()
			pieces = append(pieces, Piece{One: true})
		default:
			literal.WriteRune(char)
		}
	}
	flush()
	return pieces
}
