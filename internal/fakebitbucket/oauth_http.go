package fakebitbucket

import (
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// An oauthError is an error in the form of the OAuth server.
// https://www.rfc-editor.org/rfc/rfc6749#section-5.2
type oauthError struct {
	Description string `json:"error_description"`
	Code        string `json:"error"`
}

var (
	errClient = &oauthError{"Invalid OAuth client credentials", "unauthorized_client"}
	errNoAuth = &oauthError{
		"Requests must be authenticated using OAuth client credentials", "unauthorized_client",
	}
	errCode  = &oauthError{"The specified code is not valid.", "invalid_grant"}
	errGrant = &oauthError{"Unsupported grant type", "unsupported_grant_type"}
	errForm  = &oauthError{"The request is not a form", "invalid_request"}
)

func (e *oauthError) response() *response { return oauthResponse(http.StatusBadRequest, e) }

func oauthResponse(status int, v any) *response {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // cannot happen: strings and numbers always have a JSON form
	}
	res := jsonResponse(status, b)
	res.header.Set("Cache-Control", "no-store")
	return res
}

// The parameters that the two endpoints accept.
var (
	authorizeParameters = []string{
		"client_id", "response_type", "state", "redirect_uri", "scope", "code_challenge", "code_challenge_method",
	}
	tokenParameters = []string{
		"grant_type", "code", "redirect_uri", "refresh_token", "scope", "code_verifier", "client_id", "client_secret",
	}
)

func (s *Server) checkForm(r *http.Request, form url.Values, parameters []string) {
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if !slices.Contains(parameters, name) {
			s.violate("%s %s: the parameter %s is unknown here", r.Method, r.URL.Path, name)
		}
	}
}

// authorizeEndpoint answers for the page where a person authorizes a consumer. The person decides at once.
func (s *Server) authorizeEndpoint(r *http.Request) *response {
	q := r.URL.Query()
	s.checkForm(r, q, authorizeParameters)
	if r.Method != http.MethodGet {
		s.violate("%s %s: the method is not allowed", r.Method, r.URL.Path)
		return textResponse(http.StatusMethodNotAllowed, "text/html; charset=utf-8", htmlPage)
	}
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.consumers[q.Get("client_id")]
	if c == nil {
		return textResponse(http.StatusBadRequest, "text/html; charset=utf-8", htmlPage)
	}
	if q.Has("redirect_uri") && q.Get("redirect_uri") != c.Callback {
		return textResponse(http.StatusBadRequest, "text/html; charset=utf-8", htmlPage)
	}
	back := url.Values{}
	if q.Has("state") {
		back.Set("state", q.Get("state"))
	}
	switch {
	case q.Get("response_type") != "code":
		back.Set("error", "unsupported_response_type")
	case a.consenting == "":
		back.Set("error", "access_denied")
		back.Set("error_description", "The resource owner or authorization server denied the request")
	default:
		a.consented++
		value := a.secret("", 18)
		a.codes[value] = &code{
			consumer: c.Key, userUUID: a.consenting, redirectURI: q.Get("redirect_uri"), expires: s.now().Add(codeLife),
		}
		back.Set("code", value)
	}
	return redirect(c.Callback, back)
}

func redirect(callback string, parameters url.Values) *response {
	joint := "?"
	if strings.Contains(callback, "?") {
		joint = "&"
	}
	res := textResponse(http.StatusFound, "text/html; charset=utf-8", "")
	res.header.Set("Location", callback+joint+parameters.Encode())
	return res
}

// tokenEndpoint exchanges codes, refresh tokens and client credentials for access tokens.
func (s *Server) tokenEndpoint(r *http.Request, e *journalEntry) *response {
	if r.Method != http.MethodPost {
		s.violate("%s %s: the method is not allowed", r.Method, r.URL.Path)
		return textResponse(http.StatusMethodNotAllowed, "text/html; charset=utf-8", htmlPage)
	}
	if r.URL.RawQuery != "" {
		s.violate("POST %s: parameters in the query", r.URL.Path)
	}
	form, err := readForm(r)
	if err != nil {
		s.violate("POST %s: the body is not a form", r.URL.Path)
		return err.response()
	}
	s.checkForm(r, form, tokenParameters)
	if form.Has("client_secret") {
		s.violate("POST %s: client credentials in the body", r.URL.Path)
	}
	a := &s.oauth
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.client(r)
	if err != nil {
		return err.response()
	}
	e.setPrincipal(&principal{consumer: c.Key})
	if s.now().Before(c.lockedUntil) {
		return errClient.response()
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return s.exchangeCode(c, form)
	case "refresh_token":
		return s.refreshGrant(c, form)
	case "client_credentials":
		return s.tokens(c, "", "", "client_credentials")
	}
	return errGrant.response()
}

func readForm(r *http.Request) (url.Values, *oauthError) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return nil, errForm
	}
	if err := r.ParseForm(); err != nil {
		return nil, errForm
	}
	return r.PostForm, nil
}

// client returns the consumer of a request to the token endpoint. It accepts only HTTP Basic authentication.
func (a *oauth) client(r *http.Request) (*registeredConsumer, *oauthError) {
	key, secret, ok := r.BasicAuth()
	if !ok {
		return nil, errNoAuth
	}
	key, err := url.QueryUnescape(key)
	if err != nil {
		return nil, errClient
	}
	c := a.consumers[key]
	if c == nil {
		return nil, errClient
	}
	// RFC 6749 escapes the secret in the header, but many clients do not.
	if escaped, err := url.QueryUnescape(secret); secret != c.Secret && (err != nil || escaped != c.Secret) {
		return nil, errClient
	}
	return c, nil
}

func (s *Server) exchangeCode(c *registeredConsumer, form url.Values) *response {
	a := &s.oauth
	value := form.Get("code")
	issued := a.codes[value]
	delete(a.codes, value)
	switch {
	case issued == nil, issued.consumer != c.Key, !s.now().Before(issued.expires):
		return errCode.response()
	case form.Get("redirect_uri") != issued.redirectURI && form.Get("redirect_uri") != c.Callback:
		return errCode.response()
	}
	refresh := a.newRefreshToken(c.Key, issued.userUUID, s.now())
	return s.tokens(c, issued.userUUID, refresh, "authorization_code")
}

// refreshGrant rotates a refresh token. An invalid one gets the same answer as wrong client credentials.
func (s *Server) refreshGrant(c *registeredConsumer, form url.Values) *response {
	next, userUUID, ok := s.oauth.spend(c, form.Get("refresh_token"), s.now())
	if !ok {
		return errClient.response()
	}
	return s.tokens(c, userUUID, next, "refresh_token")
}

// tokens returns the answer with an access token. If refresh is not "", it contains a refresh token, too.
func (s *Server) tokens(c *registeredConsumer, userUUID, refresh, grant string) *response {
	answer := map[string]any{
		"access_token": s.oauth.newAccessToken(c, userUUID, s.now()),
		"token_type":   "Bearer",
		"expires_in":   int(s.options.AccessTokenLife.Seconds()),
	}
	if refresh != "" {
		answer["refresh_token"] = refresh
	}
	switch s.options.ScopeField {
	case "scope":
		answer["scope"] = strings.Join(collapse(c.scopes), " ")
	case "scopes": // as before 2026
		answer["scopes"] = strings.Join(collapse(c.scopes), " ")
		answer["state"] = grant
		answer["token_type"] = "bearer"
	}
	return oauthResponse(http.StatusOK, answer)
}
