package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// maxAnswer bounds what is read of an answer. Tokens exceed 2,500 characters, an answer with two is a few kilobytes.
const maxAnswer = 1 << 20

// answerReader stands between golang.org/x/oauth2 and the wire and lets only JSON objects through. What else comes
// back from a token address, a proxy's login page or a gateway's error page, is an error here, and is never quoted.
// Redirects count among them: to follow one would send the secrets of the request's body to another address.
type answerReader struct{ base http.RoundTripper }

func (r answerReader) RoundTrip(req *http.Request) (*http.Response, error) {
	base := r.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return nil, newLimited(resp, body)
	}
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil || isRedirect(resp.StatusCode) {
		return nil, unexpectedAnswer(resp)
	}
	if body, err = json.Marshal(tolerant(answer)); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Set("Content-Type", "application/json") // by its body, whatever its label
	return resp, nil
}

func isRedirect(status int) bool { return status >= 300 && status < 400 }

// tolerant drops what the library would fail the whole answer for, and with it a token that is already rotated:
// a lifetime that isn't an integer, or an error that isn't a string.
func tolerant(answer map[string]json.RawMessage) map[string]json.RawMessage {
	if raw, ok := answer["expires_in"]; ok {
		seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
		if err != nil || math.IsNaN(seconds) {
			seconds = 0
		}
		answer["expires_in"] = json.RawMessage(strconv.Itoa(int(max(0, min(seconds, math.MaxInt32)))))
	}
	for _, field := range []string{"token_type", "error", "error_description", "error_uri"} {
		var text string
		if raw, ok := answer[field]; ok && json.Unmarshal(raw, &text) != nil {
			delete(answer, field)
		}
	}
	return answer
}

// unexpectedAnswer describes an answer that no authorization server gives.
func unexpectedAnswer(resp *http.Response) *Error {
	what := "something that isn't JSON"
	switch mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); {
	case isRedirect(resp.StatusCode):
		what = "a redirect"
	case mediaType == "text/html" || mediaType == "application/xhtml+xml":
		what = "an HTML page"
	}
	e := &Error{Kind: KindTemporary, Status: resp.StatusCode}
	hint := "a proxy or login page?"
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed {
		e.Kind = KindConfiguration
		hint = "is oauth_url (BITBUCKET_OAUTH_URL) right?"
	}
	e.Message = fmt.Sprintf("answered with %s, HTTP %d: %s", what, resp.StatusCode, hint)
	return e
}
