package api

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The largest numbers of characters to show of texts from outside.
const (
	maxText  = 300
	maxPlain = 200
	maxWord  = 80
)

// messageText returns a message of Bitbucket's for an error, or an empty text for HTML.
func messageText(s string) string {
	if isHTML(s) {
		return ""
	}
	return sanitize(s, maxText)
}

// plainText returns a text that is not JSON for an error. Its author is unknown, so it removes not only known secrets
// but also all texts that look like secrets.
func plainText(s string) string {
	if isHTML(s) || strings.Contains(s, "<") {
		return ""
	}
	s = credentialPattern.ReplaceAllString(sanitize(s, 4*maxPlain), "$1$2$4[removed]$3")
	s = longWord.ReplaceAllStringFunc(s, func(word string) string {
		if strings.ContainsAny(word, "0123456789") {
			return "[removed]"
		}
		return word
	})
	return sanitize(s, maxPlain)
}

var (
	// credentialPattern matches the forms of credentials: in a header, before a host, or in a query.
	credentialPattern = regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)[^\s]{16,}|(://)[^\s/@]+(@)|((?:token|password|secret)=)[^\s&]+`)
	// longWord matches a word that may be a token if it contains digits.
	longWord = regexp.MustCompile(`[A-Za-z0-9+_=-]{20,}`)
)

// sanitize returns one line of printable characters, cut at the limit.
func sanitize(s string, limit int) string {
	s = s[:min(len(s), 16*limit)] // no need to read megabytes
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

// isHTML reports whether a text is a web page.
func isHTML(s string) bool {
	s = strings.ToLower(s[:min(len(s), 1024)])
	return strings.HasPrefix(strings.TrimSpace(s), "<") || strings.Contains(s, "<html") || strings.Contains(s, "<!doctype")
}
