package api

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How many characters of others' text are shown.
const (
	maxText = 300
	maxWord = 80
)

// text prepares a sentence of the service for an error message; HTML is left out.
func text(s string) string {
	if isHTML(s) {
		return ""
	}
	return clean(s, maxText)
}

// clean makes one line of printable characters, no longer than the limit.
func clean(s string, limit int) string {
	s = s[:min(len(s), 16*limit)] // no need to look at megabytes
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case r == utf8.RuneError, !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit]) + "…"
	}
	return s
}

func cleanPath(u *url.URL) string { return clean(u.Path, maxText) }

// isHTML tells a web page from other text.
func isHTML(s string) bool {
	s = strings.ToLower(s[:min(len(s), 1024)])
	return strings.HasPrefix(strings.TrimSpace(s), "<") || strings.Contains(s, "<html") || strings.Contains(s, "<!doctype")
}
