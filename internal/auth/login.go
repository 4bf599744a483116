package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"
)

// NewState returns a random value for one authorization request. The answer must repeat it.
func NewState() string { return rand.Text() }

// AuthorizeURL returns the address of the page where a person grants the consumer access. The redirect address should be
// empty. Then the service uses the callback URL that the consumer is registered with; it accepts no other.
func (c Consumer) AuthorizeURL(state, redirect string) (string, error) {
	c, err := c.complete()
	if err != nil {
		return "", err
	}
	return c.config(redirect).AuthCodeURL(state), nil
}

// Exchange returns the first token for the code in the redirect. The redirect address is the one that was passed to
// AuthorizeURL. A code works once, for a few minutes; Exchange never sends it twice.
func (c Consumer) Exchange(ctx context.Context, code, redirect string) (Token, error) {
	c, err := c.complete()
	if err != nil {
		return Token{}, err
	}
	token, err := c.request(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return c.config(redirect).Exchange(ctx, code)
	}, NewSecret(code))
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return Token{}, c.refusedCode(refused)
	}
	if limited, ok := errors.AsType[*limitedError](err); ok {
		return Token{}, limited.explain(c.Now(), limited.wait, 0, 0)
	}
	if err == nil && token.RefreshToken.IsZero() {
		return Token{}, errorf(KindConfiguration, nil, "Bitbucket gave no refresh token to OAuth consumer %s; allow it the authorization code grant", c.Key)
	}
	return token, err
}

// refusedCode returns the error for a refused code. Bitbucket's answer distinguishes a bad code from a wrong secret.
func (c Consumer) refusedCode(refused *refusedError) *Error {
	text := fmt.Sprintf("Bitbucket refused the authorization code of OAuth consumer %s (%s). A code works once, and for a few minutes only. "+
		"Log in again", c.Key, refused)
	if refused.code == "unauthorized_client" || refused.code == "invalid_client" {
		text = fmt.Sprintf("the key or the secret of OAuth consumer %s is wrong (Bitbucket answered %s). Copy both again from the consumer's page "+
			"in the workspace's settings, and log in again", c.Key, refused)
	}
	return &Error{Kind: KindAuthorization, Message: text, Status: refused.status, Err: refused}
}

// ParseRedirect returns the code in a text that the user pasted. The text is the whole address that the browser was redirected
// to, the part with code=…, or only the code. Its state must be the one that was passed to AuthorizeURL. The state may be
// missing only if the first part of the address is missing, too.
func ParseRedirect(pasted, state string) (code string, err error) {
	pasted = strings.Trim(strings.TrimSpace(pasted), `"'<>`)
	if len(pasted) <= longestCode && bareCode.MatchString(pasted) {
		if code, err := url.PathUnescape(pasted); err == nil {
			return code, nil
		}
	}
	query, whole := pasted, false
	if before, after, found := strings.Cut(pasted, "?"); found {
		query, whole = after, before != ""
	}
	query, _, _ = strings.Cut(query, "#")
	values, err := url.ParseQuery(query)
	if err != nil || strings.ContainsAny(query, " \t\r\n") {
		return "", errNoCode
	}
	if !whole && !values.Has("state") {
		values.Set("state", state)
	}
	return codeFrom(values, state)
}

// bareCode matches a code alone: a double click on the address selects just that. A limit in the expression would make each start
// of the program slower.
var bareCode = regexp.MustCompile(`^[A-Za-z0-9_~+/%-]{8,}=*$`)

const longestCode = 512

var errNoCode = errorf(KindAuthorization, nil, "there is no authorization code in that. After you have granted access, "+
	"copy the whole address from the browser's address bar, even if the page itself can't be shown: it contains code=…")

// errWrongState is the error for an answer to another request, from an older tab or an attacker.
var errWrongState = errorf(KindAuthorization, nil, "this address belongs to another login (its state is different). "+
	"Open the address that this login shows")

// IsNotThisLogin reports whether ParseRedirect returned err because the text does not belong to this login. The right one may
// still come.
func IsNotThisLogin(err error) bool { return err == errNoCode || err == errWrongState }

// codeFrom returns the code in the parameters of a redirect.
func codeFrom(values url.Values, state string) (string, error) {
	code, errorCode := values.Get("code"), values.Get("error")
	switch {
	case code == "" && errorCode == "":
		return "", errNoCode
	case subtle.ConstantTimeCompare([]byte(values.Get("state")), []byte(state)) != 1:
		return "", errWrongState
	case errorCode == "access_denied":
		return "", errorf(KindAuthorization, nil, "access was denied on Bitbucket's page. Log in again, and grant it")
	case errorCode != "":
		refused := &refusedError{code: presentable(errorCode, nil), description: presentable(values.Get("error_description"), nil)}
		return "", errorf(KindAuthorization, refused, "Bitbucket did not authorize the consumer (%s). "+
			"Check its callback URL and permissions in the workspace's settings", refused)
	}
	return code, nil
}
