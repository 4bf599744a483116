package api

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How many characters of others' text are shown.
const (
	maxText  = 300
	maxPlain = 200
	maxWord  = 80
)

// text prepares a sentence of the service for an error message; HTML is left out.
func text(s string) string {
	if isHTML(s) {
		return ""
	}
	return sanitize(s, maxText)
}

// plainText prepares a text that came instead of JSON. Whoever wrote it, it must not show a secret: what looks like one is
// left out as well as what is known to be.
func plainText(s string) string {
	if isHTML(s) || strings.Contains(s, "<") {
		return ""
	}
	s = credential.ReplaceAllString(sanitize(s, 4*maxPlain), "$1$2$4[removed]$3")
	s = longWord.ReplaceAllStringFunc(s, func(word string) string {
		if strings.ContainsAny(word, "0123456789") {
			return "[removed]"
		}
		return word
	})
	return sanitize(s, maxPlain)
}

var (
	// credential is how credentials are written: in a header, before a host, or in a query.
	credential = regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)[^\s]{16,}|(://)[^\s/@]+(@)|((?:token|password|secret)=)[^\s&]+`)
	// longWord may be a token if there are digits in it.
	longWord = regexp.MustCompile(`[A-Za-z0-9+_=-]{20,}`)
)

// sanitize makes one line of printable characters, no longer than the limit.
func sanitize(s string, limit int) string {
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

func cleanPath(u *url.URL) string { return sanitize(u.Path, maxText) }

// isHTML tells a web page from other text.
func isHTML(s string) bool {
	s = strings.ToLower(s[:min(len(s), 1024)])
	return strings.HasPrefix(strings.TrimSpace(s), "<") || strings.Contains(s, "<html") || strings.Contains(s, "<!doctype")
}
