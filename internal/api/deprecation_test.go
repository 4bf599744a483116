package api

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestNoticesAreLoggedOncePerEndpoint(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/2.0/user" {
			w.Header().Set("Deprecation", "@1787184000")
			w.Header().Set("Sunset", "Fri, 21 Aug 2026 00:00:00 GMT")
			w.Header().Set("Link", `<https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-3071>; rel="deprecation"`)
		}
		answer(http.StatusOK, `{"a": 1}`)(w, req)
	}, func(c *Config) { c.Logger = hclog.New(&hclog.LoggerOptions{Output: &log}) })
	for _, path := range []string{"/2.0/user", "/2.0/repositories/a/b/issues", "/2.0/repositories/c/d/issues", "/2.0/repositories/a/b/issues/7", "/2.0/repositories/a/b/issues/8"} {
		if _, err := client.Get(t.Context(), path, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`endpoint="/2.0/repositories/*/*/issues" `, `endpoint="/2.0/repositories/*/*/issues/*" `, "21 Aug 2026", "CHANGE-3071"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not hold %q:\n%s", want, log.String())
		}
	}
	if got := strings.Count(log.String(), "[WARN]"); got != 2 {
		t.Errorf("%d warnings, want 2:\n%s", got, log.String())
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"/2.0/repositories/acme":                                  "/2.0/repositories/*",
		"/2.0/repositories/acme/site/refs/branches":               "/2.0/repositories/*/*/refs/branches",
		"/2.0/repositories/acme/site/pullrequests/12/comments":    "/2.0/repositories/*/*/pullrequests/*/comments",
		"/2.0/workspaces/repositories/projects/KEY/deploy-keys":   "/2.0/workspaces/*/projects/*/deploy-keys",
		"/2.0/user/workspaces/acme/permissions/repositories":      "/2.0/user/workspaces/*/permissions/repositories",
		"/2.0/users/557058%3Aba89":                                "/2.0/users/*",
		"/2.0/repositories/%7B1c%7D/x/pipelines/%7Bd7c7%7D/steps": "/2.0/repositories/*/*/pipelines/*/steps",
		"/1.0/groups/acme":                                        "/1.0/groups/*",
		"/2.0/user":                                               "/2.0/user",
	}
	for path, want := range tests {
		u, err := url.Parse("https://api.bitbucket.org" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := endpointPattern(&http.Request{URL: u}); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
