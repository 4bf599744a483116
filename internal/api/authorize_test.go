package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// acceptOnly returns a handler that only accepts requests with one of these credentials.
func acceptOnly(credentials ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		for _, credential := range credentials {
			if req.Header.Get("Authorization") == credential {
				answer(http.StatusOK, `{"a": 1}`)(w, req)
				return
			}
		}
		answer(http.StatusUnauthorized, `{"type": "error", "error": {"message": "Token is invalid, expired, or not supported for this endpoint."}}`)(w, req)
	}
}

func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	source := &credentialSource{current: "Bearer old"}
	client := newMemoryClient(t, acceptOnly("Bearer token-1"), func(c *Config) { c.Authorizer = source })
	for range 3 {
		if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
			t.Fatal(err)
		}
	}
	if source.renewals != 1 {
		t.Errorf("%d renewals, want 1", source.renewals)
	}
	if got := client.Stats(); got.Requests != 4 || got.Retries != 1 {
		t.Errorf("got %+v, want 4 requests, 1 of them a retry", got)
	}
}

// Bitbucket also answers 401 to valid credentials that an endpoint does not accept, without saying so.
func TestUnauthorizedWithGoodTokenDoesNotLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &credentialSource{current: "Bearer old"}
		client := newMemoryClient(t, acceptOnly(), func(c *Config) { c.Authorizer = source })
		ask := func() {
			t.Helper()
			_, err := client.Get(t.Context(), "/2.0/workspaces/acme", nil)
			if !IsUnauthorized(err) || !strings.Contains(err.Error(), "Token is invalid") {
				t.Fatalf("got error %v", err)
			}
		}
		for range 500 {
			ask()
		}
		if got := client.Stats().Requests; source.renewals != 1 || got != 501 {
			t.Errorf("%d renewals, %d requests, want 1 and 501", source.renewals, got)
		}
		time.Sleep(2 * doubtFor) // simulated: the token may have been revoked by now
		ask()
		if source.renewals != 2 {
			t.Errorf("%d renewals later, want 2", source.renewals)
		}
	})
}

// If a 401 says that the user has no access or that the account is locked, the client does not renew the credential, and does
// not advise to replace it.
func TestNothingIsRenewedForWhatTheUserMayNot(t *testing.T) {
	t.Parallel()
	tests := map[string]http.HandlerFunc{
		"no access":   answer(http.StatusUnauthorized, `{"type": "error", "error": {"message": "You do not have access to view this workspace."}}`),
		"in a detail": answer(http.StatusUnauthorized, `{"type": "error", "error": {"message": "Unauthorized", "detail": "You do not have permission to see this."}}`),
		"two steps":   answer(http.StatusUnauthorized, `{"type": "error", "error": {"message": "To access this workspace you must enable two-step verification."}}`),
		"locked out":  plainly(http.StatusUnauthorized, "Too many invalid password attempts. Log in at https://id.atlassian.com/ to restore access."),
	}
	for name, refuse := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &credentialSource{current: "Bearer old"}
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Path == "/2.0/user" {
					acceptOnly("Bearer token-1")(w, req)
					return
				}
				refuse(w, req)
			}, func(c *Config) { c.Authorizer = source })
			for range 3 {
				_, err := client.Get(t.Context(), "/2.0/workspaces/acme", nil)
				if !HasStatus(err, http.StatusUnauthorized) || strings.Contains(err.Error(), " - ") {
					t.Errorf("got error %v, want the refusal and no advice", err)
				}
			}
			if got := client.Stats().Requests; source.renewals != 0 || got != 3 {
				t.Errorf("%d renewals, %d requests, want none and 3", source.renewals, got)
			}
			// A dead credential is still recognized.
			if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil || source.renewals != 1 {
				t.Errorf("error %v, %d renewals, want 1", err, source.renewals)
			}
		})
	}
}

