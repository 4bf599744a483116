package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// noAdvice marks the end of an error without advice.
const noAdvice = "\n"

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
			`GET /2.0/x: Bitbucket answered 404 Not Found: Repository acme/site not found - it does not exist, or the connected user can't see it`,
		},
		"detail a string": {
			404, `{"type": "error", "error": {"message": "Resource not found", "detail": "There is no API hosted at this URL.\n\nFor information see: https://developer.atlassian.com/"}}`,
			Error{Message: "Resource not found", Detail: "There is no API hosted at this URL. For information see: https://developer.atlassian.com/"},
			`404 Not Found: Resource not found: There is no API hosted at this URL. For information see: https://developer.atlassian.com/ - Atlassian has removed or moved this endpoint, or a proxy answers in Bitbucket's place. Check base_url`,
		},
		"missing scope": {
			403, `{"type": "error", "error": {"message": "Your credentials lack one or more required privilege scopes.", "detail": {"required": ["repository:admin"], "granted": ["account", "repository"]}}}`,
			Error{Message: "Your credentials lack one or more required privilege scopes.", Required: []string{"repository:admin"}, Granted: []string{"account", "repository"}},
			`403 Forbidden: Your credentials lack one or more required privilege scopes - this needs the scope repository:admin; the token has account, repository. Give the token this scope. For an OAuth consumer, tick it in the consumer's permissions and log in again`,
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
		"another reason": {
			403, `{"type": "error", "error": {"message": "In order to access this workspace, you must enable two-step verification."}}`,
			Error{Message: "In order to access this workspace, you must enable two-step verification."},
			`403 Forbidden: In order to access this workspace, you must enable two-step verification` + noAdvice,
		},
		"unauthorized for another reason": {
			401, `{"type": "error", "error": {"message": "You do not have access to view this workspace."}}`,
			Error{Message: "You do not have access to view this workspace."},
			`401 Unauthorized: You do not have access to view this workspace` + noAdvice,
		},
		"detail a list":   {400, `{"error": {"message": "m", "detail": ["a", "b", 3]}}`, Error{Message: "m", Detail: "a; b"}, `400 Bad Request: m: a; b - Bitbucket did not accept`},
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
		"unauthorized":           {401, `{"error": {"message": "Token is invalid, expired, or not supported for this endpoint."}}`, Error{Message: "Token is invalid, expired, or not supported for this endpoint."}, `for this endpoint - the credentials are expired, revoked, or not valid for this`},
		"timeout":                {555, `{"error": {"message": "m"}}`, Error{Message: "m"}, `555 Timeout in the service: m - Bitbucket took too long to compute this answer`},
		"trouble":                {503, ``, Error{}, `503 Service Unavailable - Bitbucket has a problem and several attempts failed; try again later`},
		"unknown status":         {299 + 300, ``, Error{}, `Bitbucket answered 599`},
		"plain not found":        {404, "Not Found\n", Error{Message: "Not Found"}, `404 Not Found: Not Found - Atlassian has removed or moved`},
		"plain text":             {404, `Not Found secret`, Error{}, `404 Not Found - Atlassian has removed or moved`},
		"web page":               {404, `<!DOCTYPE html><html>secret</html>`, Error{}, `404 Not Found - Atlassian has removed or moved`},
		"web page in JSON":       {502, `{"error": {"message": "<html>secret</html>", "detail": "  <p>secret"}}`, Error{}, `502 Bad Gateway - Bitbucket`},
		"null":                   {404, `null`, Error{}, `404 Not Found - Atlassian has removed or moved`},
		"array":                  {404, `["secret"]`, Error{}, `404 Not Found - Atlassian has removed or moved`},
		"error null":             {404, `{"error": null}`, Error{}, `404 Not Found - Atlassian has removed or moved`},
		"control characters":     {400, `{"error": {"message": "a\u001b[31mb\u0000\r\nc\u202ed"}}`, Error{Message: "a [31mb cd"}, `: a [31mb cd`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newError(&url.URL{Path: "/2.0/x", RawQuery: "access_token=secret"}, tt.status, []byte(tt.body))
			tt.want.StatusCode, tt.want.Method, tt.want.Path = tt.status, http.MethodGet, "/2.0/x"
			if diff := gocmp.Diff(&tt.want, got, cmpopts.IgnoreUnexported(Error{})); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if text := got.Error() + noAdvice; !strings.Contains(text, tt.wantText) || strings.Contains(text, "secret") {
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

// An error shows a short text, without anything that could be a secret.
func TestPlainText(t *testing.T) {
	t.Parallel()
	const token = "ATATT3xFfGF0-s3cr3t/1=A1B2C3D4"
	apiToken := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann@acme.test:"+token))
	tests := map[string]struct {
		status int
		kind   string // of the body; by default text/plain
		body   string
		want   string // of the message; "" if none of the text is shown
		advice bool
	}{
		"locked out":      {401, "", "Too many invalid password attempts. Log in at https://id.atlassian.com/ to restore access.\n", "Too many invalid password attempts. Log in at https://id.atlassian.com/ to restore access", false},
		"a refusal":       {403, "text/plain; charset=utf-8", "Your IP address is not on the allowlist of acme.", "Your IP address is not on the allowlist of acme", false},
		"several lines":   {400, "", "first\r\n\tsecond", "first second", true},
		"long":            {400, "", strings.Repeat("word ", 1000), strings.TrimSpace(strings.Repeat("word ", 40)) + " …", true},
		"our token":       {401, "", "bad token " + token, "bad token [token]", true},
		"our pair":        {401, "", "bad ann@acme.test:" + token + "!", "bad [token]!", true},
		"our header":      {401, "", "bad " + apiToken, "bad Basic [token]", true},
		"escaped":         {401, "", "bad token " + url.QueryEscape(token), "bad token [token]", true},
		"another's token": {400, "", "bad token ATATT3xFfGF0anothersToken1", "bad token [removed]", true},
		"another header":  {400, "", "Authorization: Bearer abcdefghijklmnopq", "Authorization: Bearer [removed]", true},
		"in an address":   {400, "", "https://ann:hunter2@acme.test/?access_token=short&x=1", "https://[removed]@acme.test/?access_token=[removed]&x=1", true},
		"plain words":     {400, "", "Basic authentication is not supported", "Basic authentication is not supported", true},
		"a web page":      {403, "", "<!DOCTYPE html><html>secret</html>", "", true},
		"markup in it":    {403, "", "Blocked by <b>secret</b>", "", true},
		"of another type": {403, "text/html", "secret", "", true},
		"of no type":      {403, "-", "secret", "", true},
		"nothing":         {403, "", " ", "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newMemoryClient(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if tt.kind != "-" {
					w.Header().Set("Content-Type", cmp.Or(tt.kind, "text/plain"))
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}, func(c *Config) { c.Authorizer = unrenewable(apiToken) })
			_, err := client.Bytes(t.Context(), "/2.0/user", nil, 1)
			if err == nil {
				t.Fatal("no error")
			}
			said, advice, advised := strings.Cut(strings.TrimPrefix(err.Error(), fmt.Sprintf("GET /2.0/user: Bitbucket answered %d %s", tt.status, http.StatusText(tt.status))), " - ")
			if diff := gocmp.Diff(tt.want, strings.TrimPrefix(said, ": ")); diff != "" || advised != tt.advice {
				t.Errorf("advice %q, words (-want +got):\n%s", advice, diff)
			}
			if IsExplained(err) || IsForbidden(err) || IsNotFound(err) {
				t.Error("it is taken for Bitbucket's own word")
			}
		})
	}
}

