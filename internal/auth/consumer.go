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

// DefaultURL is where Bitbucket Cloud's authorization server lives; /authorize and /access_token are under it.
const DefaultURL = "https://bitbucket.org/site/oauth2"

// requestTimeout bounds one request to the authorization server.
const requestTimeout = 30 * time.Second

// A Consumer is an OAuth consumer (in newer pages: OAuth client) of a workspace, and how to reach the server that knows it.
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
	// MaxWait is the longest that a call waits when the server limits how often it is asked. By default none does.
	MaxWait time.Duration
	// Logger is told about refreshes and trouble with the token file, never about a token. By default nobody is.
	Logger hclog.Logger
	// Now is the clock, by default time.Now.
	Now func() time.Time
}

// complete returns c with its defaults filled in, or an error that names what is missing.
func (c Consumer) complete() (Consumer, error) {
	if c.Key == "" || c.Secret.IsZero() {
		return c, errorf(KindConfiguration, nil, "an OAuth consumer needs both consumer_key and consumer_secret "+
			"(BITBUCKET_OAUTH_CLIENT_ID, BITBUCKET_OAUTH_CLIENT_SECRET)")
	}
	return c.identified()
}

// identified returns c with its defaults filled in. The secret may be missing: it takes none to find the token file.
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

// config returns the consumer as golang.org/x/oauth2 has it.
func (c Consumer) config(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     c.Key,
		ClientSecret: c.Secret.reveal(),
		RedirectURL:  redirect,
		Endpoint: oauth2.Endpoint{
			AuthURL:  c.URL + "/authorize",
			TokenURL: c.tokenURL(),
			// Basic is the documented form. Left to detect it, the library would send a refused grant twice.
			AuthStyle: oauth2.AuthStyleInHeader,
		},
	}
}

// refresh spends a refresh token.
func (c Consumer) refresh(ctx context.Context, token Secret) (Token, error) {
	return c.request(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return c.config("").TokenSource(ctx, &oauth2.Token{RefreshToken: token.reveal()}).Token()
	}, token)
}

// clientCredentials asks for a token for the consumer itself.
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

// request makes one token request. Its error is a *refusedError, a *limitedError or an *Error, and holds none of the secrets that were sent.
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
	now := c.Now().Round(0).UTC() // without the monotonic clock, which stands still while a laptop sleeps
	return Token{
		AccessToken:  NewSecret(t.AccessToken),
		RefreshToken: NewSecret(t.RefreshToken),
		ObtainedAt:   now,
		Expiry:       now.Add(lifetime(t)),
		Scopes:       grantedScopes(t),
	}, nil
}

// tokenURL is the address that grants are sent to.
func (c Consumer) tokenURL() string { return c.URL + "/access_token" }

// host is the server that has it.
func (c Consumer) host() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return c.URL
	}
	return u.Host
}

// lifetime returns how long the token lasts by its expires_in. The library's own expiry is by another clock than ours.
func lifetime(t *oauth2.Token) time.Duration {
	seconds, _ := t.Extra("expires_in").(float64)
	if seconds < 1 {
		return defaultLifetime
	}
	return time.Duration(min(seconds, maxLifetime.Seconds()) * float64(time.Second))
}

// grantedScopes returns the scopes of a token response: in scope since May 2026, in scopes before, or nowhere.
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

// explain turns the library's error, which may quote the server's answer, into one that is fit to be shown.
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

// explainAnswer tells a refusal, which is for good, from a server in trouble.
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
	// Without refused as its cause: who looks for a refusal must not find one.
	return &Error{Kind: KindTemporary, Status: refused.status,
		Message: tokenURL + " is in trouble (" + refused.Error() + "); try again later"}
}

// asSent adds to secrets what they look like in a request: escaped, and the consumer's as part of the Authorization header.
func (c Consumer) asSent(secrets []Secret) []Secret {
	for _, secret := range secrets {
		secrets = append(secrets, NewSecret(url.QueryEscape(secret.reveal())))
	}
	pair := url.QueryEscape(c.Key) + ":" + url.QueryEscape(c.Secret.reveal())
	return append(secrets, NewSecret(base64.StdEncoding.EncodeToString([]byte(pair))))
}

// presentable returns a text of the server's on one line and not too long, or nothing if it repeats a secret.
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
