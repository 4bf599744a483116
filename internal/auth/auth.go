// Package auth implements the authentication methods of Bitbucket Cloud: an access token, an API token of an Atlassian
// account, and an OAuth consumer with client credentials or with a chain of refresh tokens.
//
// Each method is an [Authorizer]. Only the [Chain] saves anything: since May 2026, every use of a refresh token returns a new
// one, and the used one dies minutes later. So all processes share a file with the newest pair of tokens. A new pair is saved
// before it is used.
//
// Bitbucket documents the methods for OAuth consumers: https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/
package auth

import "context"

// An Authorizer returns the Authorization header for requests. It is safe for concurrent use.
type Authorizer interface {
	// Authorization returns the header's value for the next request.
	// It first renews a token that is about to expire.
	Authorization(ctx context.Context) (string, error)

	// Renew is called when Bitbucket answered 401 to rejected, a value that Authorization returned.
	// It returns another value for one retry, or an error that tells the user what to do.
	// Concurrent calls with the same rejected value cause one refresh.
	Renew(ctx context.Context, rejected string) (string, error)
}
