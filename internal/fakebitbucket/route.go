package fakebitbucket

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// A pathPattern is a path with parameters, as segments. {name} matches one segment, and {name...} at the end matches the
// rest.
type pathPattern []segment

// A segment is one part of a pattern: fixed text, or a parameter.
type segment struct {
	text      string // the name, for a parameter
	parameter bool
	rest      bool // it matches the rest of the path
}

func newPattern(path string) pathPattern {
	var p pathPattern
	for part := range strings.SplitSeq(path, "/") {
		s := segment{text: part}
		if s.text, s.parameter = strings.CutPrefix(part, "{"); s.parameter {
			s.text, s.rest = strings.CutSuffix(strings.TrimSuffix(s.text, "}"), "...")
		}
		p = append(p, s)
	}
	return p
}

// match returns the values of the parameters in an escaped path. ok is false if the path does not match the pattern.
func (p pathPattern) match(segments []string) (values map[string]string, ok bool) {
	if !p.fits(segments) {
		return nil, false
	}
	values = map[string]string{}
	for i, s := range p {
		if !s.parameter {
			continue
		}
		escaped := segments[i]
		if s.rest {
			escaped = strings.Join(segments[i:], "/")
		}
		value, err := url.PathUnescape(escaped)
		if err != nil || value == "" && !s.rest {
			return nil, false
		}
		values[s.text] = value
	}
	return values, true
}

// fits reports whether a path has the fixed texts of the pattern and as many segments. It comes first, because most
// patterns do not fit.
func (p pathPattern) fits(segments []string) bool {
	if len(segments) != len(p) && (len(segments) < len(p) || !p[len(p)-1].rest) {
		return false
	}
	for i, s := range p {
		if !s.parameter && s.text != segments[i] {
			return false
		}
	}
	return true
}

// A route connects a pattern with an endpoint.
type route struct {
	pattern  pathPattern
	endpoint *endpoint
}

// routes lists the routes of all endpoints. If several match a path, the first one has the fewest parameters.
var routes []route

// newRoutes returns the routes of endpoints.
func newRoutes(endpoints []endpoint) []route {
	var all []route
	for i := range endpoints {
		all = append(all, route{newPattern(endpoints[i].path), &endpoints[i]})
	}
	parameters := func(r route) (n int) {
		for _, s := range r.pattern {
			if s.parameter {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(all, func(a, b route) int { return cmp.Compare(parameters(a), parameters(b)) })
	return all
}

// endpointAt returns the endpoint of an escaped path and the values of its parameters. The endpoint is nil if no
// route matches.
func endpointAt(escapedPath string) (*endpoint, map[string]string) {
	segments := strings.Split(escapedPath, "/")
	for _, r := range routes {
		if values, ok := r.pattern.match(segments); ok {
			return r.endpoint, values
		}
	}
	return nil, nil
}
