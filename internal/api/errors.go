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

// An Error is an answer of Bitbucket that is not a success.
type Error struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Method and Path are those of the request. The path has no query.
	Method, Path string
	// Message and Detail are Bitbucket's own words, shortened, or empty.
	Message, Detail string
	// Required and Granted are the scopes that Bitbucket names if one is missing.
	Required, Granted []string
	// MoreInfo is the address of an announcement, if Bitbucket names one.
	MoreInfo string

	isOwn       bool     // the message is Bitbucket's own, and not about a missing endpoint
	isElsewhere bool     // Bitbucket has no endpoint at the address
	apiToken    bool     // the request used an API token
	accepted    []string // the OAuth scopes that the endpoint accepts, if Bitbucket names them
	unfinished  bool     // it ended a list after its first page
	renewal     error    // why the credentials could not be renewed after a 401
}

// Error returns a sentence with the request, Bitbucket's words, and the next step.
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

// Unwrap returns why the credentials could not be renewed, if that was the failure.
func (e *Error) Unwrap() error { return e.renewal }

// statusNames has the names of the statuses that only Bitbucket uses.
var statusNames = map[int]string{555: "Timeout in the service"}

// advice returns what a person can do, unless Bitbucket's own words say so.
func (e *Error) advice() string {
	switch {
	case e.StatusCode == http.StatusUnauthorized && e.renewal != nil:
		return fmt.Sprintf("the credentials could not be renewed: %s", e.renewal)
	case len(e.Required) > 0:
		return fmt.Sprintf("this needs the scope %s; the token has %s. Give the token this scope. For an OAuth consumer, tick it in the consumer's permissions and log in again",
			strings.Join(e.missing(), ", "), cmp.Or(strings.Join(e.Granted, ", "), "none"))
	case e.isElsewhere:
		return "Atlassian has removed or moved this endpoint, or a proxy answers in Bitbucket's place. " +
			"Check base_url and the proxy, and whether there is a newer version of the plugin"
	case e.StatusCode == http.StatusBadRequest && e.unfinished:
		return "the list could not be read to its end, even from the start again; try again later"
	case e.StatusCode >= 500 && slices.Contains(passing, e.StatusCode):
		return "Bitbucket has a problem and several attempts failed; try again later"
	case e.StatusCode == http.StatusUnauthorized && !e.blamesCredential(), e.StatusCode == http.StatusForbidden && !e.isBare():
		return "" // Bitbucket's words say why
	case e.StatusCode == http.StatusForbidden && e.apiToken:
		return adviceByStatus[e.StatusCode] + ", or the API token lacks a scope" + e.wanted() +
			". No scope of an API token includes another: create a token with all scopes that the documentation lists"
	}
	return adviceByStatus[e.StatusCode]
}

// wanted returns the scopes that an API token may lack, if they are known.
func (e *Error) wanted() string {
	if len(e.accepted) == 0 {
		return ""
	}
	return fmt.Sprintf(" (the one that OAuth calls %s)", strings.Join(e.accepted, ", "))
}

var adviceByStatus = map[int]string{
	http.StatusBadRequest:   "Bitbucket did not accept the request's filter, sort order or page size",
	http.StatusUnauthorized: "the credentials are expired, revoked, or not valid for this",
	http.StatusForbidden:    "the connected user's role does not allow it",
	http.StatusNotFound:     "it does not exist, or the connected user can't see it",
	http.StatusGone:         "Atlassian has removed this, or the workspace or repository has been deleted",
	555:                     "Bitbucket took too long to compute this answer",
}

// isBare reports whether Bitbucket's words only repeat the status.
func (e *Error) isBare() bool {
	said := strings.Trim(e.Message+e.Detail, ".! ")
	return said == "" || strings.EqualFold(said, http.StatusText(e.StatusCode))
}

// Words of a 401 that does not blame the credentials: the user is known but has no access, or must do something first.
var (
	noAccess  = []string{"not have access", "not have permission", "two-step", "ip address", "allowlist"}
	lockedOut = []string{"password attempts"}
)

