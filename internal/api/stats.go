package api

import (
	"slices"
	"strings"
)

// Stats counts the requests and bytes of a client since it was created.
type Stats struct {
	// Requests is the number of requests sent, including retries.
	Requests int64
	// Retries is the number of repeated requests: after a failure, a refused token or a used-up quota.
	Retries int64
	// Bytes is the size of the unpacked response bodies.
	Bytes int64
}

// Stats returns the counters. The difference of two calls is the traffic in between.
func (c *Client) Stats() Stats {
	return Stats{
		Requests: c.exchange.requests.Load(),
		Retries:  c.retry.count.Load() + c.quota.repeats.Load() + c.authorize.repeats.Load(),
		Bytes:    c.exchange.bytes.Load(),
	}
}

// Scopes returns the OAuth scopes of the token in the last response, and whether any response has named them. Bitbucket
// omits scopes that another scope implies: "pullrequest" includes "repository". A scope that is not in the list may be
// granted.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#scopes
func (c *Client) Scopes() (granted []string, known bool) {
	scopes := c.exchange.scopes.Load()
	if scopes == nil {
		return nil, false
	}
	return slices.Clone(*scopes), true
}

// parseScopes reads a list that is separated by commas, spaces or both.
func parseScopes(header []string) []string {
	scopes := strings.FieldsFunc(strings.Join(header, ","), func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(scopes)
	return slices.Compact(scopes)
}
