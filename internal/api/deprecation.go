package api

import (
	"net/http"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// A deprecations transport logs once for each endpoint that Bitbucket announces its removal.
//
// https://datatracker.ietf.org/doc/html/rfc9745, https://datatracker.ietf.org/doc/html/rfc8594
type deprecations struct {
	logger hclog.Logger
	logged sync.Map // of endpoint patterns
}

func (n *deprecations) observe(req *http.Request, resp *http.Response) {
	deprecation, sunset := resp.Header.Get("Deprecation"), resp.Header.Get("Sunset")
	if deprecation == "" && sunset == "" {
		return
	}
	endpoint := endpointPattern(req)
	if _, logged := n.logged.LoadOrStore(endpoint, true); logged {
		return
	}
	n.logger.Warn("Bitbucket announces the removal of an endpoint", "endpoint", endpoint,
		"deprecation", sanitize(deprecation, maxWord), "sunset", sanitize(sunset, maxWord), "link", sanitize(resp.Header.Get("Link"), maxText))
}

// identifiers is the number of segments after a collection's name that identify an object.
var identifiers = map[string]int{"repositories": 2, "workspaces": 1, "users": 1, "teams": 1, "snippets": 2, "groups": 1, "projects": 1}

// endpointPattern returns the path with a star for each identifier that it recognises.
func endpointPattern(req *http.Request) string {
	parts := segments(req.URL)
	stars := 0
	for i, part := range parts {
		switch {
		case stars > 0:
			parts[i] = "*"
			stars--
		case identifiers[part] > 0:
			stars = identifiers[part]
		case i > 0 && strings.ContainsAny(part, "0123456789{:"):
			parts[i] = "*"
		}
	}
	return "/" + strings.Join(parts, "/")
}