// says reports whether Bitbucket's message contains one of the words.
func (e *Error) says(words []string) bool {
	said := strings.ToLower(e.Message + " " + e.Detail)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(said, word) })
}

// blamesCredential reports whether Bitbucket does not accept the credentials themselves.
func (e *Error) blamesCredential() bool {
	return e.StatusCode == http.StatusUnauthorized && !e.says(noAccess) && !e.says(lockedOut)
}

// isRefusal reports whether Bitbucket refuses this object to the user. Most endpoints answer 403 then, and some answer
// 401 to valid credentials.
func (e *Error) isRefusal() bool {
	switch e.StatusCode {
	case http.StatusForbidden:
		return e.Message != "" && len(e.Required) == 0
	case http.StatusUnauthorized:
		return e.says(noAccess)
	}
	return false
}

// missing returns the required scopes that were not granted. Bitbucket's list omits granted scopes that another scope
// implies. If none seems to be missing, missing returns all required scopes.
func (e *Error) missing() []string {
	missing := slices.DeleteFunc(slices.Clone(e.Required), func(scope string) bool {
		return slices.Contains(e.Granted, scope)
	})
	if len(missing) == 0 {
		return e.Required
	}
	return missing
}

// plainNotFound is the body of some servers that don't answer with JSON.
const plainNotFound = "Not Found"

// noAPI is Bitbucket's message for a missing endpoint. The rest of the answer is the same as for a missing object.
const noAPI = "There is no API hosted at this URL"

// responseError returns the error of a failure: from Bitbucket's JSON, or with a short plain text.
func responseError(u *url.URL, resp *http.Response, body []byte) *Error {
	e := newError(u, resp.StatusCode, body)
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); e.Message == "" && strings.EqualFold(strings.TrimSpace(kind), "text/plain") {
		e.Message = plainText(string(body))
	}
	e.accepted = parseScopes(resp.Header["X-Accepted-Oauth-Scopes"])
	return e
}

// refusal returns responseError for a request with the client's credentials.
func (c *Client) refusal(u *url.URL, resp *http.Response, body []byte) *Error {
	e := responseError(u, resp, body)
	e.apiToken = c.authorize.apiToken.Load()
	return e
}

// newError reads the body of a failure. It uses only the known parts of Bitbucket's JSON, because other bodies can be
// whole pages with personal data.
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
		e.Message = messageText(cmp.Or(envelope.Get("error_description").String(), inner.String()))
		return
	}
	e.Message = messageText(inner.Get("message").String())
	e.Detail = errorDetail(inner.Get("detail"))
	if fields := errorFields(inner.Get("fields")); e.Detail == "" && !strings.Contains(e.Message, fields) {
		e.Detail = fields
	}
	e.Required = scopeList(inner.Get("detail.required"))
	e.Granted = scopeList(inner.Get("detail.granted"))
	e.MoreInfo = announcement(inner.Get("data.announcement_url").String())
}

// errorDetail returns the text of a detail, which is a string, a list of strings, or an object.
func errorDetail(detail gjson.Result) string {
	switch {
	case detail.IsArray():
		return joined(detail)
	case detail.Type == gjson.String:
		return messageText(detail.String())
	}
	return ""
}

// errorFields returns the problems with each field: {"q": ["…"], "parents": []}.
func errorFields(fields gjson.Result) string {
	var parts []string
	fields.ForEach(func(name, value gjson.Result) bool {
		said := messageText(value.String())
		if value.IsArray() {
			said = joined(value)
		}
		if said != "" {
			parts = append(parts, sanitize(name.String(), maxWord)+": "+said)
		}
		return len(parts) < 10
	})
	return messageText(strings.Join(parts, "; "))
}

