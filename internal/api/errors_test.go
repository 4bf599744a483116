package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status   int
		body     string
		want     Error
		wantText string
	}{
		"message": {
			404, `{"type": "error", "error": {"message": "Repository acme/site not found"}}`,
			Error{Message: "Repository acme/site not found"},
			`GET /2.0/x: Bitbucket answered 404 Not Found: Repository acme/site not found - it does not exist, or the connected user may not see it`,
		},
		"detail a string": {
			404, `{"type": "error", "error": {"message": "Resource not found", "detail": "There is no API hosted at this URL.\n\nFor information see: https://developer.atlassian.com/"}}`,
			Error{Message: "Resource not found", Detail: "There is no API hosted at this URL. For information see: https://developer.atlassian.com/"},
			`404 Not Found: Resource not found: There is no API hosted at this URL. For information see: https://developer.atlassian.com/ - it`,
		},
		"missing scope": {
			403, `{"type": "error", "error": {"message": "Your credentials lack one or more required privilege scopes.", "detail": {"required": ["repository:admin"], "granted": ["account", "repository"]}}}`,
			Error{Message: "Your credentials lack one or more required privilege scopes.", Required: []string{"repository:admin"}, Granted: []string{"account", "repository"}},
			`403 Forbidden: Your credentials lack one or more required privilege scopes - this needs the scope repository:admin; the token has account, repository. Give the token that scope; for an OAuth consumer: tick it in the consumer's permissions, and log in again`,
		},
		"missing one scope of two": {
			403, `{"error": {"message": "x", "detail": {"required": ["account", "repository"], "granted": ["account"]}}}`,
			Error{Message: "x", Required: []string{"account", "repository"}, Granted: []string{"account"}},
			`this needs the scope repository; the token has account.`,
		},
		"missing role": {
			403, `{"type": "error", "error": {"message": "Forbidden"}}`,
			Error{Message: "Forbidden"},
			`403 Forbidden: Forbidden - the connected user's role does not allow it`,
		},
		"detail a list":   {400, `{"error": {"message": "m", "detail": ["a", "b", 3]}}`, Error{Message: "m", Detail: "a; b"}, `400 Bad Request: m: a; b - the service did not accept`},
		"detail a number": {400, `{"error": {"message": "m", "detail": 3}}`, Error{Message: "m"}, `400 Bad Request: m - `},
		"fields, repeated in the message": {
			400, `{"type": "error", "error": {"fields": {"parents": []}, "message": "parents: Commit not found: 1a7e"}}`,
			Error{Message: "parents: Commit not found: 1a7e"}, `: parents: Commit not found: 1a7e - `,
		},
		"fields": {
			400, `{"error": {"message": "Bad request", "fields": {"pagelen": "Invalid pagelen", "q": ["no", "not so"]}}}`,
			Error{Message: "Bad request", Detail: "pagelen: Invalid pagelen; q: no; not so"}, `Bad request: pagelen: Invalid pagelen; q: no; not so`,
		},
		"pipelines": {
			404, `{"error": {"code": 404, "message": "Not Found", "detail": "The requested pipeline was not found", "data": {"key": "x"}}}`,
			Error{Message: "Not Found", Detail: "The requested pipeline was not found"}, `404 Not Found: Not Found: The requested pipeline was not found - `,
		},
		"OAuth":             {400, `{"error_description": "Invalid token", "error": "invalid_request"}`, Error{Message: "Invalid token"}, `: Invalid token`},
		"OAuth, error only": {400, `{"error": "invalid_grant"}`, Error{Message: "invalid_grant"}, `: invalid_grant`},
		"gone": {
			410, `{"type": "error", "error": {"message": "CHANGE-2770 - Functionality has been deprecated", "detail": "d", "data": {"announcement_url": "https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770"}}, "data": {}}`,
			Error{Message: "CHANGE-2770 - Functionality has been deprecated", Detail: "d", MoreInfo: "https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770"},
			`410 Gone: CHANGE-2770 - Functionality has been deprecated: d - Atlassian has removed this, or the workspace or repository has been deleted (https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770)`,
		},
		"announcement elsewhere": {410, `{"error": {"message": "m", "data": {"announcement_url": "https://evil.example/x.atlassian.com"}}}`, Error{Message: "m"}, `has been deleted`},
		"unauthorized":           {401, `{"error": {"message": "Token is invalid, expired, or not supported for this endpoint."}}`, Error{Message: "Token is invalid, expired, or not supported for this endpoint."}, `for this endpoint - the credentials are expired or revoked, or not good for this`},
		"timeout":                {555, `{"error": {"message": "m"}}`, Error{Message: "m"}, `555 Timeout in the service: m - the service took too long to compute this answer`},
		"trouble":                {503, ``, Error{}, `503 Service Unavailable - the service is in trouble, also after more attempts; try again later`},
		"unknown status":         {299 + 300, ``, Error{}, `Bitbucket answered 599`},
		"plain not found":        {404, "Not Found\n", Error{Message: "Not Found"}, `404 Not Found: Not Found - it`},
		"plain text":             {404, `Not Found secret`, Error{}, `404 Not Found - it`},
		"web page":               {404, `<!DOCTYPE html><html>secret</html>`, Error{}, `404 Not Found - it`},
		"web page in JSON":       {502, `{"error": {"message": "<html>secret</html>", "detail": "  <p>secret"}}`, Error{}, `502 Bad Gateway - the`},
		"null":                   {404, `null`, Error{}, `404 Not Found - it`},
		"array":                  {404, `["secret"]`, Error{}, `404 Not Found - it`},
		"error null":             {404, `{"error": null}`, Error{}, `404 Not Found - it`},
		"control characters":     {400, `{"error": {"message": "a\u001b[31mb\u0000\r\nc\u202ed"}}`, Error{Message: "a [31mb cd"}, `: a [31mb cd`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newError(&url.URL{Path: "/2.0/x", RawQuery: "access_token=secret"}, tt.status, []byte(tt.body))
			tt.want.StatusCode, tt.want.Method, tt.want.Path = tt.status, http.MethodGet, "/2.0/x"
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreUnexported(Error{})); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if text := got.Error(); !strings.Contains(text, tt.wantText) || strings.Contains(text, "secret") {
				t.Errorf("got text  %s\nwant in it %s", text, tt.wantText)
			}
		})
	}
}

func TestErrorIsShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é ", 1_000_000)
	body := `{"error": {"message": "` + long + `", "detail": {"required": ["` + long + `"]}}}`
	text := newError(&url.URL{Path: "/" + long}, 403, []byte(body)).Error()
	if n := utf8.RuneCountInString(text); n > 1200 || !utf8.ValidString(text) {
		t.Errorf("the error has %d characters", n)
	}
}

func TestPredicates(t *testing.T) {
	t.Parallel()
	tests := map[int]func(error) bool{401: IsUnauthorized, 403: IsForbidden, 404: IsNotFound, 410: IsGone}
	for status, is := range tests {
		for other := range tests {
			for body, explained := range map[string]bool{`{"error": {"message": "no"}}`: true, `<html>no</html>`: false, ``: false} {
				client := newMemoryClient(t, answer(other, body))
				_, err := client.Get(t.Context(), "/2.0/user", nil)
				want := status == other && (explained || status == http.StatusUnauthorized)
				if is(err) != want {
					t.Errorf("the predicate for %d says %v of %d with %q", status, is(err), other, body)
				}
			}
		}
		if is(nil) {
			t.Errorf("the predicate for %d is true of nil", status)
		}
	}
}

func TestMissingScope(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want []string
	}{
		"one":                  {`{"error": {"detail": {"required": ["project:admin"], "granted": ["project"]}}}`, []string{"project:admin"}},
		"named though granted": {`{"error": {"detail": {"required": ["project"], "granted": ["project"]}}}`, []string{"project"}},
		"a role":               {`{"error": {"message": "Forbidden"}}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newMemoryClient(t, answer(403, tt.body)).Get(t.Context(), "/2.0/user", nil)
			got, ok := MissingScope(err)
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != (tt.want != nil) {
				t.Errorf("missing scopes, %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}
