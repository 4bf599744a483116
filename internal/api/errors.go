package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// An Error is an answer of the service that is not a success.
type Error struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Method and Path are of the request; the path is without its query.
	Method, Path string
	// Message and Detail are the service's own words, shortened, or empty.
	Message, Detail string
	// Required and Granted are the scopes that the service names when one is missing.
	Required, Granted []string
	// MoreInfo is the address of an announcement, if the service gives one.
	MoreInfo string

	isOwn       bool     // the message is the service's own on what was asked for: not a proxy's, nor that there is no such endpoint
	isElsewhere bool     // nothing of the service's is at the address
	apiToken    bool     // it was refused to an account's API token
	accepted    []string // the scopes of OAuth that the service says it takes
	unfinished  bool     // it came in the middle of a list
	renewal     error    // why the credentials could not be renewed after a 401
}

// Error is one sentence that says what was asked, what the service said, and what to do now.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: Bitbucket answered %d", e.Method, e.Path, e.StatusCode)
	if text := cmp.Or(http.StatusText(e.StatusCode), statusNames[e.StatusCode]); text != "" {
		fmt.Fprintf(&b, " %s", text)
	}
	for _, said := range []string{e.Message, e.Detail} {
		if said != "" {
			fmt.Fprintf(&b, ": %s", strings.TrimRight(said, ".:; "))
		}
	}
	if advice := e.advice(); advice != "" {
		fmt.Fprintf(&b, " - %s", advice)
	}
	if e.MoreInfo != "" {
		fmt.Fprintf(&b, " (%s)", e.MoreInfo)
	}
	return b.String()
}

// Unwrap returns why the credentials could not be renewed, if that is what went wrong.
func (e *Error) Unwrap() error { return e.renewal }

// statusNames has the statuses that are Bitbucket's own.
var statusNames = map[int]string{555: "Timeout in the service"}

// advice says what a person can do about each status, where the service's own words don't.
func (e *Error) advice() string {
	switch {
	case e.StatusCode == http.StatusUnauthorized && e.renewal != nil:
		return fmt.Sprintf("the credentials could not be renewed: %s", e.renewal)
	case len(e.Required) > 0:
		return fmt.Sprintf("this needs the scope %s; the token has %s. Give the token that scope; for an OAuth consumer: tick it in the consumer's permissions, and log in again",
			strings.Join(e.missing(), ", "), cmp.Or(strings.Join(e.Granted, ", "), "none"))
	case e.isElsewhere:
		return "Atlassian has removed or moved what was there, or something on the way answers in Bitbucket's place. " +
			"Check base_url and the proxy, and look for a newer version of the plugin"
	case e.StatusCode == http.StatusBadRequest && e.unfinished:
		return "the list could not be read to its end, from the start again neither; try again later"
	case e.StatusCode >= 500 && slices.Contains(passing, e.StatusCode):
		return "the service is in trouble, also after more attempts; try again later"
	case e.StatusCode == http.StatusUnauthorized && !e.blamesCredential(), e.StatusCode == http.StatusForbidden && !e.isBare():
		return "" // the service has said why
	case e.StatusCode == http.StatusForbidden && e.apiToken:
		return advice[e.StatusCode] + ", or the API token lacks a scope" + e.wanted() +
			". Scopes of API tokens do not imply one another: create a token with all that the documentation names"
	}
	return advice[e.StatusCode]
}

// wanted is what is known of the scopes that an API token may lack.
func (e *Error) wanted() string {
	if len(e.accepted) == 0 {
		return ""
	}
	return fmt.Sprintf(" (the one that OAuth calls %s)", strings.Join(e.accepted, ", "))
}

var advice = map[int]string{
	http.StatusBadRequest:   "the service did not accept the request's filter, sort order or page size",
	http.StatusUnauthorized: "the credentials are expired or revoked, or not good for this",
	http.StatusForbidden:    "the connected user's role does not allow it",
	http.StatusNotFound:     "it does not exist, or the connected user may not see it",
	http.StatusGone:         "Atlassian has removed this, or the workspace or repository has been deleted",
	555:                     "the service took too long to compute this answer",
}

// isBare reports whether the service says no more than the status does.
func (e *Error) isBare() bool {
	said := strings.Trim(e.Message+e.Detail, ".! ")
	return said == "" || strings.EqualFold(said, http.StatusText(e.StatusCode))
}

