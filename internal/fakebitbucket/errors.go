package fakebitbucket

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// An apiError is an error in the form of the API.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#standardized-error-responses
type apiError struct {
	status  int
	message string
	detail  any
	data    any
	plain   bool // text/plain, not JSON
	untyped bool // without the object's type
	html    bool // an HTML page
}

func (e *apiError) Error() string { return e.message }

func badRequest(format string, a ...any) error {
	return &apiError{status: http.StatusBadRequest, message: fmt.Sprintf(format, a...)}
}

func forbidden(message string) error {
	return &apiError{status: http.StatusForbidden, message: message}
}

func notFound(format string, a ...any) error {
	return &apiError{status: http.StatusNotFound, message: fmt.Sprintf(format, a...)}
}

var (
	errToken = &apiError{
		status: http.StatusUnauthorized, message: "Token is invalid, expired, or not supported for this endpoint.",
	}
	errNoRepository = &apiError{
		status: http.StatusNotFound,
		message: "You may not have access to this repository or it no longer exists in this workspace. " +
			"If you think this repository exists and you have access, make sure you are authenticated.",
	}
	errNoAPI = &apiError{
		status: http.StatusNotFound, message: "Resource not found",
		detail: "There is no API hosted at this URL.\n\nFor information about our API's, please refer to the " +
			"documentation at: https://developer.atlassian.com/bitbucket/api/2/reference/",
	}
	errQuota = &apiError{
		status: http.StatusTooManyRequests, message: "Rate limit for this resource has been exceeded", plain: true,
	}
)

func errScopes(required, granted []string) error {
	return &apiError{
		status: http.StatusForbidden, message: "Your credentials lack one or more required privilege scopes.",
		detail: map[string][]string{"required": required, "granted": granted},
	}
}

func errGone(change string) error {
	return &apiError{
		status: http.StatusGone, message: change + " - Functionality has been deprecated",
		detail: "Please read the changelog entry for more details.",
		data: map[string]string{
			"announcement_url": "https://developer.atlassian.com/cloud/bitbucket/changelog#" + change,
		},
	}
}

// response returns the answer with the error.
func (e *apiError) response() *response {
	if e.html {
		return textResponse(e.status, "text/html; charset=utf-8", htmlPage)
	}
	if e.plain {
		return textResponse(e.status, "text/plain", e.message)
	}
	inner := map[string]any{"message": e.message}
	if e.detail != nil {
		inner["detail"] = e.detail
	}
	body := map[string]any{"type": "error", "error": inner}
	if e.untyped {
		delete(body, "type")
	}
	if e.data != nil {
		inner["data"], body["data"] = e.data, e.data
	}
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // cannot happen: strings and lists of strings always have a JSON form
	}
	return jsonResponse(e.status, b)
}

// A response is an answer before it is sent.
type response struct {
	cut    FaultKind // how the connection fails, if it does
	status int
	header http.Header
	body   []byte
}

func jsonResponse(status int, body []byte) *response {
	return &response{status: status, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: body}
}

func textResponse(status int, contentType, body string) *response {
	return &response{status: status, header: http.Header{"Content-Type": {contentType}}, body: []byte(body)}
}
