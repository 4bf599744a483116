package api

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+(\.\.\.)?\}`)

// Path fills the placeholders of an API path with values, escaped so that each stays one segment:
//
//	Path("/2.0/repositories/{workspace}/{repo_slug}", "acme", "{1c26…}")
//
// A placeholder with dots takes a path of its own, which keeps its slashes and may be empty, for the root:
//
//	Path("/2.0/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}", "acme", "site", "HEAD", "docs/a.md")
//
// Any other empty value leaves its placeholder standing. Path panics if there are more or fewer values than
// placeholders, which is a mistake in the program.
func Path(template string, values ...string) string {
	if n := len(placeholder.FindAllString(template, -1)); n != len(values) {
		panic(fmt.Sprintf("api: path %s has %d placeholders, not %d", template, n, len(values)))
	}
	return placeholder.ReplaceAllStringFunc(template, func(name string) string {
		value := values[0]
		values = values[1:]
		switch {
		case strings.HasSuffix(name, "...}"):
			parts := strings.Split(value, "/")
			for i, part := range parts {
				parts[i] = escapeSegment(part)
			}
			return strings.Join(parts, "/")
		case value == "":
			return name
		}
		return escapeSegment(value)
	})
}

// escapeSegment also escapes the colon of account ids, which Bitbucket wants escaped.
func escapeSegment(value string) string {
	return strings.ReplaceAll(url.PathEscape(value), ":", "%3A")
}

// checkSegments guards against identifiers that would make a path another endpoint's: one that is missing, "." and "..".
// Nothing on Bitbucket is called so, and that is what the error says. A slash may end the path: that of a folder does.
func checkSegments(u *url.URL) error {
	parts := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, part := range parts {
		name := unescape(part)
		isFolder := name == "" && i > 0 && i == len(parts)-1
		if name == "" && !isFolder || name == "." || name == ".." || placeholder.FindString(name) == name && name != "" {
			e := newError(u, http.StatusNotFound, nil)
			e.Message, e.isOwn, e.isElsewhere = "nothing has such a name", true, false
			return e
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
