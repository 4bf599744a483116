package fakebitbucket

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// token sends a request to the token endpoint as a consumer.
func (c caller) token(consumer Consumer, pairs ...string) clientResponse {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, c.s.OAuthURL()+"/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if consumer.Key != "" {
		r.SetBasicAuth(url.QueryEscape(consumer.Key), url.QueryEscape(consumer.Secret))
	}
	return c.send(r)
}

func (c caller) refresh(consumer Consumer, token string) clientResponse {
	c.t.Helper()
	return c.token(consumer, "grant_type", "refresh_token", "refresh_token", token)
}

// wantRefused checks for the answer to invalid refresh tokens and wrong clients.
func (a clientResponse) wantRefused(what string) {
	a.t.Helper()
	if a.status != http.StatusBadRequest || a.object()["error"] != "unauthorized_client" {
		a.t.Errorf("%s: %d %s, want unauthorized_client", what, a.status, a.body)
	}
}

// wantTokens checks for tokens and returns the refresh token.
func (a clientResponse) wantTokens(what string) string {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("%s: %d %s", what, a.status, a.body)
	}
	refresh, _ := a.object()["refresh_token"].(string)
	return refresh
}

func TestRotation(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := startUnchanged(t, Options{Now: now.now, RefreshGrace: time.Minute, Lockout: 30 * time.Second})
	consumer := s.Consumer("harbor-labs", "account", "project", "repository")
	first := s.Grant(consumer, s.Organization().Connected.UUID)
	c := caller{t, s, "", newClient(t)}

	a := c.refresh(consumer, first)
	second := a.wantTokens("first use")
	if len(first) <= 2500 || len(a.object()["access_token"].(string)) <= 2500 {
		t.Error("the tokens are short")
	}
	want := map[string]any{"token_type": "Bearer", "expires_in": 7200.0, "scope": "account project"}
	got := a.object()
	delete(got, "access_token")
	delete(got, "refresh_token")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if second == first {
		t.Error("the refresh token was not rotated")
	}

	if again := c.refresh(consumer, first).wantTokens("use in the grace"); again != second {
		t.Error("within the grace period, the answer does not have the current refresh token")
	}
	third := c.refresh(consumer, second).wantTokens("second rotation")
	if again := c.refresh(consumer, first).wantTokens("use of an old token in the grace"); again != third {
		t.Error("within the grace period, the answer does not have the current refresh token")
	}

	now.advance(time.Minute)
	c.refresh(consumer, first).wantRefused("use after the grace")
	c.refresh(consumer, third).wantRefused("a good token during the lockout")
	now.advance(30 * time.Second)
	fourth := c.refresh(consumer, third).wantTokens("after the lockout")

	if s.Rotations() != 3 {
		t.Errorf("%d rotations, want 3", s.Rotations())
	}
	if diff := cmp.Diff(map[string]int{first: 4, second: 1, third: 1, fourth: 0}, s.RefreshUses()); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	s.RevokeGrants()
	c.refresh(consumer, fourth).wantRefused("a withdrawn consent")
}

func TestSingleUse(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{RefreshGrace: -1})
	consumer := s.Consumer("harbor-labs")
	c := caller{t, s, "", newClient(t)}
	first := s.Grant(consumer, s.Organization().Connected.UUID)
	second := c.refresh(consumer, first).wantTokens("first use")
	c.refresh(consumer, first).wantRefused("second use")
	c.refresh(consumer, second).wantTokens("the current token")
}

func TestUnusedRefreshTokensExpire(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := startUnchanged(t, Options{Now: now.now})
	consumer := s.Consumer("harbor-labs")
	c := caller{t, s, "", newClient(t)}
	token := s.Grant(consumer, s.Organization().Connected.UUID)
	now.advance(90 * 24 * time.Hour)
	c.refresh(consumer, token).wantRefused("after three months")
}

