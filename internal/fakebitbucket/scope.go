package fakebitbucket

import (
	"slices"
	"strings"
)

// implied lists what each OAuth scope includes.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
var implied = map[string][]string{
	"project":           {"repository"},
	"project:write":     {"project", "repository"},
	"repository:write":  {"repository"},
	"pullrequest":       {"repository"},
	"pullrequest:write": {"pullrequest", "repository:write", "repository"},
	"issue:write":       {"issue"},
	"snippet:write":     {"snippet"},
}

var allScopes = []string{
	"account", "email", "repository", "repository:write", "repository:admin", "project", "project:admin",
	"pullrequest", "pullrequest:write", "webhook", "pipeline", "pipeline:write", "pipeline:variable", "runner",
	"runner:write", "snippet", "snippet:write",
}

// AllScopes returns the OAuth scopes of Bitbucket. A consumer gets all of them by default.
func AllScopes() []string { return slices.Clone(allScopes) }

// allTokenScopes returns the scopes of API tokens that the endpoints need.
func allTokenScopes() []string {
	var all []string
	for _, e := range allEndpoints {
		all = append(all, strings.Fields(e.tokenScopes)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// missesScope reports whether a required scope is neither granted nor implied by a granted one.
func missesScope(granted, required []string) bool {
	for _, r := range required {
		if !slices.ContainsFunc(granted, func(g string) bool { return g == r || slices.Contains(implied[g], r) }) {
			return true
		}
	}
	return false
}

// collapse removes the scopes that others imply, as the service does in its answers.
func collapse(scopes []string) []string {
	var shown []string
	for _, s := range scopes {
		if !slices.ContainsFunc(scopes, func(g string) bool { return slices.Contains(implied[g], s) }) {
			shown = append(shown, s)
		}
	}
	return shown
}

// ScopesOf returns the OAuth scopes that an endpoint requires. The endpoint has the form of [Entry.Endpoint].
func ScopesOf(path string) []string {
	for _, e := range allEndpoints {
		if e.path == path {
			return strings.Fields(e.scopes)
		}
	}
	return nil
}
