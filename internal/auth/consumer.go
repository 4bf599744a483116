package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/loopback"
)

// DefaultURL is the address of Bitbucket Cloud's authorization server. /authorize and /access_token are below it.
const DefaultURL = "https://bitbucket.org/site/oauth2"

// requestTimeout is the time limit for one request to the authorization server.
const requestTimeout = 30 * time.Second

// A Consumer is an OAuth consumer of a workspace (newer pages call it an OAuth client), with the settings for its requests.
//
// https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/
type Consumer struct {
	// Key and Secret are the consumer's credentials. The key is not a secret.
	Key    string
	Secret Secret
	// URL is the authorization server's address, by default DefaultURL.
	URL string
	// HTTPClient sends the requests, by default http.DefaultClient.
	HTTPClient *http.Client
	// MaxWait is the longest that a call waits while the server limits requests. By default, calls don't wait.
	MaxWait time.Duration
	// Logger logs refreshes and problems with the token file, but no tokens. By default, nothing is logged.
	Logger hclog.Logger
	// Now is the clock, by default time.Now.
	Now func() time.Time
}

// complete returns c with its defaults filled in, or an error that names a missing setting.
func (c Consumer) complete() (Consumer, error) {
	if c.Key == "" || c.Secret.IsZero() {
		return c, errorf(KindConfiguration, nil, "an OAuth consumer needs both consumer_key and consumer_secret "+
			"(BITBUCKET_OAUTH_CLIENT_ID, BITBUCKET_OAUTH_CLIENT_SECRET)")
	}
	return c.identified()
}

// identified returns c with its defaults filled in. The secret may be missing, because finding the token file doesn't need it.
func (c Consumer) identified() (Consumer, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	c.URL = strings.TrimRight(c.URL, "/")
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.User != nil || !(u.Scheme == "https" || u.Scheme == "http" && loopback.Is(u.Hostname())) {
		return c, errorf(KindConfiguration, nil, "oauth_url (BITBUCKET_OAUTH_URL) must be an https address such as %s", DefaultURL)
	}
	if c.HTTPClient == nil {
		c.HTTPClient = http.DefaultClient
	}
	if c.Logger == nil {
		c.Logger = hclog.NewNullLogger()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// config returns the consumer as a configuration of golang.org/x/oauth2.
func (c Consumer) config(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     c.Key,
		ClientSecret: c.Secret.reveal(),
		RedirectURL:  redirect,
		Endpoint: oauth2.Endpoint{
			AuthURL:  c.URL + "/authorize",
			TokenURL: c.tokenURL(),
			// Bitbucket documents Basic. If the library had to detect the style, it would send a refused grant twice.
			AuthStyle: oauth2.AuthStyleInHeader,
		},
	}
}

// refresh exchanges a refresh token for a new pair.
func (c Consumer) refresh(ctx context.Context, token Secret) (Token, error) {
	return c.request(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return c.config("").TokenSource(ctx, &oauth2.Token{RefreshToken: token.reveal()}).Token()
	}, token)
}

// clientCredentials requests a token for the consumer itself.
func (c Consumer) clientCredentials(ctx context.Context) (Token, error) {
	return c.request(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		config := c.config("")
		cc := clientcredentials.Config{
			ClientID:     config.ClientID,
			ClientSecret: config.ClientSecret,
			TokenURL:     config.Endpoint.TokenURL,
			AuthStyle:    config.Endpoint.AuthStyle,
		}
		return cc.Token(ctx)
	})
}

// request makes one token request. Its error is a *refusedError, a *limitedError, an *Error or the context's. It contains none
// of the secrets that were sent.
func (c Consumer) request(ctx context.Context, grant func(context.Context) (*oauth2.Token, error), sent ...Secret) (Token, error) {
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	client := *c.HTTPClient
	client.Transport = answerReader{client.Transport}
	t, err := grant(context.WithValue(limited, oauth2.HTTPClient, &client))
	if ctx.Err() != nil {
		return Token{}, ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) && limited.Err() != nil {
		return Token{}, errorf(KindTemporary, err, "can't reach %s: no answer from %s within %s; check the network, the proxy settings and oauth_url",
			c.tokenURL(), c.host(), requestTimeout)
	}
	if err != nil {
		return Token{}, c.explain(err, c.asSent(append(sent, c.Secret)))
	}
	now := c.Now().Round(0).UTC() // without the monotonic clock, which stops while a laptop sleeps
	return Token{
		AccessToken:  NewSecret(t.AccessToken),
		RefreshToken: NewSecret(t.RefreshToken),
		ObtainedAt:   now,
		Expiry:       now.Add(tokenLifetime(t)),
		Scopes:       grantedScopes(t),
	}, nil
}

