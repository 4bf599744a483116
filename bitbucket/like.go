package bitbucket

import (
	"regexp"
	"strings"
	"unicode"
)

// A folding says which texts are the same to LIKE.
type folding int

const (
	exactly     folding = iota
	foldedASCII         // in upper and lower case, as far as the letters are ASCII
	folded              // in upper and lower case, if the text is in lower case
)

// like translates a LIKE pattern: % any text, _ one character, a backslash takes the next one literally.
func like(pattern string, how folding) *regexp.Regexp {
	var re strings.Builder
	re.WriteString("(?s)^")
	for _, piece := range likePieces(pattern) {
		switch {
		case piece.any:
			re.WriteString(".*")
		case piece.one:
			re.WriteString(".")
		case how == folded:
			re.WriteString(regexp.QuoteMeta(strings.ToLower(piece.literal)))
		case how == foldedASCII:
			re.WriteString(ignoringCase(piece.literal))
		default:
			re.WriteString(regexp.QuoteMeta(piece.literal))
		}
	}
	re.WriteString("$")
	return regexp.MustCompile(re.String())
}

// ignoringCase matches a text with its ASCII letters in any case. Go's own flag for that would take the sign for Kelvin for a k.
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

type likePiece struct {
	any, one bool
	literal  string
}

func likePieces(pattern string) []likePiece {
	var pieces []likePiece
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			pieces = append(pieces, likePiece{literal: literal.String()})
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
			pieces = append(pieces, likePiece{any: true})
		case char == '_':
			flush()
			pieces = append(pieces, likePiece{one: true})
		default:
			literal.WriteRune(char)
		}
	}
	flush()
	return pieces
}
