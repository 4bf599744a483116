package api

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// The client only sends the token to a next page that belongs to the same list.
func FuzzNext(f *testing.F) {
	for _, address := range []string{
		"https://api.bitbucket.org/2.0/repositories/acme?page=2", "https://bitbucket.org/!api/2.0/repositories/acme?page=2", "//evil.test/2.0/repositories/acme",
		"https://api.bitbucket.org@evil.test/2.0/repositories/acme", "https://api.bitbucket.org:443/2.0/repositories/%61cme?ctx=a&page=2", "http://api.bitbucket.org/2.0/repositories/acme",
		"https://api.bitbucket.org/2.0/repositories/{1}/../user", "HTTPS://API.BITBUCKET.ORG/2.0/repositories/ACME#f", "\x00",
	} {
		f.Add(address)
	}
	from := &url.URL{Scheme: "https", Host: "api.bitbucket.org", Path: "/2.0/repositories/acme", RawQuery: "pagelen=100"}
	f.Fuzz(func(t *testing.T, address string) {
		quoted := gjson.Parse(quoteJSON(address))
		next, err := nextURL(quoted, from)
		if err != nil {
			if text := err.Error(); len(text) > 2000 || !utf8.ValidString(text) {
				t.Errorf("%q: %q", address, text)
			}
			return
		}
		again, err := url.Parse(next.String())
		if err != nil {
			t.Fatalf("%q was accepted for %q, which is not an address: %v", address, next, err)
		}
		parts := strings.Split(strings.Trim(again.EscapedPath(), "/"), "/")
		if again.Scheme != "https" || !strings.EqualFold(again.Hostname(), "api.bitbucket.org") || again.Port() != "" && again.Port() != "443" || again.User != nil || again.Fragment != "" {
			t.Errorf("%q leads to %s", address, again)
		}
		if len(parts) != 3 || parts[0] != "2.0" || !strings.EqualFold(parts[1], "repositories") {
			if name, _ := url.PathUnescape(parts[len(parts)-1]); len(parts) != 3 || !isUUID(name) && !strings.EqualFold(name, "acme") {
				t.Errorf("%q leads to another list, %s", address, again)
			}
		}
	})
}

func quoteJSON(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\x00", `\u0000`).Replace(s) + `"`
}

// An invalid first page is an error, and a valid one has a list.
func FuzzPage(f *testing.F) {
	for _, body := range []string{
		`{"values": [], "size": 0, "page": 1, "pagelen": 10}`, `{"values": null}`, `{"values": [1], "next": null, "size": 1e99, "page": -1}`, `{"values": [], "values": 3}`, `[]`, `null`, ``, `{"values":[`,
	} {
		f.Add([]byte(body))
	}
	from := &url.URL{Scheme: "https", Host: "api.bitbucket.org", Path: "/2.0/repositories/acme", RawQuery: "page=3"}
	f.Fuzz(func(t *testing.T, body []byte) {
		document, ok := jsontree.Parse(string(body))
		if !ok {
			return // seen before
		}
		p, err := parsePage(document, from)
		if err == nil && (!p.values.IsArray() || p.size < -1 || p.length < 0 || p.number < 0) {
			t.Errorf("%s was read as %+v", body, p)
		}
	})
}

// Whatever the body of the answer, the text of an error is short and printable.
func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		`{"type": "error", "error": {"message": "no", "detail": {"required": ["a"], "granted": []}, "data": {"announcement_url": "https://developer.atlassian.com/x"}}}`,
		`{"error": "invalid_grant", "error_description": "<html>"}`, `<!DOCTYPE html><html>`, `{"error": {"message": ["a"], "detail": 3, "fields": {"a": {"b": []}}}}`, "Not Found", `null`, "\xff\x1b[31m", `{"error":{"detail":{"required":"x"}}}`,
	} {
		f.Add(404, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := newError(&url.URL{Path: "/2.0/user"}, status, body)
		text := err.Error()
		if n := utf8.RuneCountInString(text); n > 4000 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%d characters: %q", n, text)
		}
		if page := strings.TrimSpace(string(body)); strings.HasPrefix(page, "<") && err.Message+err.Detail != "" {
			t.Errorf("a web page is shown: %q", text)
		}
		if missing, ok := MissingScope(err); ok && (len(missing) == 0 || slices.Contains(missing, "")) {
			t.Errorf("missing scopes %q", missing)
		}
	})
}