func TestAccessTokensExpire(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := startUnchanged(t, Options{Now: now.now, AccessTokenLife: time.Hour, AccessTokenUses: 3})
	consumer := s.Consumer("harbor-labs")
	c := caller{t, s, "", newClient(t)}
	fresh := func() caller {
		a := c.refresh(consumer, s.Grant(consumer, s.Organization().Connected.UUID))
		return bearer(t, s, a.object()["access_token"].(string))
	}
	late := fresh()
	if a := late.get("/2.0/user"); a.status != http.StatusOK {
		t.Errorf("a fresh token: %d %s", a.status, a.body)
	}
	now.advance(time.Hour)
	if a := late.get("/2.0/user"); a.status != http.StatusUnauthorized || a.message() != errToken.message {
		t.Errorf("an expired token: %d %s", a.status, a.body)
	}
	often := fresh()
	for range 3 {
		if a := often.get("/2.0/user"); a.status != http.StatusOK {
			t.Errorf("a good token: %d %s", a.status, a.body)
		}
	}
	if a := often.get("/2.0/user"); a.status != http.StatusUnauthorized {
		t.Errorf("a token used too often: %d %s", a.status, a.body)
	}
	revoked := fresh()
	s.RevokeAccessTokens()
	if a := revoked.get("/2.0/user"); a.status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d %s", a.status, a.body)
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	consumer := s.Consumer("harbor-labs")
	other := s.Consumer("harbor-labs")
	token := s.Grant(consumer, s.Organization().Connected.UUID)
	wrong := Consumer{Key: consumer.Key, Secret: "wrong"}
	c := caller{t, s, "", newClient(t)}
	tests := map[string]struct {
		consumer Consumer
		form     []string
		want     string
	}{
		"no client":     {Consumer{}, []string{"grant_type", "refresh_token", "refresh_token", token}, "unauthorized_client"},
		"wrong secret":  {wrong, []string{"grant_type", "refresh_token", "refresh_token", token}, "unauthorized_client"},
		"unknown key":   {Consumer{"nobody", "x", ""}, []string{"grant_type", "client_credentials"}, "unauthorized_client"},
		"wrong client":  {other, []string{"grant_type", "refresh_token", "refresh_token", token}, "unauthorized_client"},
		"unknown token": {consumer, []string{"grant_type", "refresh_token", "refresh_token", "x"}, "unauthorized_client"},
		"unknown code":  {consumer, []string{"grant_type", "authorization_code", "code", "x"}, "invalid_grant"},
		"password":      {consumer, []string{"grant_type", "password"}, "unsupported_grant_type"},
		"no grant":      {consumer, nil, "unsupported_grant_type"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := c.token(test.consumer, test.form...)
			if a.status != http.StatusBadRequest || a.object()["error"] != test.want {
				t.Errorf("%d %s, want %s", a.status, a.body, test.want)
			}
		})
	}
	if uses := s.RefreshUses()[token]; uses != 0 {
		t.Errorf("the token counts as used %d times", uses)
	}
}

