package fakebitbucket

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenSign
	tokenValue
)

type bbqlToken struct {
	kind  tokenKind
	text  string
	value any // for a tokenValue: string, float64 or time.Time
}

// The tokens of BBQL. They are tried in this order at each position.
var (
	blank      = regexp.MustCompile(`^\s+`)
	stringExp  = regexp.MustCompile(`^"((?:[^"\\]|\\.)*)"`)
	timeExp    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?`)
	numberExp  = regexp.MustCompile(`^-?\d+(\.\d+)?`)
	signExp    = regexp.MustCompile(`^(!=|!~|>=|<=|[=~><(),])`)
	wordExp    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*`)
	escapedExp = regexp.MustCompile(`\\(.)`)
)

// The formats of a datetime. It is UTC unless it has an offset.
var timeLayouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
}

func lexBBQL(query string) ([]bbqlToken, error) {
	var tokens []bbqlToken
	for rest := query; ; {
		rest = rest[len(blank.FindString(rest)):]
		if rest == "" {
			return append(tokens, bbqlToken{kind: tokenEnd, text: "end of query"}), nil
		}
		t, length, err := lexOne(rest)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		rest = rest[length:]
	}
}

func lexOne(rest string) (bbqlToken, int, error) {
	if s := stringExp.FindString(rest); s != "" {
		return bbqlToken{tokenValue, s, escapedExp.ReplaceAllString(s[1:len(s)-1], "$1")}, len(s), nil
	}
	if s := timeExp.FindString(rest); s != "" {
		t, err := parseTime(s)
		return bbqlToken{tokenValue, s, t}, len(s), err
	}
	if s := numberExp.FindString(rest); s != "" {
		n, err := strconv.ParseFloat(s, 64)
		return bbqlToken{tokenValue, s, n}, len(s), err
	}
	if s := signExp.FindString(rest); s != "" {
		return bbqlToken{tokenSign, s, nil}, len(s), nil
	}
	if s := wordExp.FindString(rest); s != "" {
		return bbqlToken{tokenWord, s, nil}, len(s), nil
	}
	return bbqlToken{}, 0, badRequest("Invalid query: cannot read %q", firstWord(rest))
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, badRequest("Invalid query: %q is not a date and time", s)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}