func joined(list gjson.Result) string {
	var parts []string
	for _, value := range list.Array() {
		if value.Type == gjson.String {
			parts = append(parts, value.String())
		}
	}
	return messageText(strings.Join(parts, "; "))
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

// announcement returns an address of Atlassian's in a form for people, and else an empty text.
func announcement(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || !strings.HasSuffix("."+u.Hostname(), ".atlassian.com") {
		return ""
	}
	return sanitize(address, maxText)
}

// statusOf returns the status of an [*Error], or 0.
func statusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.StatusCode
	}
	return 0
}

// HasStatus reports whether Bitbucket answered with one of the statuses.
func HasStatus(err error, statuses ...int) bool { return slices.Contains(statuses, statusOf(err)) }

// IsExplained reports whether Bitbucket refused the request in its own words. A web page, a plain text, the answer of a
// proxy or a message about a missing endpoint don't count.
func IsExplained(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.isOwn
}

// says reports whether Bitbucket answered with the status, in its own words, to the first request. A list that was
// begun exists: it does not end if its next page is said to be missing.
func says(err error, status int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.StatusCode == status && e.isOwn && !e.unfinished
}

// isUnfinished reports whether Bitbucket refused a page after the first page of a list.
func isUnfinished(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.unfinished
}

// IsNotFound reports whether Bitbucket says, in its own words, that an object does not exist or is hidden. A missing
// endpoint says nothing about the object: see [IsNoEndpoint].
func IsNotFound(err error) bool { return says(err, http.StatusNotFound) }

// IsNoEndpoint reports whether Bitbucket has no endpoint at the address: Atlassian has removed or moved it, or a proxy
// answers in its place.
func IsNoEndpoint(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.isElsewhere
}

// IsGone reports whether Bitbucket says, in its own words, that an object was removed.
func IsGone(err error) bool { return says(err, http.StatusGone) }

// IsForbidden reports whether Bitbucket refused, in its own words, because of a missing scope or role: with 403, or
// with a 401 that says that the user has no access.
func IsForbidden(err error) bool {
	return says(err, http.StatusForbidden) || says(err, http.StatusUnauthorized) && IsRefused(err)
}

// IsUnauthorized reports whether Bitbucket did not accept the credentials.
func IsUnauthorized(err error) bool {
	return statusOf(err) == http.StatusUnauthorized && !IsRefused(err)
}

// IsRefused reports whether Bitbucket refuses this object to the connected user, for any reason: the role, an IP
// address that is not allowed, two-step verification that is off. The same credentials may be valid for everything
// else. A bare "Forbidden" to an API token counts, although a missing scope may be the reason: the answer doesn't show
// which.
//
// It returns false for a scope that is known to be missing ([MissingScope]), credentials that are not accepted
// ([IsUnauthorized]) or could not be renewed, a used-up quota ([*QuotaError]), an object that does not exist or is
// hidden ([IsNotFound]), a web page with the status 403, and the end of the context.
func IsRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.isRefusal()
}

// IsUnanswered reports whether Bitbucket was reached but failed to answer this request, after all useful attempts: it
// reported a problem (500, 502, 503, 504), took too long to compute the answer (555), or did not begin or end the
// answer in time.
//
// It returns false for a host that can't be found, reached or trusted, a broken connection, a used-up quota
// ([*QuotaError]), an answer in another form ([*ProtocolError]), a token that could not be obtained, and the end of the
// context.
func IsUnanswered(err error) bool {
	if lost, ok := errors.AsType[*ConnectionError](err); ok {
		return errors.Is(lost.Err, errAttemptTimeout)
	}
	status := statusOf(err)
	return slices.Contains(passing, status) || status == 555
}

// MissingScope returns the scopes that the token lacks, if this is why Bitbucket refused.
func MissingScope(err error) (scopes []string, ok bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Required) == 0 {
		return nil, false
	}
	return e.missing(), true
}

