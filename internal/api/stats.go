package api

import (
	"slices"
	"strings"
)

// Stats counts what a client has done since it was made.
type Stats struct {
	// Requests sent, retries included.
	Requests int64
	// Retries among them: attempts after a failure, a refused token or a used-up quota.
	Retries int64
	// Bytes of the response bodies, unpacked.
	Bytes int64
}

// Stats returns the counters. The difference of two calls is what happened in between.
func (c *Client) Stats() Stats {
	return Stats{
		Requests: c.exchange.requests.Load(),
		Retries:  c.retry.count.Load() + c.quota.repeats.Load() + c.authorize.repeats.Load(),
		Bytes:    c.exchange.bytes.Load(),
	}
}

// Scopes returns the OAuth scopes of the token as the last response named them, and whether one
// has. Bitbucket leaves out scopes that another one implies: "pullrequest" stands for
// "repository" too, so a scope that is not in the list may be granted all the same.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#scopes
func (c *Client) Scopes() (granted []string, known bool) {
	scopes := c.exchange.scopes.Load()
	if scopes == nil {
		return nil, false
	}
	return slices.Clone(*scopes), true
}

// parseScopes reads a list separated by commas or spaces or both.
func parseScopes(header []string) []string {
	scopes := strings.FieldsFunc(strings.Join(header, ","), func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(scopes)
	return slices.Compact(scopes)
}
