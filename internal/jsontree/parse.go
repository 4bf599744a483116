package jsontree

import (
	"math"
	"strings"
)

// deepest is the largest depth of nested values, as in encoding/json.
const deepest = 10000

// parse checks a text against the grammar of https://www.rfc-editor.org/rfc/rfc8259. Like other parsers, it accepts
// invalid UTF-8 in strings. It rejects texts of 4 GiB or more.
func parse(text string) (*tree, bool) {
	if uint64(len(text)) > math.MaxUint32 {
		return nil, false
	}
	const bytesEach = 24 // about the size of a value, so that the list of nodes rarely grows
	t := &tree{text: text, nodes: make([]node, 0, len(text)/bytesEach+1)}
	i := t.value(t.space(0), node{}, 0)
	return t, i >= 0 && t.space(i) == len(text)
}

// value records the value that begins at i, and the values inside it. It returns the index after the value, or -1 if it
// is invalid.
func (t *tree) value(i int, n node, depth int) int {
	at := len(t.nodes)
	n.start = uint32(i)
	t.nodes = append(t.nodes, n)
	switch {
	case i >= len(t.text):
		return -1
	case t.text[i] == '"':
		i, _ = afterString(t.text, i+1)
	case t.text[i] == '{':
		i = t.members(i, '}', at, depth+1)
	case t.text[i] == '[':
		i = t.members(i, ']', at, depth+1)
	default:
		i = afterWord(t.text, i)
	}
	if i < 0 {
		return -1
	}
	t.nodes[at].end, t.nodes[at].next = uint32(i), uint32(len(t.nodes))
	return i
}

// members records the fields of an object, or the elements of an array, which begins at i and ends with closing.
func (t *tree) members(i int, closing byte, at, depth int) int {
	if depth > deepest {
		return -1
	}
	if i = t.space(i + 1); t.is(closing, i) {
		return i + 1
	}
	for {
		member := node{parent: uint32(at)}
		if closing == '}' {
			member.name = uint32(i + 1)
			if i = t.afterName(i); i < 0 {
				return -1
			}
		}
		if i = t.value(i, member, depth); i < 0 {
			return -1
		}
		if i = t.space(i); t.is(closing, i) {
			return i + 1
		}
		if !t.is(',', i) {
			return -1
		}
		i = t.space(i + 1)
	}
}

// afterName returns the index of the value of the field whose name begins at i, or -1.
func (t *tree) afterName(i int) int {
	if !t.is('"', i) {
		return -1
	}
	i, escapes := afterString(t.text, i+1)
	if i < 0 {
		return -1
	}
	t.escapes = t.escapes || escapes
	if i = t.space(i); !t.is(':', i) {
		return -1
	}
	return t.space(i + 1)
}

func (t *tree) is(c byte, i int) bool { return i < len(t.text) && t.text[i] == c }

// space returns the index after white space. Most texts contain hardly any, so a separate function skips it, and the
// compiler can inline this one.
func (t *tree) space(i int) int {
	if i < len(t.text) && t.text[i] <= ' ' {
		return afterSpace(t.text, i)
	}
	return i
}

func afterSpace(s string, i int) int {
	for i < len(s) && strings.IndexByte(" \n\r\t", s[i]) >= 0 {
		i++
	}
	return i
}

// plain are the bytes that have no special meaning in a string.
var plain = func() (set [256]bool) {
	for c := range set {
		set[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return set
}()

// afterString returns the index after the string that starts before i, or -1, and whether it contains escapes.
func afterString(s string, i int) (end int, escapes bool) {
	for {
		for i+4 <= len(s) && plain[s[i]] && plain[s[i+1]] && plain[s[i+2]] && plain[s[i+3]] { // a fifth faster than one by one
			i += 4
		}
		for i < len(s) && plain[s[i]] {
			i++
		}
		switch {
		case i >= len(s) || s[i] < ' ':
			return -1, escapes
		case s[i] == '"':
			return i + 1, escapes
		}
		escapes = true
		if i = afterEscape(s, i+1); i < 0 {
			return -1, escapes
		}
	}
}

// afterEscape returns the index after the escape whose backslash is before i, or -1.
func afterEscape(s string, i int) int {
	switch {
	case i >= len(s):
		return -1
	case s[i] != 'u':
		if strings.IndexByte(`"\/bfnrt`, s[i]) < 0 {
			return -1
		}
		return i + 1
	case i+5 > len(s) || strings.Trim(s[i+1:i+5], "0123456789abcdefABCDEF") != "":
		return -1
	}
	return i + 5
}

// afterWord returns the index after a number, true, false or null, or -1.
func afterWord(s string, i int) int {
	for _, word := range [...]string{"null", "true", "false"} {
		if strings.HasPrefix(s[i:], word) {
			return i + len(word)
		}
	}
	return afterNumber(s, i)
}

func afterNumber(s string, i int) int {
	if s[i] == '-' {
		i++
	}
	whole := i
	i = afterDigits(s, i)
	if i == whole || i > whole+1 && s[whole] == '0' {
		return -1
	}
	if i < len(s) && s[i] == '.' {
		decimals := i + 1
		if i = afterDigits(s, decimals); i == decimals {
			return -1
		}
	}
	if i < len(s) && s[i]|' ' == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		exponent := i
		if i = afterDigits(s, exponent); i == exponent {
			return -1
		}
	}
	return i
}

func afterDigits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}
