package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNew(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config  Config
		wantErr string
	}{
		"defaults":             {config: Config{}},
		"https":                {config: Config{BaseURL: "https://bitbucket.example.com/"}},
		"http to loopback":     {config: Config{BaseURL: "http://127.0.0.1:8080"}},
		"http to loopback v6":  {config: Config{BaseURL: "http://[::1]:8080"}},
		"http to localhost":    {config: Config{BaseURL: "http://localhost:8080"}},
		"http to another host": {config: Config{BaseURL: "http://api.bitbucket.org"}, wantErr: "must begin with https://"},
		"http in disguise":     {config: Config{BaseURL: "http://127.0.0.1.evil.example"}, wantErr: "must begin with https://"},
		"no scheme":            {config: Config{BaseURL: "api.bitbucket.org"}, wantErr: "base_url must contain only"},
		"path":                 {config: Config{BaseURL: "https://api.bitbucket.org/2.0"}, wantErr: "base_url must contain only"},
		"password":             {config: Config{BaseURL: "https://user:secret@api.bitbucket.org"}, wantErr: "base_url must contain only"},
		"other scheme":         {config: Config{BaseURL: "ftp://api.bitbucket.org"}, wantErr: "must begin with https://"},
		"unreadable":           {config: Config{BaseURL: "https://api\x00"}, wantErr: "base_url must contain only"},
		"concurrency":          {config: Config{MaxConcurrency: -1}, wantErr: "max_concurrency"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(tt.config)
			switch {
			case tt.wantErr == "" && err != nil:
				t.Error(err)
			case tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)):
				t.Errorf("got error %v, want it to say %q", err, tt.wantErr)
			case err != nil && strings.Contains(err.Error(), "secret"):
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	var got *http.Request
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		got = req
		answer(http.StatusOK, `{"name": "Acme", "links": {"html": {"href": "https://bitbucket.org/acme"}}}`)(w, req)
	}, func(c *Config) {
		c.Authorizer = &credentialSource{current: "Bearer secret"}
		c.UserAgent = "steampipe-plugin-bitbucket/1"
	})
	path := Path("/2.0/workspaces/{workspace}", "{1c26}")
	workspace, err := client.Get(t.Context(), path, url.Values{"x": {"a b&c"}}, "name", "links.html.href")
	if err != nil {
		t.Fatal(err)
	}
	if href := workspace.Get("links.html.href").String(); href != "https://bitbucket.org/acme" {
		t.Errorf("got link %q", href)
	}
	want := map[string]string{
		"method": "GET", "address": "https://api.bitbucket.org/2.0/workspaces/%7B1c26%7D?fields=links.html.href%2Cname%2Ctype&x=a%20b%26c",
		"Accept": "application/json", "Authorization": "Bearer secret", "User-Agent": "steampipe-plugin-bitbucket/1",
	}
	sent := map[string]string{
		"method": got.Method, "address": got.URL.String(),
		"Accept": got.Header.Get("Accept"), "Authorization": got.Header.Get("Authorization"), "User-Agent": got.Header.Get("User-Agent"),
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestGetRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`[]`, `null`, `"x"`, ``, `{"a": `, `<html></html>`, `{} {}`, `{}`, `{"type": "error", "error": {"message": "no"}}`} {
		client := newMemoryClient(t, answer(http.StatusOK, body))
		_, err := client.Get(t.Context(), "/2.0/user", nil)
		wantProtocolError(t, err, "answered with")
	}
}