// An error shows neither the refused credential nor the renewed one.
func TestErrorDoesNotQuoteTheTokenBefore(t *testing.T) {
	t.Parallel()
	client := newMemoryClient(t, plainly(http.StatusUnauthorized, "neither s3cr3t/old nor s3cr3t%2Fold nor token-1 is good"),
		func(c *Config) { c.Authorizer = &credentialSource{current: "Bearer s3cr3t/old"} })
	_, err := client.Get(t.Context(), "/2.0/user", nil)
	if err == nil || !strings.Contains(err.Error(), "neither [token] nor [token] nor [token] is good") {
		t.Errorf("got error %v", err)
	}
}

// unrenewable is a credential that can't be renewed.
type unrenewable string

func (u unrenewable) Authorization(context.Context) (string, error) { return string(u), nil }
func (u unrenewable) Renew(context.Context, string) (string, error) { return string(u), nil }

func TestUnchangedCredentialIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	client := newMemoryClient(t, acceptOnly(), func(c *Config) { c.Authorizer = unrenewable("Bearer old") })
	if _, err := client.Get(t.Context(), "/2.0/user", nil); !IsUnauthorized(err) {
		t.Errorf("got error %v", err)
	}
	if got := client.Stats(); got.Requests != 1 || got.Retries != 0 {
		t.Errorf("got %+v, want one request", got)
	}
}

func TestRenewalFails(t *testing.T) {
	t.Parallel()
	errDead := errors.New("the refresh token is dead, run login")
	source := &credentialSource{current: "Bearer old", renewErr: errDead}
	client := newMemoryClient(t, acceptOnly(), func(c *Config) { c.Authorizer = source })
	_, err := client.Get(t.Context(), "/2.0/user", nil)
	if !IsUnauthorized(err) || !errors.Is(err, errDead) {
		t.Fatalf("got error %v, want the refusal and why the renewal failed", err)
	}
	for _, want := range []string{"GET /2.0/user", "Token is invalid", errDead.Error()} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if got := client.Stats().Requests; got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
}

func TestAuthorizerFails(t *testing.T) {
	t.Parallel()
	errDead := errors.New("the refresh token is dead, run login")
	client := newMemoryClient(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") },
		func(c *Config) { c.Authorizer = &credentialSource{authErr: errDead} })
	if _, err := client.Get(t.Context(), "/2.0/user", nil); err != errDead {
		t.Errorf("got error %v, want the authorizer's own", err)
	}
}

func TestErrorDoesNotQuoteTheToken(t *testing.T) {
	t.Parallel()
	client := newMemoryClient(t, answer(http.StatusBadRequest, `{"error": {"message": "bad token s3cr3t in Bearer s3cr3t"}}`),
		func(c *Config) { c.Authorizer = &credentialSource{current: "Bearer s3cr3t"} })
	_, err := client.Get(t.Context(), "/2.0/user", nil)
	if err == nil || strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), "bad token [token]") {
		t.Errorf("got error %v", err)
	}
}

func TestAuthorizationStaysOnTheHost(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	client := newMemoryClient(t, func(http.ResponseWriter, *http.Request) { sent.Add(1) },
		func(c *Config) { c.Authorizer = &credentialSource{current: "Bearer secret"} })
	for _, address := range []string{"https://evil.example/", "http://api.bitbucket.org/", "https://api.bitbucket.org:8443/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.authorize.RoundTrip(req); err == nil {
			t.Errorf("%s: no error", address)
		}
	}
	if sent.Load() > 0 {
		t.Errorf("%d requests were sent", sent.Load())
	}
}

// Tokens may expire in quick succession, because the clock was set or their life is short.
func TestTokensThatExpireSoonAreRenewedEachTime(t *testing.T) {
	t.Parallel()
	source := &credentialSource{current: "Bearer old"}
	good := map[string]int{}
	client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
		credential := req.Header.Get("Authorization")
		if good[credential]++; credential == "Bearer old" || good[credential] > 2 {
			acceptOnly()(w, req)
			return
		}
		answer(http.StatusOK, `{"a": 1}`)(w, req)
	}, func(c *Config) { c.Authorizer = source })
	for range 10 {
		if _, err := client.Get(t.Context(), "/2.0/user", nil); err != nil {
			t.Fatal(err)
		}
	}
	if source.renewals != 5 {
		t.Errorf("%d renewals of tokens that are good for two requests, want 5 for ten", source.renewals)
	}
}
