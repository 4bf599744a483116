package auth

import "time"

const (
	// defaultLifetime is used if expires_in is missing. The documentation says one hour; the service gives one or two.
	defaultLifetime = time.Hour
	// maxLifetime is the longest lifetime that is believed, whatever an answer or a file says.
	maxLifetime = 24 * time.Hour
	// clockTolerance is how far in the future a token may have been obtained. If it is further, our clock or that of another
	// machine with the same home folder has jumped.
	clockTolerance = 5 * time.Minute
)

// A Token is the authorization server's answer to a grant.
type Token struct {
	AccessToken Secret
	// RefreshToken is empty for client credentials.
	RefreshToken Secret
	// ObtainedAt and Expiry are by the local clock.
	ObtainedAt, Expiry time.Time
	// Scopes are the granted scopes, nil if the server didn't say.
	Scopes []string
}

// usable reports whether the access token is probably still valid at now. If a clock jumps, the answer can be wrong until the
// next refresh or the next 401. It only saves requests; correctness doesn't depend on it.
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
