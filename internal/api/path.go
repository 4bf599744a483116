package api

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// Path fills the placeholders of an API path with values, escaped so that each stays one segment:
//
//	Path("/2.0/repositories/{workspace}/{repo_slug}", "acme", "{1c26…}")
//
// It panics if there are more or fewer values than placeholders, which is a mistake in the program.
func Path(template string, values ...string) string {
	if n := len(placeholder.FindAllString(template, -1)); n != len(values) {
		panic(fmt.Sprintf("api: path %s has %d placeholders, not %d", template, n, len(values)))
	}
	return placeholder.ReplaceAllStringFunc(template, func(string) string {
		value := values[0]
		values = values[1:]
		return escapeSegment(value)
	})
}

// escapeSegment also escapes the colon of account ids, which Bitbucket wants escaped.
func escapeSegment(value string) string {
	return strings.ReplaceAll(url.PathEscape(value), ":", "%3A")
}

// namesSomething guards against identifiers that would make a path another endpoint's: an empty
// one, "." and "..". Nothing on Bitbucket is called so, and that is what the error says.
func namesSomething(u *url.URL) error {
	for segment := range strings.SplitSeq(strings.TrimPrefix(u.EscapedPath(), "/"), "/") {
		switch unescape(segment) {
		case "", ".", "..":
			return newError(u, http.StatusNotFound, nil)
		}
	}
	return nil
}

// segments are the unescaped parts of a path between its slashes.
func segments(u *url.URL) []string {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, part := range parts {
		parts[i] = unescape(part)
	}
	return parts
}

// unescape leaves as it is what is not properly escaped.
func unescape(segment string) string {
	if unescaped, err := url.PathUnescape(segment); err == nil {
		return unescaped
	}
	return segment
}

// origin is the scheme, host and port of an address.
func origin(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func sameOrigin(a, b *url.URL) bool { return origin(a) == origin(b) }
