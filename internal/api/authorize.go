package api

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// doubtFor is how long no credential is renewed after a renewal that did not help.
const doubtFor = time.Minute

// authorize puts the credentials on requests to the API's own host, and on no others. When the
// service refuses them it has them renewed once and tries once more.
//
// Bitbucket also answers 401 when the credentials are good but not for the thing asked for. If it says so, nothing is
// renewed. It need not say so: when a renewed credential is refused in turn, a refusal is not put down to the credential for
// a while. A scan that meets 500 hidden workspaces must not ask for 500 tokens.
type authorize struct {
	next       http.RoundTripper
	base       *url.URL
	authorizer Authorizer

	repeats  atomic.Int64
	apiToken atomic.Bool // the credentials are an account's e-mail address and API token

	doubted atomic.Pointer[time.Time] // when a renewal did not help
}

// An authorizerError is an error of the [Authorizer], on its way out through the stack.
type authorizerError struct{ err error }

func (e *authorizerError) Error() string { return e.err.Error() }
func (e *authorizerError) Unwrap() error { return e.err }

// A renewalError says that the service answered 401 with this body and the renewal failed.
type renewalError struct {
	resp *http.Response
	body []byte
	err  error
}

func (e *renewalError) Error() string { return e.err.Error() }
func (e *renewalError) Unwrap() error { return e.err }

func (a *authorize) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameOrigin(a.base, req.URL) {
		return nil, protocolError(req.URL, "would send the token to another host, %s", origin(req.URL))
	}
	if a.authorizer == nil {
		return a.next.RoundTrip(req)
	}
	credential, err := a.authorizer.Authorization(req.Context())
	if err != nil {
		return nil, &authorizerError{err}
	}
	resp, err := a.send(req, credential)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || a.renewalSuspended() {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if !answered(req.URL, resp, body).blamesCredential() {
		return resp, nil
	}
	renewed, err := a.authorizer.Renew(req.Context(), credential)
	if err != nil {
		return nil, &renewalError{resp, body, err}
	}
	if renewed == credential {
		return resp, nil
	}
	a.repeats.Add(1)
	resp, err = a.send(req, renewed, credential)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		now := time.Now()
		a.doubted.Store(&now)
	}
	return resp, err
}

// renewalSuspended reports whether a refusal is not put down to the credential now.
func (a *authorize) renewalSuspended() bool {
	since := a.doubted.Load()
	return since != nil && time.Since(*since) < doubtFor
}

// send sends a copy of the request, as transports must not change the one they are given. What it returns quotes neither
// the credential nor others.
func (a *authorize) send(req *http.Request, credential string, others ...string) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", credential)
	_, _, isBasic := req.BasicAuth()
	a.apiToken.Store(isBasic)
	resp, err := a.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	return resp, redact(resp, append(others, credential)...)
}

// redact removes credentials from the body of a failure, should the service quote them back.
func redact(resp *http.Response, credentials ...string) error {
	if resp.StatusCode < 400 {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	for _, credential := range credentials {
		for _, secret := range secrets(credential) {
			body = bytes.ReplaceAll(body, []byte(secret), []byte("[token]"))
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// secrets are what must not be shown of a credential, as a body may have it.
func secrets(credential string) []string {
	_, secret, _ := strings.Cut(credential, " ")
	all := []string{secret}
	header := http.Request{Header: http.Header{"Authorization": {credential}}}
	if email, token, ok := header.BasicAuth(); ok {
		all = append(all, email+":"+token, token)
	}
	for _, plain := range all {
		all = append(all, url.QueryEscape(plain), strings.ReplaceAll(plain, "/", `\/`))
	}
	return slices.DeleteFunc(all, func(secret string) bool { return secret == "" })
}