// A QuotaError reports that the request quota is used up, and returns after the longest wait.
type QuotaError struct {
	// Path is the path of the request that was not sent.
	Path string
	// ResetAt is when the quota returns, and ResetIn how long until then. Both are zero if unknown.
	ResetAt time.Time
	ResetIn time.Duration
	// Waited is how long the request has waited, and MaxWait the limit.
	Waited, MaxWait time.Duration
	// Limit is the number of requests in an hour, or nil if unknown.
	Limit *int64
	// Needed is the known number of further requests that are needed, including this one, or 0.
	Needed int64
}

// Error returns the state of the quota and when to try again.
func (e *QuotaError) Error() string {
	var b strings.Builder
	b.WriteString("Bitbucket's quota of ")
	if e.Limit != nil {
		fmt.Fprintf(&b, "%d ", *e.Limit)
	}
	b.WriteString("requests an hour is used up; ")
	if e.ResetAt.IsZero() {
		b.WriteString("Bitbucket does not say when it returns, but it does so within the hour")
	} else {
		fmt.Fprintf(&b, "it returns in %s, at %s", e.ResetIn.Round(time.Second), e.ResetAt.Format("15:04:05 MST"))
	}
	if e.Needed > 1 {
		fmt.Fprintf(&b, ". At least %d more requests are needed", e.Needed)
	}
	fmt.Fprintf(&b, ". Waited %s of at most %s (max_wait): try again then, or query less", e.Waited.Round(time.Second), max(0, e.MaxWait))
	return b.String()
}

// A ProtocolError is an answer that the API would not give: a web page, half a document, a list without items, a next
// page on another host.
type ProtocolError struct {
	// Path is the path of the request, without its query.
	Path string
	// Reason describes the answer.
	Reason string
}

// Error returns a description of the answer.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("GET %s: Bitbucket, or a proxy in between, %s", e.Path, e.Reason)
}

func protocolError(u *url.URL, format string, args ...any) *ProtocolError {
	return &ProtocolError{Path: cleanPath(u), Reason: fmt.Sprintf(format, args...)}
}

// notJSON describes an answer that is not JSON, without quoting it.
func notJSON(u *url.URL, resp *http.Response, body []byte) *ProtocolError {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch {
	case len(body) == 0:
		return protocolError(u, "answered with an empty body")
	case isHTML(string(body)):
		return protocolError(u, "answered with a web page instead of JSON. Check base_url, and whether a proxy or a login page answers instead")
	}
	return protocolError(u, "answered with something that is not JSON (%s, %d bytes)", cmp.Or(sanitize(kind, maxWord), "no content type"), len(body))
}

// A ConnectionError reports that no complete answer arrived, after all useful attempts.
type ConnectionError struct {
	// Path is the path of the request, without its query.
	Path string
	// Host is the host of the request, with a port that is not the standard one.
	Host string
	// Attempts is the number of attempts.
	Attempts int
	// Err is the error of the last attempt.
	Err error
}

// Error returns the last error and the number of attempts.
func (e *ConnectionError) Error() string {
	err := withoutAddress(e.Err)
	cause := strings.ReplaceAll(err.Error(), context.DeadlineExceeded.Error(), "it took too long")
	if errors.Is(err, context.Canceled) {
		cause = "the request was aborted" // not the words by which Steampipe recognises the end of a query
	}
	times := "once"
	if e.Attempts > 1 {
		times = fmt.Sprintf("%d times", e.Attempts)
	}
	return fmt.Sprintf("GET %s: no answer from Bitbucket at %s, tried %s: %s. Check the network, the proxy and base_url", e.Path, e.Host, times, cause)
}

// withoutAddress unwraps errors of an HTTP client, which repeat the whole address.
func withoutAddress(err error) error {
	for {
		wrapped, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = wrapped.Err
	}
}

// Unwrap returns the error of the last attempt, unless it looks like the end of the query's own context: Steampipe
// shows nothing else of an error that wraps context.Canceled or context.DeadlineExceeded.
func (e *ConnectionError) Unwrap() error {
	if errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled) {
		return nil
	}
	return e.Err
}
