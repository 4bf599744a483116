package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testKey    = "consumer-key"
	testSecret = "consumer-secret-value"
	// tokenLength is the length of real tokens.
	tokenLength = 2600
	grace       = 10 * time.Minute
	lockout     = 2 * time.Minute
)

// A testClock is set by the test. The server and the tested code share it.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *testClock { return &testClock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// An authServer is Bitbucket's authorization server, and an API with one endpoint. It rotates refresh tokens. It accepts a used
// one within the grace period. After that it refuses the token and locks the consumer out.
type authServer struct {
	*httptest.Server
	t   *testing.T
	now func() time.Time

	mu        sync.Mutex
	serial    int
	refresh   map[string]*refreshState
	access    map[string]*accessState
	codes     map[string]bool
	lockedTo  time.Time
	requests  int            // the number of token requests
	grants    map[string]int // the number of answers with a token, for each grant type
	expiresIn any            // expires_in in the answers; nil leaves it out
	budget    int            // how many calls an access token allows, 0 for any number
	extra     map[string]any // more fields of the answers; nil removes a field

	// fault, if set, can answer instead of the server. It is called first, with the number of the request.
	fault func(w http.ResponseWriter, r *http.Request, request int) bool
	// rotated, if set, is called after a rotation and before its answer.
	rotated func()
}

type refreshState struct {
	uses   int
	usedAt time.Time
}

type accessState struct {
	calls  int
	expiry time.Time
}

func newAuthServer(t *testing.T, now func() time.Time) *authServer {
	s := &authServer{
		t: t, now: now, expiresIn: 7200,
		refresh: map[string]*refreshState{}, access: map[string]*accessState{}, codes: map[string]bool{},
		grants: map[string]int{}, extra: map[string]any{"scope": "account repository"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /access_token", s.serveToken)
	mux.HandleFunc("GET /api", s.serveAPI)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// consumer returns the consumer that the server knows.
func (s *authServer) consumer() Consumer {
	return Consumer{Key: testKey, Secret: NewSecret(testSecret), URL: s.URL, HTTPClient: s.Client(), Now: s.now}
}

// mint returns a new token. The caller holds mu.
func (s *authServer) mint(kind string) string {
	s.serial++
	text := fmt.Sprintf("%s-token-%d-", kind, s.serial)
	return text + strings.Repeat("x", tokenLength-len(text))
}

// seed returns a new refresh token.
func (s *authServer) seed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := s.mint("refresh")
	s.refresh[token] = &refreshState{}
	return token
}

// code returns a new authorization code.
func (s *authServer) code() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := fmt.Sprintf("code-%d", len(s.codes))
	s.codes[code] = true
	return code
}

func (s *authServer) serveToken(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.fault != nil && s.fault(w, r, s.requests) {
		return
	}
	if err := r.ParseForm(); err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
		s.t.Errorf("malformed token request: %v, %q", err, r.URL)
	}
	grant := r.PostForm.Get("grant_type")
	wantFields := map[string][]string{
		"refresh_token":      {"grant_type", "refresh_token"},
		"client_credentials": {"grant_type"},
		"authorization_code": {"code", "grant_type"},
	}[grant]
	for field := range r.PostForm {
		if !cmp.Equal(r.PostForm[field], []string{r.PostForm.Get(field)}) || !strings.Contains(strings.Join(wantFields, " ")+" redirect_uri", field) {
			s.t.Errorf("%s request has field %q", grant, field)
		}
	}
	if key, secret, ok := r.BasicAuth(); !ok || key != testKey || secret != testSecret || s.now().Before(s.lockedTo) {
		s.refuse(w)
		return
	}
	answer := map[string]any{"token_type": "bEaReR"}
	switch grant {
	case "refresh_token":
		state := s.refresh[r.PostForm.Get("refresh_token")]
		if state == nil || state.uses > 0 && s.now().Sub(state.usedAt) > grace {
			s.lockedTo = s.now().Add(lockout)
			s.refuse(w)
			return
		}
		if state.uses == 0 {
			state.usedAt = s.now()
		}
		state.uses++
	case "authorization_code":
		if !s.codes[r.PostForm.Get("code")] {
			writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "The specified code is not valid."})
			return
		}
		delete(s.codes, r.PostForm.Get("code"))
	}
	s.grants[grant]++
	access := s.mint("access")
	s.access[access] = &accessState{expiry: s.now().Add(2 * time.Hour)}
	answer["access_token"] = access
	if grant != "client_credentials" {
		refresh := s.mint("refresh")
		s.refresh[refresh] = &refreshState{}
		answer["refresh_token"] = refresh
	}
	if s.expiresIn != nil {
		answer["expires_in"] = s.expiresIn
	}
	for field, value := range s.extra {
		if answer[field] = value; value == nil {
			delete(answer, field)
		}
	}
	if s.rotated != nil {
		s.rotated()
	}
	writeJSON(w, http.StatusOK, answer)
}

// refuse answers like the service, which gives the same answer to a wrong secret and to a dead token.
func (s *authServer) refuse(w http.ResponseWriter) {
	writeJSON(w, http.StatusBadRequest, map[string]any{"error": "unauthorized_client", "error_description": "Invalid OAuth client credentials"})
}

func (s *authServer) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	state := s.access[token]
	if state == nil || !s.now().Before(state.expiry) || s.budget > 0 && state.calls >= s.budget {
		http.Error(w, "Token is invalid, expired, or not supported for this endpoint.", http.StatusUnauthorized)
		return
	}
	state.calls++
}

// revoke revokes all access tokens.
func (s *authServer) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
}

// set changes the server's settings.
func (s *authServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// count returns the number of token requests so far.
func (s *authServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// wantSingleUse fails the test if a refresh token was used twice.
func (s *authServer) wantSingleUse() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, state := range s.refresh {
		if state.uses > 1 {
			s.t.Errorf("%.20s… was used %d times", token, state.uses)
		}
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// call makes a request to the API at url. It renews the token as often as other users of the same token make this necessary.
func call(ctx context.Context, source Authorizer, url string) error {
	value, err := source.Authorization(ctx)
	for range 50 {
		if err != nil {
			return err
		}
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api", nil)
		req.Header.Set("Authorization", value)
		resp, respErr := http.DefaultClient.Do(req)
		if respErr != nil {
			return respErr
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		value, err = source.Renew(ctx, value)
	}
	return fmt.Errorf("still refused after 50 renewals")
}
