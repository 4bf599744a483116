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

// doubtFor is how long renewals are suspended after one that did not help.
const doubtFor = time.Minute

// An authorizeTransport adds the credentials to requests to the API's own host, and to no others. If Bitbucket refuses
// them, it has them renewed and repeats the request once.
//
// Bitbucket may answer 401 to valid credentials that are not allowed to read this object. If it says so, nothing is
// renewed. It may not say so: if renewed credentials are refused too, renewals are suspended for a while. A scan that
// finds 500 hidden workspaces must not request 500 tokens.
type authorizeTransport struct {
	next       http.RoundTripper
	base       *url.URL
	authorizer Authorizer

	repeats  atomic.Int64
	apiToken atomic.Bool // whether the credentials are an e-mail address and an API token

	doubted atomic.Pointer[time.Time] // time of the last renewal that did not help
}

// An authorizerError wraps an error of the [Authorizer] on its way through the transports.
type authorizerError struct{ err error }

func (e *authorizerError) Error() string { return e.err.Error() }
func (e *authorizerError) Unwrap() error { return e.err }

// A renewalError reports that Bitbucket answered 401 with this body, and that the renewal failed.
type renewalError struct {
	resp *http.Response
	body []byte
	err  error
}

func (e *renewalError) Error() string { return e.err.Error() }
func (e *renewalError) Unwrap() error { return e.err }

func (a *authorizeTransport) RoundTrip(req *http.Request) (*http.Response, error) {
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
	if !responseError(req.URL, resp, body).blamesCredential() {
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

// renewalSuspended reports whether a 401 is currently not blamed on the credentials.
func (a *authorizeTransport) renewalSuspended() bool {
	since := a.doubted.Load()
	return since != nil && time.Since(*since) < doubtFor
}

// send sends a copy of the request, because transports must not change a request. It removes the credential and the
// others from the body of a failure.
func (a *authorizeTransport) send(req *http.Request, credential string, others ...string) (*http.Response, error) {
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

// redact removes credentials from the body of a failure, in case Bitbucket quotes them.
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

// secrets returns the secret parts of a credential, in the forms that a body may contain.
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