// tokenURL returns the address for grants.
func (c Consumer) tokenURL() string { return c.URL + "/access_token" }

// host returns the authorization server's host.
func (c Consumer) host() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return c.URL
	}
	return u.Host
}

// tokenLifetime returns how long the token is valid, from its expires_in. The library computes its expiry with a different
// clock.
func tokenLifetime(t *oauth2.Token) time.Duration {
	seconds, _ := t.Extra("expires_in").(float64)
	if seconds < 1 {
		return defaultLifetime
	}
	return time.Duration(min(seconds, maxLifetime.Seconds()) * float64(time.Second))
}

// grantedScopes returns the scopes in a token response. Since May 2026 they are in scope; before, they were in scopes. Either
// may be missing.
func grantedScopes(t *oauth2.Token) []string {
	for _, field := range []string{"scope", "scopes"} {
		switch granted := t.Extra(field).(type) {
		case string:
			if scopes := strings.FieldsFunc(granted, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }); len(scopes) > 0 {
				return scopes
			}
		case []any:
			var scopes []string
			for _, scope := range granted {
				if s, ok := scope.(string); ok {
					scopes = append(scopes, s)
				}
			}
			return scopes
		}
	}
	return nil
}

// explain turns the library's error, which may quote the server's answer, into one that can be shown.
func (c Consumer) explain(err error, sent []Secret) error {
	tokenURL := c.tokenURL()
	if limited, ok := errors.AsType[*limitedError](err); ok { // from answerReader, too
		limited.tokenURL, limited.said = tokenURL, presentable(limited.said, sent)
		return limited
	}
	if answered, ok := errors.AsType[*Error](err); ok { // from answerReader
		answered.Message = tokenURL + " " + answered.Message
		return answered
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return explainAnswer(tokenURL, refused, sent)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return errorf(KindTemporary, failed.Err, "can't reach %s: %v; check the network, the proxy settings and oauth_url", tokenURL, failed.Err)
	}
	return &Error{Kind: KindTemporary, Status: http.StatusOK,
		Message: tokenURL + " answered without an access token; is oauth_url (BITBUCKET_OAUTH_URL) right?"}
}

// explainAnswer distinguishes a refusal, which is final, from a problem of the server.
func explainAnswer(tokenURL string, answer *oauth2.RetrieveError, sent []Secret) error {
	refused := &refusedError{
		status:      answer.Response.StatusCode,
		code:        presentable(answer.ErrorCode, sent),
		description: presentable(answer.ErrorDescription, sent),
	}
	inTrouble := refused.status >= 500 || refused.status == http.StatusRequestTimeout ||
		refused.code == "server_error" || refused.code == "temporarily_unavailable"
	if !inTrouble {
		return refused
	}
	// refused is not the cause, because callers look for a refusal with errors.As.
	return &Error{Kind: KindTemporary, Status: refused.status,
		Message: tokenURL + " is in trouble (" + refused.Error() + "); try again later"}
}

// asSent adds the forms that secrets have in a request: escaped, and for the consumer's secret the Authorization header.
func (c Consumer) asSent(secrets []Secret) []Secret {
	for _, secret := range secrets {
		secrets = append(secrets, NewSecret(url.QueryEscape(secret.reveal())))
	}
	pair := url.QueryEscape(c.Key) + ":" + url.QueryEscape(c.Secret.reveal())
	return append(secrets, NewSecret(base64.StdEncoding.EncodeToString([]byte(pair))))
}

// presentable returns a text from the server as one line of limited length, or "" if the text contains a secret.
func presentable(text string, sent []Secret) string {
	for _, secret := range sent {
		if !secret.IsZero() && strings.Contains(text, secret.reveal()) {
			return ""
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if runes := []rune(text); len(runes) > maxDescription {
		text = string(runes[:maxDescription]) + "…"
	}
	return strings.TrimSpace(text)
}

const maxDescription = 200
