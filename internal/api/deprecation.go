package api

import (
	"net/http"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// deprecations logs, once for each endpoint, that the service announces its end.
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
	endpoint := pattern(req)
	if _, logged := n.logged.LoadOrStore(endpoint, true); logged {
		return
	}
	n.logger.Warn("Bitbucket announces the end of an endpoint", "endpoint", endpoint,
		"deprecation", sanitize(deprecation, maxWord), "sunset", sanitize(sunset, maxWord), "link", sanitize(resp.Header.Get("Link"), maxText))
}

// identifiers is how many segments after a collection's name say which one is meant.
var identifiers = map[string]int{"repositories": 2, "workspaces": 1, "users": 1, "teams": 1, "snippets": 2, "groups": 1, "projects": 1}

// pattern is the path with a star for each identifier, as far as they can be told from words.
func pattern(req *http.Request) string {
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
