package postgres

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a JSON document, which are within those of jsonb. It can't have deeper ones or larger numbers; what is
// beyond is kept as text.
const (
	deepest  = 1000
	longest  = 1000 // characters of a number
	farthest = 1000 // exponent of a number
)

// storedText returns a text that PostgreSQL can store.
func storedText(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// document returns a JSON document that jsonb can store, which JSON in general is not. One odd document must not stop a
// run for good.
func document(s string) string {
	s = storedText(s)
	if !json.Valid([]byte(s)) {
		return encode(s)
	}
	var changed strings.Builder
	copied, depth := 0, 0
	for i := 0; i < len(s); {
		end, token := i+1, ""
		switch c := s[i]; {
		case c == '[' || c == '{':
			if depth++; depth > deepest {
				return encode(s)
			}
		case c == ']' || c == '}':
			depth--
		case c == '"':
			end = i + stringLength(s[i:])
			token = storedString(s[i:end])
		case c == '-' || '0' <= c && c <= '9':
			end = i + numberLength(s[i:])
			token = storedNumber(s[i:end])
		}
		if token != "" && token != s[i:end] {
			changed.WriteString(s[copied:i])
			changed.WriteString(token)
			copied = end
		}
		i = end
	}
	if copied == 0 {
		return s
	}
	return changed.String() + s[copied:]
}

func stringLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func numberLength(s string) int {
	if i := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("+-.0123456789eE", r) }); i >= 0 {
		return i
	}
	return len(s)
}

// storedString replaces escapes of what is no character: half of a pair, and NUL.
func storedString(token string) string {
	if !strings.Contains(token, `\u`) {
		return token
	}
	var s string
	if json.Unmarshal([]byte(token), &s) != nil { // replaces half pairs
		return token
	}
	if clean := storedText(s); clean != s || strings.Contains(s, "\ufffd") {
		return encode(clean)
	}
	return token
}

func storedNumber(token string) string {
	exponent := 0
	if at := strings.IndexAny(token, "eE"); at >= 0 {
		var err error
		if exponent, err = strconv.Atoi(token[at+1:]); err != nil {
			return encode(token)
		}
	}
	if len(token) > longest || exponent > farthest || exponent < -farthest {
		return encode(token)
	}
	return token
}

// encode returns a text as JSON.
func encode(s string) string {
	encoded, _ := json.Marshal(s) // texts can be encoded
	return string(encoded)
}