// A refusal of an API token without a reason may be caused by its scopes.
func TestBareRefusalOfAnAPIToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		credential, body, accepted string
		want                       string
	}{
		"an API token":             {"Basic YW5uOkFUQVRUM3g=", "Forbidden", "", "the connected user's role does not allow it, or the API token lacks a scope. No scope of an API token includes"},
		"and what is needed":       {"Basic YW5uOkFUQVRUM3g=", "Forbidden", "account, repository", "lacks a scope (the one that OAuth calls account, repository). "},
		"an API token, explained":  {"Basic YW5uOkFUQVRUM3g=", "You must be an administrator.", "account", "You must be an administrator" + noAdvice},
		"another token":            {"Bearer s3cr3t", "Forbidden", "account", "the connected user's role does not allow it" + noAdvice},
		"an API token, no message": {"Basic YW5uOkFUQVRUM3g=", "", "", "lacks a scope"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if tt.accepted != "" {
					w.Header().Set("X-Accepted-OAuth-Scopes", tt.accepted)
				}
				answer(http.StatusForbidden, fmt.Sprintf(`{"type": "error", "error": {"message": %q}}`, tt.body))(w, req)
			}, func(c *Config) { c.Authorizer = unrenewable(tt.credential) })
			_, err := client.Get(t.Context(), "/2.0/user/workspaces", nil)
			if text := err.Error() + noAdvice; !strings.Contains(text, tt.want) {
				t.Errorf("got  %s\nwant in it %s", text, tt.want)
			}
		})
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

