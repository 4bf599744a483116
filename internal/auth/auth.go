// Package auth holds the ways in to Bitbucket Cloud: an access token, an Atlassian account's API token, and an OAuth
// consumer with client credentials or with a chain of rotating refresh tokens.
//
// Each way in is a [Source]. The one with a state worth guarding is the [Chain]: since May 2026 every use of a refresh
// token returns a new one and kills the used one minutes later, so the newest pair lives in a file that all processes
// share, and is on disk before anybody uses it.
//
// Bitbucket's side of it: https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/
package auth

import "context"

// A Authorizer gives requests their Authorization header. It is safe for concurrent use.
type Authorizer interface {
	// Authorization returns the header's value for the next request,
	// renewing first when the current token is about to expire.
	Authorization(ctx context.Context) (string, error)

	// Renew is called when the service answered 401 to rejected, a value that Authorization returned.
	// It returns another value to retry with once, or an error that tells the person what to do.
	// Concurrent calls with the same rejected value cause one refresh.
	Renew(ctx context.Context, rejected string) (string, error)
}