func TestGetOfNothingAsksNothing(t *testing.T) {
	t.Parallel()
	client := newMemoryClient(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for _, workspace := range []string{"", ".", ".."} {
		if _, err := client.Get(t.Context(), Path("/2.0/repositories/{workspace}", workspace), nil); !IsNotFound(err) {
			t.Errorf("workspace %q: got error %v, want not found", workspace, err)
		}
		if _, err := collect(t.Context(), client, List{Path: Path("/2.0/repositories/{workspace}", workspace)}); !IsNotFound(err) {
			t.Errorf("list of %q: got error %v, want not found", workspace, err)
		}
	}
}

func TestNamesSomething(t *testing.T) {
	t.Parallel()
	const file = "/2.0/repositories/{workspace}/src/{path...}"
	tests := map[string]struct {
		path string
		want bool // whether it is requested
	}{
		"file":             {Path(file, "acme", "docs/a.md"), true},
		"folder":           {Path(file, "acme", "docs/"), true},
		"root":             {Path(file, "acme", ""), true},
		"dots in a name":   {Path(file, "acme", "...a/..b"), true},
		"braces":           {Path(file, "{1c26-0}", "{}"), true},
		"above":            {Path(file, "acme", "../../../user"), false},
		"here":             {Path(file, "acme", "./user"), false},
		"two slashes":      {Path(file, "acme", "docs//a.md"), false},
		"from the root":    {Path(file, "acme", "/docs"), false},
		"two at the end":   {Path(file, "acme", "docs//"), false},
		"nothing":          {"/", false},
		"no workspace":     {Path(file, "", "docs"), false},
		"nothing but it":   {Path("/2.0/repositories/{workspace}", ""), false},
		"escaped dots":     {"/2.0/repositories/%2E%2E/user", false},
		"a placeholder":    {Path(file, "{workspace}", "docs"), false},
		"a slash too many": {"/2.0/repositories/acme//", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requested := false
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				requested = true
				answer(http.StatusOK, `{}`)(w, req)
			})
			_, err := client.Get(t.Context(), tt.path, nil)
			if requested != tt.want || IsNotFound(err) == tt.want {
				t.Errorf("%s: requests: %v, error %v", tt.path, requested, err)
			}
		})
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		template string
		values   []string
		want     string
	}{
		"plain":      {"/2.0/repositories/{workspace}/{repo_slug}", []string{"acme", "site"}, "/2.0/repositories/acme/site"},
		"uuid":       {"/2.0/repositories/{workspace}/{repo_slug}", []string{"{}", "{1c-2}"}, "/2.0/repositories/%7B%7D/%7B1c-2%7D"},
		"account id": {"/2.0/users/{id}", []string{"557058:ba89"}, "/2.0/users/557058%3Aba89"},
		"slash":      {"/2.0/x/{a}", []string{"feature/../b?c#d e%2F"}, "/2.0/x/feature%2F..%2Fb%3Fc%23d%20e%252F"},
		"none":       {"/2.0/user", nil, "/2.0/user"},
		"file":       {"/2.0/src/{commit}/{path...}", []string{"HEAD", "docs/a b#1?.md"}, "/2.0/src/HEAD/docs/a%20b%231%3F.md"},
		"folder":     {"/2.0/src/{commit}/{path...}", []string{"a/b", "docs/"}, "/2.0/src/a%2Fb/docs/"},
		"root":       {"/2.0/src/{commit}/{path...}", []string{"HEAD", ""}, "/2.0/src/HEAD/"},
		"empty":      {"/2.0/src/{commit}/{path...}", []string{"", "x"}, "/2.0/src/{commit}/x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Path(tt.template, tt.values...); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	t.Run("mistake", func(t *testing.T) {
		t.Parallel()
		defer func() {
			if recover() == nil {
				t.Error("a missing value passed")
			}
		}()
		Path("/2.0/repositories/{workspace}/{repo_slug}", "acme")
	})
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		location string
		want     string // the error; "" for none
	}{
		"same host":             {location: "/2.0/there"},
		"same host, absolute":   {location: "https://api.bitbucket.org/2.0/there"},
		"other host":            {location: "https://evil.example/2.0/there", want: "redirects to another host, https://evil.example:443"},
		"other scheme":          {location: "http://api.bitbucket.org/2.0/there", want: "redirects to another host, http://api.bitbucket.org:80"},
		"other port":            {location: "https://api.bitbucket.org:444/2.0/there", want: "redirects to another host"},
		"the site":              {location: "https://bitbucket.org/account/signin/", want: "redirects to another host"},
		"subdomain":             {location: "https://x.api.bitbucket.org/2.0/there", want: "redirects to another host"},
		"itself, without end":   {location: "/2.0/here", want: "redirects too often"},
		"nowhere":               {location: "http://[secret", want: "not an address"},
		"with a password on it": {location: "https://u:secret@evil.example/", want: "redirects to another host, https://evil.example:443"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Host != "api.bitbucket.org" {
					t.Errorf("a request to %s", req.URL)
				}
				if req.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("no authorization for %s", req.URL)
				}
				if req.URL.Path == "/2.0/there" {
					answer(http.StatusOK, `{"a": 1}`)(w, req)
					return
				}
				http.Redirect(w, req, tt.location, http.StatusFound)
			}, func(c *Config) { c.Authorizer = &credentialSource{current: "Bearer secret"} })
			_, err := client.Get(t.Context(), "/2.0/here", nil)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantProtocolError(t, err, tt.want)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