// Errors distinguish a refused object from a refused user.
func TestWhoIsRefused(t *testing.T) {
	t.Parallel()
	const (
		refused = 1 << iota
		unanswered
		unauthorized
		forbidden
		notFound
		noEndpoint
	)
	tests := map[string]struct {
		answer http.HandlerFunc
		want   int
	}{
		"role":                  {answer(403, `{"error": {"message": "You must be an administrator."}}`), refused | forbidden},
		"bare":                  {answer(403, `{"error": {"message": "Forbidden"}}`), refused | forbidden},
		"in plain text":         {plainly(403, "Your IP address is not allowed."), refused},
		"scope":                 {answer(403, `{"error": {"message": "no", "detail": {"required": ["account"], "granted": []}}}`), forbidden},
		"web page":              {answer(403, `<html>no</html>`), 0},
		"no access, by 401":     {answer(401, `{"type": "error", "error": {"message": "You do not have access to view this workspace."}}`), refused | forbidden},
		"dead token":            {acceptOnly(), unauthorized},
		"locked out":            {plainly(401, "Too many invalid password attempts. Log in at https://id.atlassian.com/ to restore access."), unauthorized},
		"nothing said":          {answer(401, ``), unauthorized},
		"not found":             {answer(404, `{"error": {"message": "no"}}`), notFound},
		"no such endpoint":      {answer(404, `{"type": "error", "error": {"message": "Resource not found", "detail": "There is no API hosted at this URL.\n\nFor information…"}}`), noEndpoint},
		"not found, plainly":    {plainly(404, "Not Found"), noEndpoint},
		"not found, web page":   {answer(404, `<html>no</html>`), noEndpoint},
		"not found, no error":   {answer(404, `{"message": "no Route matched with those values"}`), noEndpoint},
		"gone":                  {answer(410, `{"error": {"message": "no"}}`), 0},
		"bad request":           {answer(400, `{"error": {"message": "no"}}`), 0},
		"trouble":               {answer(503, ``), unanswered},
		"trouble, web page":     {answer(502, `<html>no</html>`), unanswered},
		"too long to compute":   {answer(555, `{"error": {"message": "no"}}`), unanswered},
		"silence":               {func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, unanswered},
		"another form":          {answer(200, `[]`), 0},
		"quota":                 {answer(429, ``), 0},
		"another host":          {http.RedirectHandler("https://evil.example/", http.StatusFound).ServeHTTP, 0},
		"not what was expected": {answer(501, ``), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := newMemoryClient(t, tt.answer, func(c *Config) { c.Authorizer, c.MaxWait = unrenewable("Bearer s3cr3t"), -1 })
				_, err := client.Get(t.Context(), "/2.0/workspaces/acme", nil)
				got := 0
				for i, is := range []func(error) bool{IsRefused, IsUnanswered, IsUnauthorized, IsForbidden, IsNotFound, IsNoEndpoint} {
					if is(fmt.Errorf("wrapped: %w", err)) {
						got |= 1 << i
					}
				}
				if err == nil || got != tt.want {
					t.Errorf("got %06b, want %06b of error %v", got, tt.want, err)
				}
			})
		})
	}
	t.Run("a refusal that follows a renewal which failed", func(t *testing.T) {
		t.Parallel()
		client := newMemoryClient(t, acceptOnly(), func(c *Config) {
			c.Authorizer = &credentialSource{current: "Bearer old", renewErr: errors.New("dead")}
		})
		if _, err := client.Get(t.Context(), "/2.0/user", nil); IsRefused(err) || IsUnanswered(err) || !IsUnauthorized(err) {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("a host that can't be reached", func(t *testing.T) {
		t.Parallel()
		for name, cause := range map[string]error{
			"refused": &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
			"no name": &net.DNSError{Err: "no such host", IsNotFound: true},
			"silent":  &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded},
		} {
			synctest.Test(t, func(t *testing.T) {
				client, err := New(Config{Transport: unreachable{cause}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := client.Get(t.Context(), "/2.0/user", nil); err == nil || IsUnanswered(err) || IsRefused(err) {
					t.Errorf("%s: got error %v", name, err)
				}
			})
		}
	})
	t.Run("a query that ends", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		client := newMemoryClient(t, func(_ http.ResponseWriter, req *http.Request) { cancel(); <-req.Context().Done() })
		if _, err := client.Get(ctx, "/2.0/user", nil); err != context.Canceled || IsUnanswered(err) {
			t.Errorf("got error %v", err)
		}
	})
}

// unreachable is a transport that always fails.
type unreachable struct{ err error }

func (u unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, u.err }

// plainly returns a handler that answers with a text.
func plainly(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
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
			if diff := gocmp.Diff(tt.want, got); diff != "" || ok != (tt.want != nil) {
				t.Errorf("missing scopes, %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}
