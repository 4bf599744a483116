package api

import (
	"io"
	"net/http"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// Rehearsal returns a client that sends no request, and calls asked for each request that this client would send for
// the same. It answers with what this client has remembered, and else as if lists were empty. Nothing that it makes up
// reaches this client. Rehearsals with the same answers are one rehearsal: nothing is asked twice.
func (c *Client) Rehearsal(answers *cache.Cache, asked func()) *Client {
	r := *c
	r.http = &http.Client{Transport: rehearsalTransport(asked)}
	r.answers = answers
	r.rehearses = c
	return &r
}

// A rehearsalTransport is a transport that answers without a request.
type rehearsalTransport func()

// made is an empty list. As an object it has what paths of other requests are made of.
const made = `{"type": "rehearsal", "values": [], "target": {"hash": "0000000000000000000000000000000000000000"}}`

func (asked rehearsalTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	asked()
	body := made
	if strings.HasPrefix(req.URL.Path, "/1.0/") { // its lists have no envelope
		body = "[]"
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}
