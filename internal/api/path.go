package api

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var placeholder = regexp.MustCompile(`^\{[a-z_]+(\.\.\.)?\}$`)

// Path replaces the placeholders of an API path by values, escaped so that each remains one segment:
//
//	Path("/2.0/repositories/{workspace}/{repo_slug}", "acme", "{1c26…}")
//
// A placeholder with dots takes a whole path, which keeps its slashes and may be empty, for the root:
//
//	Path("/2.0/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}", "acme", "site", "HEAD", "docs/a.md")
//
// Any other empty value leaves its placeholder unchanged. Path panics if the number of values is not the number of
// placeholders, which is a mistake in the program.
func Path(template string, values ...string) string {
	var path strings.Builder
	n := 0
	for rest := template; rest != ""; n++ {
		fixed, name, found := strings.Cut(rest, "{")
		path.WriteString(fixed)
		if !found {
			break
		}
		name, rest, _ = strings.Cut(name, "}")
		if n < len(values) {
			path.WriteString(escapeValue(name, values[n]))
		}
	}
	if n != len(values) {
		panic(fmt.Sprintf("api: path %s has %d placeholders, not %d", template, n, len(values)))
	}
	return path.String()
}

// escapeValue returns the text that replaces a placeholder.
func escapeValue(name, value string) string {
	switch {
	case strings.HasSuffix(name, "..."):
		parts := strings.Split(value, "/")
		for i, part := range parts {
			parts[i] = escapeSegment(part)
		}
		return strings.Join(parts, "/")
	case value == "":
		return "{" + name + "}"
	}
	return escapeSegment(value)
}

// escapeSegment escapes a segment. It also escapes the colon of account ids, as Bitbucket requires.
func escapeSegment(value string) string {
	return strings.ReplaceAll(url.PathEscape(value), ":", "%3A")
}

// checkSegments rejects empty, "." and ".." segments and placeholders, which would address another endpoint. No object
// on Bitbucket has such a name, and the error says so. The path of a folder may end in a slash.
func checkSegments(u *url.URL) error {
	parts := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, part := range parts {
		name := unescape(part)
		isFolder := name == "" && i > 0 && i == len(parts)-1
		if name == "" && !isFolder || name == "." || name == ".." || isPlaceholder(name) {
			e := newError(u, http.StatusNotFound, nil)
			e.Message, e.isOwn, e.isElsewhere = "no object has this name", true, false
			return e
		}
	}
	return nil
}

// isPlaceholder reports whether Path has left a placeholder in the place of a value.
func isPlaceholder(segment string) bool {
	return strings.HasPrefix(segment, "{") && placeholder.MatchString(segment)
}

// segments returns the unescaped parts of a path between its slashes.
func segments(u *url.URL) []string {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, part := range parts {
		parts[i] = unescape(part)
	}
	return parts
}

// unescape returns the unescaped segment, or the segment itself if its escaping is invalid.
func unescape(segment string) string {
	if unescaped, err := url.PathUnescape(segment); err == nil {
		return unescaped
	}
	return segment
}

// origin returns the scheme, host and port of an address.
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
