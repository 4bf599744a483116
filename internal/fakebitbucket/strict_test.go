package fakebitbucket

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestViolations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path  string
		change        func(*http.Request)
		wantStatus    int
		wantViolation string // "": no violation
	}{
		"fine":                {"GET", "/2.0/user", nil, 200, ""},
		"escaped braces":      {"GET", "/2.0/repositories/%7B%7D/%7Bx%7D", nil, 404, ""},
		"unknown path":        {"GET", "/2.0/users", nil, 404, "the path is unknown"},
		"trailing slash":      {"GET", "/2.0/user/", nil, 404, "the path is unknown"},
		"doubled slash":       {"GET", "/2.0/repositories//x", nil, 404, "the path is unknown"},
		"no API":              {"GET", "/3.0/user", nil, 404, "the address is unknown"},
		"unknown parameter":   {"GET", "/2.0/user?pagelen=10", nil, 200, "query parameter pagelen is unknown"},
		"q without BBQL":      {"GET", "/2.0/workspaces/harbor-labs/projects?q=x", nil, 200, "query parameter q is unknown"},
		"sort without BBQL":   {"GET", "/2.0/workspaces/harbor-labs/permissions?sort=permission", nil, 200, "query parameter sort is unknown"},
		"repeated parameter":  {"GET", "/2.0/repositories/harbor-labs?q=size>1&q=size>2", nil, 200, "q is repeated"},
		"unknown role":        {"GET", "/2.0/repositories/harbor-labs?role=boss", nil, 200, `role "boss" is unknown`},
		"unescaped plus":      {"GET", "/2.0/user?fields=+has_2fa_enabled", nil, 200, "unescaped +"},
		"post":                {"POST", "/2.0/user", nil, 405, "method is not allowed"},
		"head":                {"HEAD", "/2.0/user", nil, 405, "method is not allowed"},
		"token in the query":  {"GET", "/2.0/user?access_token=x", nil, 401, "credentials in the query"},
		"no user agent":       {"GET", "/2.0/user", func(r *http.Request) { r.Header.Set("User-Agent", "") }, 200, "User-Agent is missing"},
		"unescaped braces":    {"GET", "/2.0/workspaces/{x}", func(r *http.Request) { r.URL.Opaque = r.URL.Path }, 404, "braces must be escaped"},
		"get for a token":     {"GET", "/site/oauth2/access_token", nil, 405, "method is not allowed"},
		"unknown to consent":  {"GET", "/site/oauth2/authorize?audience=x", nil, 400, "parameter audience is unknown"},
		"post to consent":     {"POST", "/site/oauth2/authorize", nil, 405, "method is not allowed"},
		"JSON for a token":    {"POST", "/site/oauth2/access_token", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 400, "not a form"},
		"parameters in query": {"POST", "/site/oauth2/access_token?grant_type=x", withForm(""), 400, "parameters in the query"},
		"unknown to tokens":   {"POST", "/site/oauth2/access_token", withForm("resource=x"), 400, "parameter resource is unknown"},
		"secret in the body":  {"POST", "/site/oauth2/access_token", withForm("client_id=a&client_secret=b"), 400, "credentials in the body"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{})
			r, err := http.NewRequest(test.method, s.URL()+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.change != nil {
				test.change(r)
			}
			if a := connected(t, s).send(r); a.status != test.wantStatus {
				t.Errorf("%d %s, want %d", a.status, a.body, test.wantStatus)
			}
			got := strings.Join(s.Violations(), "\n")
			if test.wantViolation == "" && got != "" || !strings.Contains(got, test.wantViolation) {
				t.Errorf("violations %q, want %q", got, test.wantViolation)
			}
			if strings.Contains(got, "\n") {
				t.Errorf("more than one violation: %s", got)
			}
		})
	}
}

// withForm returns a function that replaces the body of a request with a form.
func withForm(body string) func(*http.Request) {
	return func(r *http.Request) {
		filled, err := http.NewRequest(r.Method, r.URL.String(), strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		*r = *filled
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

// A recorder records the failures of a test, so that this test does not fail.
type recorder struct {
	cleanup []func()
	errors  []string
}

func (r *recorder) Helper()                        {}
func (r *recorder) Cleanup(f func())               { r.cleanup = append(r.cleanup, f) }
func (r *recorder) Errorf(format string, _ ...any) { r.errors = append(r.errors, format) }

func TestStartReportsViolations(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	s := Start(r, Options{})
	connected(t, s).get("/2.0/nothing")
	if len(r.errors) != 0 {
		t.Errorf("%d errors before the end of the test", len(r.errors))
	}
	for _, f := range r.cleanup {
		f()
	}
	if len(r.errors) != 1 {
		t.Errorf("%d errors, want one", len(r.errors))
	}
	if _, err := newClient(t).Get(s.URL()); err == nil {
		t.Error("the server still listens")
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	consumer := s.Consumer("harbor-labs")
	c := caller{t, s, "", newClient(t)}
	a := c.refresh(consumer, s.Grant(consumer, s.Organization().Connected.UUID))
	token := a.object()["access_token"].(string)
	user := bearer(t, s, token)
	user.client.Transport.(*http.Transport).DisableCompression = false
	uuid := url.PathEscape(s.Organization().Workspaces[0].UUID)
	body := user.get("/2.0/repositories/" + uuid + "?pagelen=100").body
	entries := s.Journal()
	if len(entries) != 2 {
		t.Fatalf("%d entries, want 2", len(entries))
	}
	if e := entries[0]; e.Method != "POST" || e.Endpoint != "/site/oauth2/access_token" || e.Consumer != consumer.Key {
		t.Errorf("first entry %+v", e)
	}
	e := entries[1]
	if e.Path != "/2.0/repositories/"+s.Organization().Workspaces[0].UUID || e.EscapedPath != "/2.0/repositories/"+uuid ||
		e.Endpoint != "/2.0/repositories/{workspace}" || e.Query.Get("pagelen") != "100" || e.Status != 200 ||
		e.User != s.Organization().Connected.UUID || e.Consumer != consumer.Key || e.InFlight != 1 {
		t.Errorf("second entry %+v", e)
	}
	if e.Bytes == 0 || e.Bytes > int64(len(body))/4 {
		t.Errorf("%d bytes sent for %d: not compressed", e.Bytes, len(body))
	}
	if strings.Contains(fmt.Sprintf("%+v", entries), token) {
		t.Error("the journal holds credentials")
	}
	if s.MaxInFlight() != 1 {
		t.Errorf("%d in flight", s.MaxInFlight())
	}
	s.ResetJournal()
	if len(s.Journal()) != 0 {
		t.Error("the journal was not reset")
	}
}