func TestScopeFields(t *testing.T) {
	t.Parallel()
	tests := map[string]map[string]any{
		"scope":  {"scope": "account"},
		"scopes": {"scopes": "account", "state": "client_credentials"},
		"none":   {},
	}
	for field, want := range tests {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			s := startUnchanged(t, Options{ScopeField: field})
			c := caller{t, s, "", newClient(t)}
			got := c.token(s.Consumer("harbor-labs", "account"), "grant_type", "client_credentials").object()
			for _, name := range []string{"access_token", "token_type", "expires_in"} {
				delete(got, name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := caller{t, s, "", newClient(t)}
	a := c.token(s.Consumer("QuarryTools"), "grant_type", "client_credentials").object()
	if _, ok := a["refresh_token"]; ok {
		t.Error("client credentials came with a refresh token")
	}
	app := bearer(t, s, a["access_token"].(string))
	if user := app.get("/2.0/user").object(); user["type"] != "app_user" {
		t.Errorf("the user is %v, want an app_user", user)
	}
	workspaces, _ := app.all("/2.0/user/workspaces")
	if diff := cmp.Diff([]string{"QuarryTools"}, column(workspaces, "workspace.slug")); diff != "" {
		t.Errorf("workspaces (-want +got):\n%s", diff)
	}
	if a := app.get("/2.0/repositories/harbor-labs"); a.status != http.StatusNotFound {
		t.Errorf("another workspace: %d, want 404", a.status)
	}
	repositories, _ := app.all("/2.0/repositories/quarrytools?pagelen=100")
	if want := len(s.Organization().RepositoriesOf(s.Organization().Workspaces[1])); len(repositories) != want {
		t.Errorf("%d repositories, want %d", len(repositories), want)
	}
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := startUnchanged(t, Options{Now: now.now})
	consumer := s.SetCallback(s.Consumer("harbor-labs"), "http://127.0.0.1:9/back?x=1")
	c := caller{t, s, "", newClient(t)}
	authorize := func(pairs ...string) clientResponse {
		return c.get("/site/oauth2/authorize" + queryString(append(pairs, "client_id", consumer.Key)...))
	}
	location := func(a clientResponse) url.Values {
		t.Helper()
		u, err := url.Parse(a.header.Get("Location"))
		if err != nil || a.status != http.StatusFound || u.Host != "127.0.0.1:9" || u.Query().Get("x") != "1" {
			t.Fatalf("%d %s", a.status, a.header.Get("Location"))
		}
		return u.Query()
	}

	back := location(authorize("response_type", "code", "state", "s&1"))
	if back.Get("state") != "s&1" {
		t.Errorf("state %q", back.Get("state"))
	}
	exchange := []string{"grant_type", "authorization_code", "code", back.Get("code")}
	refresh := c.token(consumer, exchange...).wantTokens("a code")
	c.refresh(consumer, refresh).wantTokens("its refresh token")
	if a := c.token(consumer, exchange...); a.object()["error"] != "invalid_grant" {
		t.Errorf("a code used twice: %s", a.body)
	}

	s.SetConsenting(s.Organization().Users[3].UUID)
	back = location(authorize("response_type", "code", "redirect_uri", consumer.Callback))
	if a := c.token(consumer, "grant_type", "authorization_code", "code", back.Get("code")); a.object()["error"] != "invalid_grant" {
		t.Errorf("a code without its redirect_uri: %s", a.body)
	}
	back = location(authorize("response_type", "code", "redirect_uri", consumer.Callback))
	a := c.token(consumer, "grant_type", "authorization_code", "code", back.Get("code"), "redirect_uri", consumer.Callback)
	a.wantTokens("a code with its redirect_uri")
	user := bearer(t, s, a.object()["access_token"].(string)).get("/2.0/user").object()
	if user["uuid"] != s.Organization().Users[3].UUID {
		t.Errorf("the user is %v", user)
	}

	back = location(authorize("response_type", "code"))
	now.advance(codeLife)
	if a := c.token(consumer, "grant_type", "authorization_code", "code", back.Get("code")); a.object()["error"] != "invalid_grant" {
		t.Errorf("an old code: %s", a.body)
	}
	s.SetConsenting("")
	if back := location(authorize("response_type", "code", "state", "2")); back.Get("error") != "access_denied" || back.Get("state") != "2" {
		t.Errorf("declined: %v", back)
	}
	if back := location(authorize("response_type", "token")); back.Get("error") != "unsupported_response_type" {
		t.Errorf("implicit grant: %v", back)
	}
	if a := authorize("response_type", "code", "redirect_uri", consumer.Callback+"/more"); a.status != http.StatusBadRequest {
		t.Errorf("another callback: %d", a.status)
	}
	if a := c.get("/site/oauth2/authorize?response_type=code&client_id=nobody"); a.status != http.StatusBadRequest {
		t.Errorf("an unknown client: %d", a.status)
	}
}
