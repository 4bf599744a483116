package auth

import "time"

const (
	// defaultLifetime stands in for a missing expires_in. The documentation says one hour, the service gives one or two.
	defaultLifetime = time.Hour
	// maxLifetime is the longest that a token is believed to last, whatever an answer or a file says.
	maxLifetime = 24 * time.Hour
	// clockTolerance is how far in the future a token may have been obtained before our clock, or that of
	// another machine on the same home folder, is taken to have jumped.
	clockTolerance = 5 * time.Minute
)

// A Token is what the authorization server gave for a grant.
type Token struct {
	AccessToken Secret
	// RefreshToken is empty for client credentials.
	RefreshToken Secret
	// ObtainedAt and Expiry are by the local clock.
	ObtainedAt, Expiry time.Time
	// Scopes are the granted scopes, nil if the server didn't say.
	Scopes []string
}

// usable reports whether the access token may still be good at now. A clock that jumped makes it answer wrongly
// at most until the next refresh or the next 401: it saves requests, it isn't what correctness rests on.
func (t Token) usable(now time.Time) bool {
	lifetime := t.Expiry.Sub(t.ObtainedAt)
	switch {
	case t.AccessToken.IsZero():
		return false
	case lifetime <= 0 || lifetime > maxLifetime || t.ObtainedAt.After(now.Add(clockTolerance)):
		return false
	}
	return now.Before(t.Expiry.Add(-min(time.Minute, lifetime/10)))
}
