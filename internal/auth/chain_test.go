package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
)

func TestChainStartsFromSeedAndGoesOnFromFile(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, seed := filepath.Join(t.TempDir(), "bitbucket"), server.seed()
	first := open(t, dir, server.consumer(), seed)
	value := authorize(t, first)
	if again := authorize(t, first); again != value {
		t.Error("a second request got another token")
	}
	second := open(t, dir, server.consumer(), seed)
	if shared := authorize(t, second); shared != value {
		t.Error("another process got another token than the one in the file")
	}
	if got := server.count(); got != 1 {
		t.Errorf("%d token requests, want 1", got)
	}
	for range 5 {
		clock.advance(2 * time.Hour)
		if err := call(t.Context(), second, server.URL); err != nil {
			t.Fatal(err)
		}
		if err := call(t.Context(), first, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if got := server.count(); got != 6 {
		t.Errorf("%d token requests, want 6", got)
	}
	server.wantSingleUse()
	if diff := cmp.Diff([]string{"account", "repository"}, second.Scopes()); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
	wantClosed(t, dir, first.Path())
	if diff := cmp.Diff([]string{filepath.Base(first.Path())}, fileNames(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestChainUsesWhatAnotherHasJustObtained(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	dir, seed := t.TempDir(), server.seed()
	first, second := open(t, dir, server.consumer(), seed), open(t, dir, server.consumer(), seed)
	value := authorize(t, first)
	// As if the second had looked before the first saved its token, and then waited for the lock.
	if shared, err := second.renewer.authorization(t.Context(), ""); err != nil || shared != value {
		t.Errorf("another token, or %v", err)
	}
	if got := server.count(); got != 1 {
		t.Errorf("%d token requests, want 1", got)
	}
}

func TestChainOfLogin(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	dir, consumer := t.TempDir(), server.consumer()
	nowhere := filepath.Join(dir, "none") // as with a mistyped token_dir
	_, err := open(t, nowhere, consumer, "").Authorization(t.Context())
	wantError(t, err, KindAuthorization, testKey, nowhere, "login", `grant_type = "client_credentials"`)
	if _, err := os.Stat(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	chain := open(t, dir, consumer, "")
	_, err = chain.Authorization(t.Context())
	wantError(t, err, KindAuthorization, testKey, dir, "login")
	if got := server.count(); got != 0 {
		t.Errorf("%d token requests without a token", got)
	}

	token, err := consumer.Exchange(t.Context(), server.code(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := SaveLogin(t.Context(), dir, consumer, token, Account{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(chain.Path()); err != nil {
		t.Error(err)
	}
	// The refusal from before the login is recent, but must not affect the login.
	if value := authorize(t, chain); value != bearer(token.AccessToken) {
		t.Error("the chain doesn't use the login's token")
	}

	other := consumer
	other.Key = "other-key"
	_, err = open(t, dir, other, "").Authorization(t.Context())
	wantError(t, err, KindAuthorization, "nobody has logged in with OAuth consumer other-key")
	if seeded := open(t, dir, consumer, server.seed()); authorize(t, seeded) == bearer(token.AccessToken) {
		t.Error("a seed was ignored because of a login")
	}

	// A chain with a valid token of the last login notices a new login.
	token, err = consumer.Exchange(t.Context(), server.code(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := SaveLogin(t.Context(), dir, consumer, token, Account{}); err != nil {
		t.Fatal(err)
	}
	if value := authorize(t, chain); value != bearer(token.AccessToken) {
		t.Error("the chain doesn't use the new login's token")
	}
}

func TestChainOfEachSeed(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	dir := t.TempDir()
	chains := map[string]*Chain{}
	for range 3 {
		chain := open(t, dir, server.consumer(), server.seed())
		chains[authorize(t, chain)] = chain
	}
	if len(chains) != 3 || len(fileNames(t, dir)) != 3 {
		t.Errorf("%d tokens and files %v, want 3 of each", len(chains), fileNames(t, dir))
	}
	server.wantSingleUse()
}

func TestRefusalIsRememberedForAMinute(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir := t.TempDir()
	chain := open(t, dir, server.consumer(), "refresh-token-that-is-dead")
	var waiting sync.WaitGroup
	for range 500 {
		waiting.Go(func() {
			_, err := chain.Authorization(t.Context())
			wantError(t, err, KindAuthorization, "unauthorized_client", testKey, "consumer_secret", "two machines", "three months", "steampipe-plugin-bitbucket login", "refresh_token")
		})
	}
	waiting.Wait()
	if got := server.count(); got != 1 {
		t.Errorf("500 calls made %d token requests, want 1", got)
	}
	clock.advance(-time.Hour)
	chain.Authorization(t.Context())
	if got := server.count(); got != 2 {
		t.Errorf("%d token requests after the clock was set back, want 2", got)
	}
	clock.advance(2 * refusalMemory)
	_, err := chain.Authorization(t.Context())
	if got := server.count(); got != 3 {
		t.Errorf("%d token requests after two minutes more, want 3", got)
	}
	if strings.Contains(err.Error(), "did not finish") {
		t.Errorf("error %q speaks of an interruption where there was none", err)
	}
}

// If a refusal may have another cause than the token, the token is sent again: after a minute, then after two, and in the end
// once an hour. This is the same with any number of processes.
func TestDoubtfulRefusalIsSharedByProcesses(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir := t.TempDir()
	begin := clock.Now()
	var asked []time.Duration
	for clock.Now().Sub(begin) < 5*time.Hour {
		before := server.count()
		_, err := open(t, dir, server.consumer(), "refresh-token-that-is-dead").Authorization(t.Context())
		wantError(t, err, KindAuthorization, "unauthorized_client", "It is not sent again before 2026-11-23 ", "login")
		if server.count() > before {
			asked = append(asked, clock.Now().Sub(begin))
		}
		clock.advance(time.Minute)
	}
	var want []time.Duration
	for _, minutes := range []int{0, 1, 3, 7, 15, 31, 63, 123, 183, 243} {
		want = append(want, time.Duration(minutes)*time.Minute)
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked at (-want +got):\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status         int
		code           string
		wantRemembered bool // by another process, a moment later
		wantForGood    bool
	}{
		"a dead token":                    {400, "invalid_grant", true, true},
		"Bitbucket's answer to one":       {400, "unauthorized_client", true, false},
		"the same as 401":                 {401, "unauthorized_client", true, false},
		"an older answer to one":          {400, "invalid_request", true, false},
		"a wrong secret":                  {401, "invalid_client", false, false},
		"a grant that is not allowed":     {400, "unsupported_grant_type", false, false},
		"a gateway that wants a login":    {401, "", false, false},
		"a code that nobody has heard of": {403, "blocked_by_policy", false, false},
		"a server in trouble":             {503, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			server := newAuthServer(t, clock.Now)
			server.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				writeJSON(w, test.status, map[string]any{"error": test.code, "error_description": "No."})
				return true
			}
			dir, seed := t.TempDir(), server.seed()
			asks := func(consumer Consumer, seed string) (bool, error) {
				before := server.count()
				_, err := open(t, dir, consumer, seed).Authorization(t.Context())
				if err == nil {
					t.Error("no error")
				}
				return server.count() > before, err
			}
			if asked, _ := asks(server.consumer(), seed); !asked {
				t.Fatal("the token was not sent")
			}
			asked, err := asks(server.consumer(), seed)
			if asked == test.wantRemembered {
				t.Errorf("sent by another process: %v", asked)
			}
			if test.wantRemembered {
				wantError(t, err, KindAuthorization, test.code, `"No."`, "on 2026-11-23 12:00 UTC", "steampipe-plugin-bitbucket login")
			}
			corrected := server.consumer()
			corrected.Secret = NewSecret("another")
			if asked, _ := asks(corrected, seed); !asked {
				t.Error("not sent with another secret")
			}
			if asked, _ := asks(server.consumer(), server.seed()); !asked {
				t.Error("another token is not sent")
			}
			asks(server.consumer(), seed)
			clock.advance(90 * 24 * time.Hour)
			if asked, _ := asks(server.consumer(), seed); asked == test.wantForGood {
				t.Errorf("sent after three months: %v", asked)
			}
		})
	}
}

func TestLoginClearsARefusal(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	server.fault = func(w http.ResponseWriter, _ *http.Request, request int) bool {
		if request == 1 {
			writeJSON(w, 400, map[string]any{"error": "invalid_grant"})
		}
		return request == 1
	}
	dir, consumer := t.TempDir(), server.consumer()
	if _, err := SaveLogin(t.Context(), dir, consumer, Token{RefreshToken: NewSecret("refresh-token-that-is-dead")}, Account{}); err != nil {
		t.Fatal(err)
	}
	old := open(t, dir, consumer, "")
	for range 2 {
		for _, chain := range []*Chain{old, open(t, dir, consumer, "")} {
			_, err := chain.Authorization(t.Context())
			wantError(t, err, KindAuthorization, "invalid_grant", "This token is not sent again", "login")
		}
	}
	if got := server.count(); got != 1 {
		t.Errorf("%d token requests, want 1", got)
	}
	if _, err := SaveLogin(t.Context(), dir, consumer, Token{RefreshToken: NewSecret(server.seed())}, Account{}); err != nil {
		t.Fatal(err)
	}
	authorize(t, old)
	authorize(t, open(t, dir, consumer, ""))
	if content, err := os.ReadFile(old.Path()); err != nil || strings.Contains(string(content), "refusal") {
		t.Errorf("the file still speaks of a refusal, or %v", err)
	}
}

// A valid access token is used, even if the refresh token was refused.
func TestGoodAccessTokenOutlivesARefusal(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, seed := t.TempDir(), server.seed()
	value := authorize(t, open(t, dir, server.consumer(), seed))
	server.set(func() {
		server.fault = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			writeJSON(w, 400, map[string]any{"error": "invalid_grant"})
			return true
		}
	})
	_, err := open(t, dir, server.consumer(), seed).Renew(t.Context(), value) // as after an endpoint that doesn't accept this kind of token
	wantError(t, err, KindAuthorization, "invalid_grant")
	if again := authorize(t, open(t, dir, server.consumer(), seed)); again != value {
		t.Error("the good token is not used")
	}
}

// With a damaged file, the chain starts again with the seed, which is dead by then. The error says where the file is.
func TestRefusalAfterDamageSaysWhereTheFileIs(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, seed := t.TempDir(), server.seed()
	chain := open(t, dir, server.consumer(), seed)
	authorize(t, chain)
	if err := os.Truncate(chain.Path(), 100); err != nil {
		t.Fatal(err)
	}
	clock.advance(3 * time.Hour)
	for range 2 {
		_, err := open(t, dir, server.consumer(), seed).Authorization(t.Context())
		wantError(t, err, KindAuthorization, "set aside as "+chain.Path()+asideMark+"20261123T150000Z", "login")
	}
}

func TestRevokedAuthorizationIsAskedForOnce(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	authorize(t, chain)
	server.revoke()
	server.set(func() { clear(server.refresh) })
	for range 20 {
		wantError(t, call(t.Context(), chain, server.URL), KindAuthorization, "unauthorized_client")
	}
	if got := server.count(); got != 2 {
		t.Errorf("%d token requests, want one for the token and one after its end", got)
	}
}

func TestRefusalOfARotatedTokenFindsTheNewOneInTheFile(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, seed := t.TempDir(), server.seed()
	chain := open(t, dir, server.consumer(), seed)
	authorize(t, chain)
	clock.advance(3 * time.Hour)

	// During the request, a program that doesn't use the lock saves a new token in the file.
	successor := Token{RefreshToken: NewSecret(server.seed())}
	server.set(func() {
		server.fault = func(w http.ResponseWriter, r *http.Request, request int) bool {
			if request != 2 {
				return false
			}
			if err := chain.store.write(startRecord(successor)); err != nil {
				t.Error(err)
			}
			server.refuse(w)
			return true
		}
	})
	if err := call(t.Context(), chain, server.URL); err != nil {
		t.Error(err)
	}
	if got := server.count(); got != 3 {
		t.Errorf("%d token requests, want 3", got)
	}
}

func TestRefusalAfterAnInterruptedRefreshSaysSo(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	authorize(t, chain)
	clock.advance(3 * time.Hour)
	chain.store.write(func() record { r := chain.held; r.refreshingSince = clock.Now(); return r }())
	server.set(func() {
		server.refresh[chain.held.RefreshToken.reveal()].uses, server.refresh[chain.held.RefreshToken.reveal()].usedAt = 1, clock.Now()
	})
	clock.advance(grace + time.Second)
	_, err := chain.Authorization(t.Context())
	wantError(t, err, KindAuthorization, "begun on 2026-11-23 15:00 UTC, did not finish")
}

func TestCancelledQueryDoesNotLoseTheToken(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	arrived, release := make(chan struct{}), make(chan struct{})
	server.rotated = func() { close(arrived); <-release }
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error)
	go func() {
		_, err := chain.Authorization(ctx)
		answered <- err
	}()
	<-arrived
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	close(release)
	authorize(t, chain)
	if got := server.grants["refresh_token"]; got != 1 {
		t.Errorf("%d refreshes, want 1", got)
	}
	if _, err := chain.Authorization(ctx); err != nil {
		t.Errorf("a token at hand is refused to a cancelled query: %v", err)
	}
}

func TestCancelledQueryStartsNothing(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := chain.Authorization(ctx); !errors.Is(err, context.Canceled) || server.count() != 0 {
		t.Errorf("error %v and %d token requests, want context.Canceled and none", err, server.count())
	}
}

func TestTransientFailures(t *testing.T) {
	t.Parallel()
	html := func(status int) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			io.WriteString(w, "<!doctype html><html><title>Sign in to the proxy</title></html>")
		}
	}
	for name, test := range map[string]struct {
		answer       func(w http.ResponseWriter)
		failures     int // failed answers before the server works again
		wantRequests int // until the first result
		wantKind     Kind
		wantTexts    []string
	}{
		"bad gateway once":        {html(502), 1, 2, 0, nil},
		"bad gateway twice":       {html(502), 2, 3, 0, nil},
		"bad gateway for long":    {html(502), 9, 3, KindTemporary, []string{"HTML page", "HTTP 502", "proxy"}},
		"proxy's login page":      {html(200), 9, 1, KindTemporary, []string{"HTML page", "HTTP 200", "proxy or login page?"}},
		"wrong address":           {html(404), 9, 1, KindConfiguration, []string{"HTTP 404", "oauth_url"}},
		"unauthorized at a proxy": {html(407), 9, 1, KindTemporary, []string{"HTTP 407"}},
		"redirect": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://login.example.com/")
			w.WriteHeader(302)
		}, 9, 1, KindTemporary, []string{"redirect"}},
		"too many requests": {func(w http.ResponseWriter) { writeJSON(w, 429, map[string]any{"error": "slow_down"}) }, 9, 1, KindTemporary, []string{"slow_down", "HTTP 429", "does not say for how long"}},
		"plain text":        {func(w http.ResponseWriter) { http.Error(w, "Not now", http.StatusServiceUnavailable) }, 9, 3, KindTemporary, []string{"isn't JSON", "HTTP 503"}},
		"error in JSON": {func(w http.ResponseWriter) {
			writeJSON(w, 500, map[string]any{"error": map[string]any{"message": "m"}})
		}, 9, 3, KindTemporary, []string{"HTTP 500"}},
		"temporarily unavailable":  {func(w http.ResponseWriter) { writeJSON(w, 400, map[string]any{"error": "temporarily_unavailable"}) }, 9, 1, KindTemporary, []string{"temporarily_unavailable"}},
		"no access token":          {func(w http.ResponseWriter) { writeJSON(w, 200, map[string]any{"type": "error"}) }, 9, 1, KindTemporary, []string{"without an access token"}},
		"connection cut":           {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 9, 3, KindTemporary, []string{"can't reach"}},
		"connection cut, answered": {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 2, 3, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			server := newAuthServer(t, clock.Now)
			server.Config.ErrorLog = nil
			server.fault = func(w http.ResponseWriter, r *http.Request, request int) bool {
				if request > test.failures {
					return false
				}
				test.answer(w)
				return true
			}
			chain := open(t, t.TempDir(), server.consumer(), server.seed())
			_, err := chain.Authorization(t.Context())
			if test.wantKind == 0 && err != nil {
				t.Fatal(err)
			}
			if test.wantKind != 0 {
				wantError(t, err, test.wantKind, append(test.wantTexts, server.URL)...)
			}
			if got := server.count(); got != test.wantRequests {
				t.Errorf("%d token requests, want %d", got, test.wantRequests)
			}
			if test.wantKind != KindTemporary {
				return
			}
			server.set(func() { server.fault = nil })
			clock.advance(2 * limitedMin)
			if err := call(t.Context(), chain, server.URL); err != nil {
				t.Errorf("the failure is held against the token: %v", err)
			}
		})
	}
}

func TestNoAnswerAtAll(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	server.Close()
	_, err := open(t, t.TempDir(), server.consumer(), "seed").Authorization(t.Context())
	wantError(t, err, KindTemporary, "can't reach "+server.URL, "refused", "Tried 3 times")
}

func TestRedirectsGetNoSecrets(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	server := newAuthServer(t, newClock().Now)
	server.fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		w.Header().Set("Location", elsewhere.URL)
		writeJSON(w, http.StatusTemporaryRedirect, map[string]any{"access_token": "x"})
		return true
	}
	_, err := open(t, t.TempDir(), server.consumer(), server.seed()).Authorization(t.Context())
	wantError(t, err, KindTemporary, "redirect", "HTTP 307")
}

func TestTokenResponses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expiresIn    any
		extra        map[string]any
		wantLifetime time.Duration
		wantScopes   []string
	}{
		"one hour":                {3600, nil, time.Hour, nil},
		"two hours":               {7200, nil, 2 * time.Hour, nil},
		"no expires_in":           {nil, nil, time.Hour, nil},
		"expires_in as text":      {"7200", nil, 2 * time.Hour, nil},
		"expires_in zero":         {0, nil, time.Hour, nil},
		"expires_in negative":     {-5, nil, time.Hour, nil},
		"expires_in absurd":       {1e15, nil, 24 * time.Hour, nil},
		"expires_in a fraction":   {3600.5, nil, time.Hour, nil},
		"expires_in in words":     {"soon", nil, time.Hour, nil},
		"expires_in an object":    {map[string]any{}, nil, time.Hour, nil},
		"scope":                   {7200, map[string]any{"scope": "account repository:admin"}, 2 * time.Hour, []string{"account", "repository:admin"}},
		"scopes":                  {7200, map[string]any{"scopes": "account, team"}, 2 * time.Hour, []string{"account", "team"}},
		"scopes in a list":        {7200, map[string]any{"scopes": []string{"account", "team"}}, 2 * time.Hour, []string{"account", "team"}},
		"empty scope, and scopes": {7200, map[string]any{"scope": "", "scopes": "account"}, 2 * time.Hour, []string{"account"}},
		"odd fields":              {7200, map[string]any{"token_type": 1, "error": nil, "state": "refresh_token", "access_token": "a", "error_uri": []int{1}}, 2 * time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			server := newAuthServer(t, clock.Now)
			server.expiresIn, server.extra = test.expiresIn, test.extra
			chain := open(t, t.TempDir(), server.consumer(), server.seed())
			authorize(t, chain)
			saved, err := chain.store.read()
			if err != nil {
				t.Fatal(err)
			}
			if got := saved.Expiry.Sub(clock.Now()); got != test.wantLifetime {
				t.Errorf("lifetime %s, want %s", got, test.wantLifetime)
			}
			if diff := cmp.Diff(test.wantScopes, chain.Scopes()); diff != "" {
				t.Errorf("scopes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScopesOutliveAnAnswerWithoutThem(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	authorize(t, chain)
	clock.advance(3 * time.Hour)
	server.set(func() { server.extra = nil })
	authorize(t, chain)
	if diff := cmp.Diff([]string{"account", "repository"}, chain.Scopes()); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

func TestRefreshTokenMayStayTheSame(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	server.extra = map[string]any{"refresh_token": nil}
	seed := server.seed()
	chain := open(t, t.TempDir(), server.consumer(), seed)
	authorize(t, chain)
	if got := chain.held.RefreshToken.reveal(); got != seed {
		t.Error("the refresh token is gone with an answer that has none")
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		jump         time.Duration // after the first token was obtained
		wantRequests int
	}{
		"just before the margin": {2*time.Hour - 61*time.Second, 1},
		"within the margin":      {2*time.Hour - 59*time.Second, 2},
		"far forward":            {30 * 365 * 24 * time.Hour, 2},
		"a little back":          {-time.Minute, 1},
		"far back":               {-30 * 365 * 24 * time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			server := newAuthServer(t, clock.Now)
			dir, seed := t.TempDir(), server.seed()
			chain := open(t, dir, server.consumer(), seed)
			authorize(t, chain)
			clock.advance(test.jump)
			for range 10 {
				authorize(t, chain)
				authorize(t, open(t, dir, server.consumer(), seed))
			}
			if got := server.count(); got != test.wantRequests {
				t.Errorf("%d token requests, want %d", got, test.wantRequests)
			}
		})
	}
}

func TestShortLivedTokensAreUsed(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	server.expiresIn = 20
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	authorize(t, chain)
	clock.advance(17 * time.Second)
	authorize(t, chain)
	if got := server.count(); got != 1 {
		t.Errorf("%d token requests within the lifetime, want 1", got)
	}
}

func TestAbsurdExpiryInTheFileIsDistrusted(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	authorize(t, chain)
	rec := chain.held
	rec.Expiry = clock.Now().AddDate(70, 0, 0)
	if err := chain.store.write(rec); err != nil {
		t.Fatal(err)
	}
	reopened := open(t, chain.store.dir, server.consumer(), chain.store.id.seed.reveal())
	if authorize(t, reopened) == bearer(rec.AccessToken) {
		t.Error("a token that never expires was believed")
	}
}

func TestRenewOfWhatIsNoLongerCurrent(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	old := authorize(t, chain)
	server.revoke()
	var mu sync.Mutex
	values := map[string]bool{}
	var waiting sync.WaitGroup
	for range 50 {
		waiting.Go(func() {
			value, err := chain.Renew(t.Context(), old)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			values[value] = true
		})
	}
	waiting.Wait()
	if len(values) != 1 || values[old] || server.count() != 2 {
		t.Errorf("50 renewals gave %d values with %d refreshes, want 1 with 1", len(values), server.count()-1)
	}
}

func TestGoroutinesShareAChain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	server := newAuthServer(t, time.Now)
	server.budget = 25
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	var working sync.WaitGroup
	for range 50 {
		working.Go(func() {
			for range 20 {
				if err := call(t.Context(), chain, server.URL); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	server.wantSingleUse()
	if got := server.grants["refresh_token"]; got < 40 {
		t.Errorf("%d refreshes, want 40 at least", got)
	}
}

func TestUntrustworthyFiles(t *testing.T) {
	t.Parallel()
	// content returns the file's content, made from that of a good file.
	field := func(name string, value any) func([]byte) []byte {
		return func(good []byte) []byte {
			var fields map[string]any
			if err := json.Unmarshal(good, &fields); err != nil {
				panic(err)
			}
			fields[name] = value
			bad, _ := json.Marshal(fields)
			return bad
		}
	}
	for name, content := range map[string]func([]byte) []byte{
		"empty":             func([]byte) []byte { return nil },
		"truncated":         func(good []byte) []byte { return good[:len(good)/2] },
		"zeros":             func(good []byte) []byte { return make([]byte, len(good)) },
		"trailing garbage":  func(good []byte) []byte { return append(good, good[:50]...) },
		"another format":    func([]byte) []byte { return []byte("[]") },
		"null":              func([]byte) []byte { return []byte("null") },
		"future version":    field("version", 2),
		"future, new types": func(good []byte) []byte { return field("access_token", 7)(field("version", 3)(good)) },
		"no version":        field("version", 0),
		"foreign":           field("fingerprint", "another"),
		"no refresh token":  field("refresh_token", ""),
		"wrong type":        field("expiry", "tomorrow"),
	} {
		for _, withSeed := range []bool{true, false} {
			t.Run(name+map[bool]string{true: ", with a seed", false: ", of a login"}[withSeed], func(t *testing.T) {
				t.Parallel()
				server := newAuthServer(t, newClock().Now)
				var seed string
				if withSeed {
					seed = server.seed()
				}
				chain := open(t, t.TempDir(), server.consumer(), seed)
				if err := chain.store.write(startRecord(Token{RefreshToken: NewSecret(server.seed())})); err != nil {
					t.Fatal(err)
				}
				good, err := os.ReadFile(chain.Path())
				if err != nil {
					t.Fatal(err)
				}
				bad := content(good)
				if err := os.WriteFile(chain.Path(), bad, 0o600); err != nil {
					t.Fatal(err)
				}
				err = call(t.Context(), chain, server.URL)
				if withSeed && err != nil {
					t.Errorf("the seed wasn't tried: %v", err)
				}
				if !withSeed {
					wantError(t, err, KindAuthorization, "set aside as "+chain.Path()+asideMark, "login")
				}
				aside := chain.Path() + asideMark + "20261123T120000Z"
				if kept, err := os.ReadFile(aside); err != nil || !bytes.Equal(kept, bad) {
					t.Errorf("the file was not kept: %v", err)
				}
			})
		}
	}
}

func TestDamageDoesNotHurtWhoHasThePairInMemory(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"truncated":   func(path string) error { return os.Truncate(path, 100) },
		"removed":     os.Remove,
		"a symlink":   func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/dev/zero", path)) },
		"a directory": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			server := newAuthServer(t, clock.Now)
			dir, seed := t.TempDir(), server.seed()
			chain := open(t, dir, server.consumer(), seed)
			authorize(t, chain)
			if err := damage(chain.Path()); err != nil {
				t.Fatal(err)
			}
			clock.advance(3 * time.Hour)
			value := authorize(t, chain)
			if authorize(t, open(t, dir, server.consumer(), seed)) != value {
				t.Error("the file was not written anew")
			}
			server.wantSingleUse()
		})
	}
}

func TestOlderFileFromABackupIsNotPreferredToMemory(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	chain := open(t, t.TempDir(), server.consumer(), server.seed())
	authorize(t, chain)
	backup, err := os.ReadFile(chain.Path())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		clock.advance(3 * time.Hour)
		authorize(t, chain)
	}
	if err := os.WriteFile(chain.Path(), backup, 0o600); err != nil {
		t.Fatal(err)
	}
	clock.advance(3 * time.Hour)
	authorize(t, chain)
	server.wantSingleUse()
}

// A process that finds no file starts again with the seed, which is dead by then. A process with the chain in memory doesn't
// follow it, and restores the file for both.
func TestFileThatBeganAgainIsNotPreferredToMemory(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := newAuthServer(t, clock.Now)
	dir, seed := t.TempDir(), server.seed()
	chain := open(t, dir, server.consumer(), seed)
	authorize(t, chain)
	clock.advance(3 * time.Hour)
	if err := os.Remove(chain.Path()); err != nil {
		t.Fatal(err)
	}
	other := open(t, dir, server.consumer(), seed)
	_, err := other.Authorization(t.Context())
	wantError(t, err, KindAuthorization, "unauthorized_client")
	clock.advance(lockout + time.Minute)
	value := authorize(t, chain)
	if authorize(t, other) != value {
		t.Error("the chain is not in the file again")
	}
	server.wantSingleUse()
}

func TestLeftoversOfKilledProcessesAreRemoved(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	chain := open(t, filepath.Join(t.TempDir(), "folder[1]"), server.consumer(), server.seed())
	if err := chain.store.makeDir(); err != nil {
		t.Fatal(err)
	}
	if _, err := chain.store.reserve(); err != nil {
		t.Fatal(err)
	}
	authorize(t, chain)
	if diff := cmp.Diff([]string{filepath.Base(chain.Path())}, fileNames(t, chain.store.dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestPairThatCannotBeSaved tests the worst case: the space was reserved, the token is spent, and the file can't be replaced.
func TestPairThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		platform platform
		// obstruct keeps the file from being replaced until clear is called.
		obstruct func(s *store) (clear func() error, err error)
	}{
		"there is a folder": {native, func(s *store) (func() error, error) {
			clear := func() error { return os.RemoveAll(s.path()) }
			return clear, errors.Join(os.Remove(s.path()), os.MkdirAll(filepath.Join(s.path(), "folder"), 0o700))
		}},
		"another process has it open": {newLikeWindows(), func(s *store) (func() error, error) {
			f, err := s.platform.open(s.path())
			return f.Close, err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			server := newAuthServer(t, clock.Now)
			consumer := server.consumer()
			saved := make(chan struct{})
			logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard})
			var failures int
			logger.RegisterSink(&sink{func(level hclog.Level, msg string) {
				switch {
				case level == hclog.Error && strings.Contains(msg, "could not be saved"):
					failures++
				case strings.Contains(msg, "is saved now"):
					close(saved)
				}
			}})
			consumer.Logger = logger
			dir, seed := t.TempDir(), server.seed()
			chain := open(t, dir, consumer, seed)
			chain.store.platform = test.platform
			authorize(t, chain)
			clock.advance(3 * time.Hour)

			var clear func() error
			chain.store.step = func(point string) {
				if point == "answered" {
					var err error
					if clear, err = test.obstruct(chain.store); err != nil {
						t.Error(err)
					}
				}
			}
			value := authorize(t, chain)
			if got := server.count(); got != 2 || failures != 1 {
				t.Errorf("%d token requests and %d errors logged, want 2 and 1", got, failures)
			}
			if again := authorize(t, chain); again != value {
				t.Error("the unsaved token isn't used")
			}
			if err := clear(); err != nil {
				t.Fatal(err)
			}
			<-saved
			if authorize(t, open(t, dir, server.consumer(), seed)) != value {
				t.Error("the file doesn't hold the pair that was saved late")
			}
			server.wantSingleUse()
		})
	}
}

// A sink is called for each line of the log.
type sink struct {
	line func(level hclog.Level, msg string)
}

func (s *sink) Accept(_ string, level hclog.Level, msg string, _ ...any) { s.line(level, msg) }