// What a 401 says that is not about the credential: that the user has no access, though known, or that the account has to do
// something first.
var (
	noAccess  = []string{"not have access", "not have permission", "two-step", "ip address", "allowlist"}
	lockedOut = []string{"password attempts"}
)

// says reports whether the service's words have one of these in them.
func (e *Error) says(words []string) bool {
	said := strings.ToLower(e.Message + " " + e.Detail)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(said, word) })
}

// blamesCredential reports whether the service does not accept the credential itself.
func (e *Error) blamesCredential() bool {
	return e.StatusCode == http.StatusUnauthorized && !e.says(noAccess) && !e.says(lockedOut)
}

// isRefusal reports whether the service refuses what was asked for to this user. It mostly answers 403 then, and in places
// 401 for credentials that are good.
func (e *Error) isRefusal() bool {
	switch e.StatusCode {
	case http.StatusForbidden:
		return e.Message != "" && len(e.Required) == 0
	case http.StatusUnauthorized:
		return e.says(noAccess)
	}
	return false
}

// missing are the required scopes that were not granted. Bitbucket leaves granted scopes out of
// its list that another implies, so when none seems to be missing all of them are named.
func (e *Error) missing() []string {
	missing := slices.DeleteFunc(slices.Clone(e.Required), func(scope string) bool {
		return slices.Contains(e.Granted, scope)
	})
	if len(missing) == 0 {
		return e.Required
	}
	return missing
}

// plainNotFound is what some servers say without JSON.
const plainNotFound = "Not Found"

// noAPI is how the service says that it has no endpoint at an address, in the words that it has for things that are missing.
const noAPI = "There is no API hosted at this URL"

// answered reads a failure: newError knows Bitbucket's JSON, and a short text is shown as well.
func answered(u *url.URL, resp *http.Response, body []byte) *Error {
	e := newError(u, resp.StatusCode, body)
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); e.Message == "" && strings.EqualFold(strings.TrimSpace(kind), "text/plain") {
		e.Message = plainText(string(body))
	}
	e.accepted = parseScopes(resp.Header["X-Accepted-Oauth-Scopes"])
	return e
}

// refusal is answered, to the credentials of the client.
func (c *Client) refusal(u *url.URL, resp *http.Response, body []byte) *Error {
	e := answered(u, resp, body)
	e.apiToken = c.authorize.apiToken.Load()
	return e
}

// newError reads the body of a failure. Nothing but the known parts of Bitbucket's JSON is taken
// from it: other bodies can be whole pages, with personal data in them.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#standardized-error-responses
func newError(u *url.URL, status int, body []byte) *Error {
	e := &Error{StatusCode: status, Method: http.MethodGet, Path: cleanPath(u)}
	e.read(body)
	e.isOwn = e.isOwn && e.Message != "" && !strings.Contains(e.Detail+e.Message, noAPI)
	e.isElsewhere = status == http.StatusNotFound && !e.isOwn
	return e
}

func (e *Error) read(body []byte) {
	if !gjson.ValidBytes(body) {
		if strings.TrimSpace(string(body)) == plainNotFound {
			e.Message = plainNotFound
		}
		return
	}
	e.isOwn = true
	envelope := gjson.ParseBytes(body)
	inner := envelope.Get("error")
	if !inner.IsObject() {
		// The OAuth form: {"error": "invalid_request", "error_description": "…"}.
		e.Message = text(cmp.Or(envelope.Get("error_description").String(), inner.String()))
		return
	}
	e.Message = text(inner.Get("message").String())
	e.Detail = errorDetail(inner.Get("detail"))
	if fields := errorFields(inner.Get("fields")); e.Detail == "" && !strings.Contains(e.Message, fields) {
		e.Detail = fields
	}
	e.Required = scopeList(inner.Get("detail.required"))
	e.Granted = scopeList(inner.Get("detail.granted"))
	e.MoreInfo = announcement(inner.Get("data.announcement_url").String())
}

// errorDetail is the text of a detail, which is a string, a list of strings, or an object.
func errorDetail(detail gjson.Result) string {
	switch {
	case detail.IsArray():
		return joined(detail)
	case detail.Type == gjson.String:
		return text(detail.String())
	}
	return ""
}

