package auth

import (
	"context"
	"errors"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/loopback"
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
	wrong := server.consumer()
	wrong.Secret = NewSecret("another")
	_, err = wrong.Exchange(t.Context(), server.code(), "")
	wantError(t, err, KindAuthorization, "unauthorized_client", testKey)
	if !strings.HasPrefix(err.Error(), "the key or the secret of OAuth consumer") {
		t.Errorf("a wrong secret is not what the error begins with: %v", err)
	}
	if got := server.count(); got != 3 {
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
		"the code alone":         {pasted: "9qefFoXq3k8Gm2", want: "9qefFoXq3k8Gm2"},
		"an escaped code alone":  {pasted: " 'ab%2Bcd%2Fef%3D' ", want: "ab+cd/ef="},
		"a word":                 {pasted: "hello", wantTexts: []string{"code="}},
		"wrong state":            {pasted: "https://oauth.example.com/?state=OTHER&code=c1", wantTexts: []string{"state"}},
		"wrong state, no host":   {pasted: "code=c1&state=OTHER", wantTexts: []string{"state"}},
		"no state":               {pasted: "https://oauth.example.com/?code=c1", wantTexts: []string{"state"}},
		"denied":                 {pasted: "https://oauth.example.com/?error=access_denied&state=STATE", wantTexts: []string{"denied"}},
		"denied, wrong state":    {pasted: "https://oauth.example.com/?error=access_denied&state=OTHER", wantTexts: []string{"state"}},
		"another error":          {pasted: "https://oauth.example.com/?error=invalid_scope&error_description=No%0Asuch+scope&state=STATE", wantTexts: []string{"(invalid_scope: ", "No such scope"}},
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
		{"GET", "/callback", 400, "an older login"},
		{"GET", "/callback?code=c1", 400, "an older login"},
		{"GET", "/callback?code=c1&state=OTHER", 400, "an older login"},
		{"GET", "/callback?error=access_denied&state=OTHER", 400, "an older login"},
	}
	for name, test := range map[string]struct {
		target    string
		want      string
		wantTexts []string
	}{
		"granted":       {"/callback?code=c1&state=STATE", "c1", nil},
		"denied":        {"/callback?error=access_denied&state=STATE", "", []string{"denied"}},
		"another error": {"/callback?error=%3Cscript%3E&state=STATE", "", []string{"<script>", "callback URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			callback, err := Listen("http://127.0.0.1:0/callback", state)
			if err != nil {
				t.Fatal(err)
			}
			base := "http://" + callback.listeners[0].Addr().String()
			for _, r := range strangers {
				wantPage(t, r.method, base+r.target, r.wantStatus, r.wantText)
			}
			// The page comes only after the login says how it ended.
			shown := make(chan struct{})
			go func() {
				defer close(shown)
				wantPage(t, "GET", base+test.target, 418, "The <em>end</em>") // the page escapes the text
			}()
			got := <-callback.Answers()
			wantPage(t, "GET", base+test.target, 409, "Already answered")
			select {
			case <-shown:
				t.Error("there was a page before the end")
			default:
			}
			callback.Close(Page{418, "The <em>end</em>", "It is over."})
			<-shown
			if got.Code != test.want {
				t.Errorf("code %q, want %q", got.Code, test.want)
			}
			if test.wantTexts == nil && got.Err != nil {
				t.Error(got.Err)
			}
			if test.wantTexts != nil {
				wantError(t, got.Err, KindAuthorization, test.wantTexts...)
			}
			if _, err := net.Dial("tcp", callback.listeners[0].Addr().String()); err == nil {
				t.Error("it still listens")
			}
		})
	}
}

// wantPage requests a page and checks it. The page must not repeat the request's parameters.
func wantPage(t *testing.T, method, address string, status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Error(err)
		return
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	shown := string(body)
	if resp.StatusCode != status || !strings.Contains(shown, html.EscapeString(text)) || !strings.Contains(shown, "steampipe-plugin-bitbucket") {
		t.Errorf("%s %s: HTTP %d, want %d with %q:\n%s", method, address, resp.StatusCode, status, text, shown)
	}
	if strings.Contains(shown, "<script>") || strings.Contains(shown, "<em>") || strings.Contains(shown, "c1") {
		t.Errorf("%s %s: the page repeats what it was asked with:\n%s", method, address, shown)
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := resp.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
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
	defer callback.Close(Page{})
	for _, listener := range callback.listeners {
		if host, _, _ := net.SplitHostPort(listener.Addr().String()); !loopback.Is(host) {
			t.Errorf("listens at %s", listener.Addr())
		}
	}
}

func TestListenOnlyOnThisMachine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		callback string
		foreign  bool
	}{
		"another host": {"http://oauth.example.com:8976/callback", true},
		"https":        {"https://localhost:8976/callback", true},
		"any address":  {"http://0.0.0.0:8976/callback", true},
		"no scheme":    {"localhost:8976", false},
		"empty":        {"", false},
		"unparsable":   {"http://localhost:port/", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Listen(test.callback, "STATE")
			wantError(t, err, KindConfiguration, "http://localhost:8976/callback")
			if got := errors.Is(err, ErrNotLocal); got != test.foreign {
				t.Errorf("foreign: %v: %v", got, err)
			}
			if got := strings.Contains(err.Error(), "http:// in front"); got == test.foreign {
				t.Errorf("advice: %v", err)
			}
		})
	}
}
