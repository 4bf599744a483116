package auth

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		redirect string
		want     url.Values
	}{
		"registered callback": {"", url.Values{"client_id": {"a key"}, "response_type": {"code"}, "state": {"a&b"}}},
		"given callback": {"http://localhost:8976/callback", url.Values{"client_id": {"a key"}, "response_type": {"code"}, "state": {"a&b"},
			"redirect_uri": {"http://localhost:8976/callback"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, err := Consumer{Key: "a key", Secret: NewSecret(testSecret)}.AuthorizeURL("a&b", test.redirect)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, u.Query()); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
			if got, want := u.Scheme+"://"+u.Host+u.Path, "https://bitbucket.org/site/oauth2/authorize"; got != want {
				t.Errorf("address %s, want %s", got, want)
			}
		})
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	code := server.code()
	token, err := server.consumer().Exchange(t.Context(), code, "")
	if err != nil {
		t.Fatal(err)
	}
	if token.AccessToken.IsZero() || token.RefreshToken.IsZero() || token.Expiry.IsZero() || len(token.Scopes) != 2 {
		t.Errorf("token %+v lacks something", token)
	}
	_, err = server.consumer().Exchange(t.Context(), code, "")
	wantError(t, err, KindAuthorization, "authorization code", "invalid_grant", testKey)
	if got := server.count(); got != 2 {
		t.Errorf("%d token requests, want one for each exchange", got)
	}

	server.set(func() { server.extra = map[string]any{"refresh_token": nil} })
	_, err = server.consumer().Exchange(t.Context(), server.code(), "")
	wantError(t, err, KindConfiguration, "no refresh token")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.consumer().Exchange(ctx, server.code(), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestParseRedirect(t *testing.T) {
	t.Parallel()
	const state = "STATE"
	for name, test := range map[string]struct {
		pasted    string
		want      string
		wantTexts []string
	}{
		"whole address":          {pasted: "https://oauth.example.com/?state=STATE&code=c%2B1", want: "c+1"},
		"with white space":       {pasted: "  http://localhost:8976/callback?code=c1&state=STATE\r\n", want: "c1"},
		"quoted":                 {pasted: `"http://localhost/callback?code=c1&state=STATE"`, want: "c1"},
		"with a fragment":        {pasted: "http://localhost/callback?code=c1&state=STATE#_=_", want: "c1"},
		"without a scheme":       {pasted: "localhost:8976/callback?code=c1&state=STATE", want: "c1"},
		"only the query":         {pasted: "?code=c1&state=STATE", want: "c1"},
		"only the parameters":    {pasted: "state=STATE&code=c1", want: "c1"},
		"only the code":          {pasted: "code=c1", want: "c1"},
		"wrong state":            {pasted: "https://oauth.example.com/?state=OTHER&code=c1", wantTexts: []string{"state"}},
		"wrong state, no host":   {pasted: "code=c1&state=OTHER", wantTexts: []string{"state"}},
		"no state":               {pasted: "https://oauth.example.com/?code=c1", wantTexts: []string{"state"}},
		"denied":                 {pasted: "https://oauth.example.com/?error=access_denied&state=STATE", wantTexts: []string{"denied"}},
		"denied, wrong state":    {pasted: "https://oauth.example.com/?error=access_denied&state=OTHER", wantTexts: []string{"state"}},
		"another error":          {pasted: "https://oauth.example.com/?error=invalid_scope&error_description=No%0Asuch+scope&state=STATE", wantTexts: []string{"invalid_scope", "No such scope"}},
		"page without code":      {pasted: "https://oauth.example.com/", wantTexts: []string{"code="}},
		"the authorization page": {pasted: "https://bitbucket.org/site/oauth2/authorize?client_id=k&response_type=code&state=STATE", wantTexts: []string{"granted access", "code="}},
		"empty code":             {pasted: "code=", wantTexts: []string{"code="}},
		"nothing":                {pasted: " ", wantTexts: []string{"code="}},
		"prose":                  {pasted: "I pressed code=grant and then?", wantTexts: []string{"code="}},
		"bad escape":             {pasted: "code=%zz", wantTexts: []string{"code="}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseRedirect(test.pasted, state)
			if got != test.want {
				t.Errorf("code %q, want %q", got, test.want)
			}
			if test.wantTexts == nil && err != nil {
				t.Error(err)
			}
			if test.wantTexts != nil {
				wantError(t, err, KindAuthorization, test.wantTexts...)
			}
		})
	}
}

func TestNewState(t *testing.T) {
	t.Parallel()
	if a, b := NewState(), NewState(); a == b || len(a) < 26 {
		t.Errorf("states %q and %q are too alike or too short", a, b)
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	const state = "STATE"
	type request struct {
		method, target string
		wantStatus     int
		wantText       string
	}
	strangers := []request{
		{"GET", "/", 404, "Not found"},
		{"GET", "/favicon.ico", 404, "Not found"},
		{"GET", "/callback/more?code=c1&state=STATE", 404, "Not found"},
		{"POST", "/callback?code=c1&state=STATE", 405, "Not allowed"},
		{"GET", "/callback", 400, "Not the answer"},
		{"GET", "/callback?code=c1", 400, "Not the answer"},
		{"GET", "/callback?code=c1&state=OTHER", 400, "Not the answer"},
		{"GET", "/callback?error=access_denied&state=OTHER", 400, "Not the answer"},
	}
	for name, test := range map[string]struct {
		last      request
		want      string
		wantTexts []string
	}{
		"granted":       {request{"GET", "/callback?code=c1&state=STATE", 200, "Access granted"}, "c1", nil},
		"denied":        {request{"GET", "/callback?error=access_denied&state=STATE", 403, "not granted"}, "", []string{"denied"}},
		"another error": {request{"GET", "/callback?error=%3Cscript%3E&state=STATE", 403, "not granted"}, "", []string{"<script>", "callback URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callback, err := Listen("http://127.0.0.1:0/callback", state)
			if err != nil {
				t.Fatal(err)
			}
			base := "http://" + callback.listeners[0].Addr().String()
			type result struct {
				code string
				err  error
			}
			done := make(chan result, 1)
			go func() {
				code, err := callback.Wait(t.Context())
				done <- result{code, err}
			}()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for _, r := range append(strangers[:len(strangers):len(strangers)], test.last) {
				req, err := http.NewRequestWithContext(t.Context(), r.method, base+r.target, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != r.wantStatus || !strings.Contains(string(body), r.wantText) {
					t.Errorf("%s %s: HTTP %d, want %d with %q:\n%s", r.method, r.target, resp.StatusCode, r.wantStatus, r.wantText, body)
				}
				if strings.Contains(string(body), "<script>") || strings.Contains(string(body), "c1") {
					t.Errorf("%s %s: the page repeats what it was asked with:\n%s", r.method, r.target, body)
				}
				if got := resp.Header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control %q, want no-store", got)
				}
			}
			got := <-done
			if got.code != test.want {
				t.Errorf("code %q, want %q", got.code, test.want)
			}
			if test.wantTexts == nil && got.err != nil {
				t.Error(got.err)
			}
			if test.wantTexts != nil {
				wantError(t, got.err, KindAuthorization, test.wantTexts...)
			}
			if _, err := net.Dial("tcp", callback.listeners[0].Addr().String()); err == nil {
				t.Error("it still listens")
			}
		})
	}
}

func TestCallbackTimeLimit(t *testing.T) {
	t.Parallel()
	callback, err := Listen("http://127.0.0.1:0/", "STATE")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err = callback.Wait(ctx)
	wantError(t, err, KindAuthorization, "in time", "--no-browser")

	callback, err = Listen("http://127.0.0.1:0/", "STATE")
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := callback.Wait(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestListenOnLocalhost(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	_, err = Listen("http://localhost:"+port+"/callback", "STATE")
	wantError(t, err, KindConfiguration, "http://localhost:"+port+"/callback", "in use", "--no-browser")

	callback, err := Listen("http://localhost:0", "STATE")
	if err != nil {
		t.Fatal(err)
	}
	defer callback.Close()
	for _, listener := range callback.listeners {
		if host, _, _ := net.SplitHostPort(listener.Addr().String()); !isLoopback(host) {
			t.Errorf("listens at %s", listener.Addr())
		}
	}
}

func TestListenOnlyOnThisMachine(t *testing.T) {
	t.Parallel()
	for name, callback := range map[string]string{
		"another host": "http://oauth.example.com:8976/callback",
		"https":        "https://localhost:8976/callback",
		"any address":  "http://0.0.0.0:8976/callback",
		"no address":   "localhost:8976",
		"empty":        "",
		"unparsable":   "http://localhost:port/",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Listen(callback, "STATE")
			wantError(t, err, KindConfiguration, "http://localhost:8976/callback", "--no-browser")
		})
	}
}