// errorFields lists what is wrong with which field: {"q": ["…"], "parents": []}.
func errorFields(fields gjson.Result) string {
	var parts []string
	fields.ForEach(func(name, value gjson.Result) bool {
		said := text(value.String())
		if value.IsArray() {
			said = joined(value)
		}
		if said != "" {
			parts = append(parts, sanitize(name.String(), maxWord)+": "+said)
		}
		return len(parts) < 10
	})
	return text(strings.Join(parts, "; "))
}

func joined(list gjson.Result) string {
	var parts []string
	for _, value := range list.Array() {
		if value.Type == gjson.String {
			parts = append(parts, value.String())
		}
	}
	return text(strings.Join(parts, "; "))
}

func scopeList(list gjson.Result) []string {
	var scopes []string
	for _, scope := range list.Array() {
		if name := sanitize(scope.String(), maxWord); name != "" {
			scopes = append(scopes, name)
		}
	}
	return scopes
}

// announcement accepts an address of Atlassian's, as it is shown to people.
func announcement(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || !strings.HasSuffix("."+u.Hostname(), ".atlassian.com") {
		return ""
	}
	return sanitize(address, maxText)
}

// statusOf is the status of an [*Error], or 0.
func statusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.StatusCode
	}
	return 0
}

// HasStatus reports whether the service answered one of the statuses.
func HasStatus(err error, statuses ...int) bool { return slices.Contains(statuses, statusOf(err)) }

// IsExplained reports whether the service refused in its own words what was asked for: a web page, a plain text or the
// answer of something on the way is not the service's word on anything, nor is it that there is no such endpoint.
func IsExplained(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.isOwn
}

// says reports whether the service answered a status in its own words, to a question of its own: a list that was begun is
// there, and does not end because its next page is said not to be.
func says(err error, status int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.StatusCode == status && e.isOwn && !e.unfinished
}

// isUnfinished reports whether the service refused to go on with a list.
func isUnfinished(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.unfinished
}

// IsNotFound reports whether the service says, in its own words, that something does not exist, or hides it. That there is
// no such endpoint says nothing of what was asked for: see [IsNoEndpoint].
func IsNotFound(err error) bool { return says(err, http.StatusNotFound) }

// IsNoEndpoint reports whether nothing of the service's is at the address that was asked: it has removed or moved the
// endpoint, or something on the way answers in its place.
func IsNoEndpoint(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.isElsewhere
}

// IsGone reports whether the service says, in its own words, that something was removed.
func IsGone(err error) bool { return says(err, http.StatusGone) }

// IsForbidden reports whether the service refused, in its own words, for a missing scope or a missing role: by 403, or by
// a 401 that says that the user has no access.
func IsForbidden(err error) bool {
	return says(err, http.StatusForbidden) || says(err, http.StatusUnauthorized) && IsRefused(err)
}

// IsUnauthorized reports whether the service did not accept the credentials.
func IsUnauthorized(err error) bool {
	return statusOf(err) == http.StatusUnauthorized && !IsRefused(err)
}

// IsRefused reports whether the service refuses this very thing to the connected user, whatever the reason that it gives:
// the role, an address that is not allowed, two-step verification that is off. The same credentials may be good for
// everything else. A bare "Forbidden" to an API token counts, though a scope may be what is missing: nobody can tell.
//
// It is not a scope that is known to be missing ([MissingScope]), credentials that are not accepted ([IsUnauthorized]) or
// could not be renewed, a used-up quota ([*QuotaError]), something that does not exist or is hidden ([IsNotFound]), a web
// page with the status 403, or the end of the context.
func IsRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.isRefusal()
}

// IsUnanswered reports whether the service was reached and failed to answer this very thing, after the attempts that could
// help: it said that it is in trouble (500, 502, 503, 504) or that the answer takes too long to compute (555), or it began
// no answer or did not end one in time.
//
// It is not a host that can't be found, reached or trusted, a connection that breaks off, a used-up quota ([*QuotaError]),
// an answer in another form ([*ProtocolError]), a token that could not be had, or the end of the context.
func IsUnanswered(err error) bool {
	if lost, ok := errors.AsType[*ConnectionError](err); ok {
		return errors.Is(lost.Err, errAttemptTimeout)
	}
	status := statusOf(err)
	return slices.Contains(passing, status) || status == 555
}

