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

// maxAnswer is the most bytes that are read of an answer. A token has over 2,500 characters, so two take a few kilobytes.
const maxAnswer = 1 << 20

// answerReader is the transport of golang.org/x/oauth2. It passes on only JSON objects. Other answers, for example a proxy's
// login page or a gateway's error page, become errors that don't quote them. So do redirects: following one would send the
// secrets in the request's body to another address.
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
	resp.Header.Set("Content-Type", "application/json") // it is JSON, whatever its header said
	return resp, nil
}

func isRedirect(status int) bool { return status >= 300 && status < 400 }

// tolerant repairs fields that would make the library reject the whole answer: a lifetime that isn't an integer, or an error
// that isn't a string. A rejected answer could lose a token that is already rotated.
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

// unexpectedAnswer returns the error for an answer that can't come from an authorization server.
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