// Behind a gateway, redirects point to Bitbucket's own address, like links to next pages.
func TestRedirectsBehindAGateway(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		location string
		want     string // the error; "" for none
	}{
		"the API":                 {location: "https://api.bitbucket.org/2.0/there?page=1"},
		"the API, on the site":    {location: "https://bitbucket.org/api/2.0/there?page=1"},
		"the site's own":          {location: "https://bitbucket.org/!api/2.0/there?page=1"},
		"the gateway":             {location: "https://gateway.acme.test/2.0/there?page=1"},
		"relative":                {location: "/2.0/there?page=1"},
		"the site":                {location: "https://bitbucket.org/acme/site", want: "redirects to another host, https://bitbucket.org:443"},
		"a page for people":       {location: "https://bitbucket.org/account/signin/?next=/api/2.0/there", want: "redirects to another host, https://bitbucket.org:443"},
		"by http":                 {location: "http://api.bitbucket.org/2.0/there", want: "redirects to another host, http://api.bitbucket.org:80"},
		"another port":            {location: "https://api.bitbucket.org:8443/2.0/there", want: "redirects to another host, https://api.bitbucket.org:8443"},
		"by suffix":               {location: "https://api.bitbucket.org.evil.example/2.0/there", want: "redirects to another host, https://api.bitbucket.org.evil.example:443"},
		"by user":                 {location: "https://api.bitbucket.org@evil.example/2.0/there", want: "redirects to another host, https://evil.example:443"},
		"with a password":         {location: "https://u:secret@api.bitbucket.org/2.0/there", want: "redirects to another host, https://api.bitbucket.org:443"},
		"out of the API's folder": {location: "https://bitbucket.org/api/../acme", want: "redirects to another host, https://bitbucket.org:443"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Host != "gateway.acme.test" || req.Host != "" && req.Host != "gateway.acme.test" || req.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("requested %s from %s with %q", req.URL, req.Host, req.Header.Get("Authorization"))
				}
				switch {
				case req.URL.Path == "/2.0/here":
					w.Header().Set("Location", tt.location)
					w.WriteHeader(http.StatusFound)
				case req.URL.Query().Get("page") == "1":
					answer(http.StatusOK, `{"values": [{"name": "a"}], "next": "https://api.bitbucket.org/2.0/there?page=2"}`)(w, req)
				default:
					answer(http.StatusOK, `{"values": [{"name": "b"}]}`)(w, req)
				}
			}, func(c *Config) {
				c.BaseURL, c.Authorizer = "https://gateway.acme.test", &credentialSource{current: "Bearer secret"}
			})
			got, err := collect(t.Context(), client, List{Path: "/2.0/here"})
			if tt.want == "" {
				if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
					t.Errorf("error %v, items (-want +got):\n%s", err, diff)
				}
				return
			}
			wantProtocolError(t, err, tt.want)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestStatsAndScopes(t *testing.T) {
	t.Parallel()
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("X-OAuth-Scopes", "repository, account,  project,account")
		answer(http.StatusOK, `{"a": 1}`)(w, req)
	})
	if scopes, known := client.Scopes(); known {
		t.Errorf("scopes %v before any response", scopes)
	}
	for range 3 {
		if _, err := client.Get(context.Background(), "/2.0/user", nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(Stats{Requests: 3, Bytes: 24}, client.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	scopes, known := client.Scopes()
	if diff := cmp.Diff([]string{"account", "project", "repository"}, scopes); diff != "" || !known {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}