// MissingScope returns the scopes that the token lacks, if that is why the service refused.
func MissingScope(err error) (scopes []string, ok bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Required) == 0 {
		return nil, false
	}
	return e.missing(), true
}

// A QuotaError says that the request quota is used up and returns too late to wait for it.
type QuotaError struct {
	// Path is of the request that was not sent.
	Path string
	// ResetAt is when the quota returns and ResetIn how long until then; zero if the service
	// doesn't say.
	ResetAt time.Time
	ResetIn time.Duration
	// Waited is how long the request has waited, of at most MaxWait.
	Waited, MaxWait time.Duration
	// Limit is the number of requests in an hour, or nil if the service doesn't say.
	Limit *int64
	// Needed is how many more requests are known to be needed, this one included.
	Needed int64
}

// Error says when to try again.
func (e *QuotaError) Error() string {
	var b strings.Builder
	b.WriteString("Bitbucket's quota of ")
	if e.Limit != nil {
		fmt.Fprintf(&b, "%d ", *e.Limit)
	}
	b.WriteString("requests an hour is used up; ")
	if e.ResetAt.IsZero() {
		b.WriteString("the service does not say when it returns, which is within the hour")
	} else {
		fmt.Fprintf(&b, "it returns in %s, at %s", e.ResetIn.Round(time.Second), e.ResetAt.Format("15:04:05 MST"))
	}
	if e.Needed > 1 {
		fmt.Fprintf(&b, ". At least %d more requests are needed", e.Needed)
	}
	fmt.Fprintf(&b, ". Waited %s of at most %s (max_wait): try again then, or ask for less", e.Waited.Round(time.Second), max(0, e.MaxWait))
	return b.String()
}

// A ProtocolError is an answer that the API would not give: a web page, half a document, a list
// without items, a next page on another host.
type ProtocolError struct {
	// Path is of the request, without its query.
	Path string
	// Reason says what the answer was.
	Reason string
}

// Error says what the answer was.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("GET %s: Bitbucket, or something between, %s", e.Path, e.Reason)
}

func protocolError(u *url.URL, format string, args ...any) *ProtocolError {
	return &ProtocolError{Path: cleanPath(u), Reason: fmt.Sprintf(format, args...)}
}

// notJSON says what came instead of JSON, and shows none of it.
func notJSON(u *url.URL, resp *http.Response, body []byte) *ProtocolError {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch {
	case len(body) == 0:
		return protocolError(u, "answered with an empty body")
	case isHTML(string(body)):
		return protocolError(u, "answered with a web page instead of JSON. Check for a proxy or a login page on the way, and base_url")
	}
	return protocolError(u, "answered with something that is not JSON (%s, %d bytes)", cmp.Or(sanitize(kind, maxWord), "no content type"), len(body))
}

// A ConnectionError says that no complete answer was had, after several attempts if they could help.
type ConnectionError struct {
	// Path is of the request, without its query.
	Path string
	// Host is the one that was asked, with its port if that is a special one.
	Host string
	// Attempts is how often it was tried.
	Attempts int
	// Err is what happened the last time.
	Err error
}

// Error says what happened and how often it was tried.
func (e *ConnectionError) Error() string {
	cause := withoutAddress(e.Err)
	if errors.Is(cause, context.Canceled) {
		cause = errors.New("the request was given up on its way") // not the words by which Steampipe knows the end of a query
	}
	times := "once"
	if e.Attempts > 1 {
		times = fmt.Sprintf("%d times", e.Attempts)
	}
	return fmt.Sprintf("GET %s: no answer from Bitbucket at %s, tried %s: %s. Check the network, the proxy and base_url", e.Path, e.Host, times, cause)
}

// withoutAddress is what errors of an HTTP client wrap, who repeat the whole address.
func withoutAddress(err error) error {
	for {
		wrapped, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = wrapped.Err
	}
}

// Unwrap returns what happened the last time, unless it could pass for the end of the query's own context: of an error that
// wraps such a one nothing else is shown by Steampipe.
func (e *ConnectionError) Unwrap() error {
	if errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled) {
		return nil
	}
	return e.Err
}
