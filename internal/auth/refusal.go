package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// A refusal is what a token file remembers of a refresh token that was refused, so that not every new process sends it
// again: Bitbucket locks out a consumer that insists, and with it all who use it.
type refusal struct {
	// Of says what was refused: a refresh token, sent with a secret. With another of either it counts no more.
	Of string `json:"of"`
	// At is when it was refused for the last time, and Times how often it was in a row.
	At    time.Time `json:"at"`
	Times int       `json:"times"`
	// Status, Code and Description are the server's answer.
	Status      int    `json:"status"`
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
}

const (
	// deadCode says that the token itself is no good. Nothing but another token mends that.
	deadCode = "invalid_grant"
	// refusalMax is the longest that a token is not sent after an answer that may be about something else.
	refusalMax = time.Hour
)

// doubtfulCodes are what Bitbucket answers to a dead token; but also to a living one while the consumer is locked out,
// and to a wrong secret or a consumer that is set up otherwise, which a person can mend without a new token. All other
// codes are not about the token.
var doubtfulCodes = []string{"unauthorized_client", "invalid_request"}

// refused returns the refusal of r's refresh token that follows the one that r remembers.
func (r record) refused(secret Secret, answer *refusedError, now time.Time) refusal {
	if answer.code != deadCode && !slices.Contains(doubtfulCodes, answer.code) {
		return refusal{}
	}
	next := refusal{Of: r.credentials(secret), At: now.Round(0).UTC(), Times: 1, Status: answer.status, Code: answer.code, Description: answer.description}
	if r.refusal.Of == next.Of {
		next.Times += r.refusal.Times
	}
	return next
}

// credentials names the refresh token and the secret without giving them away.
func (r record) credentials(secret Secret) string {
	sum := sha256.Sum256([]byte(secret.reveal() + "\x00" + r.RefreshToken.reveal()))
	return hex.EncodeToString(sum[:])
}

// standing returns the answer that is remembered to r's refresh token, nil if the token may be sent, and when it may be,
// which is never if the token is dead. In doubt it is sent again: after a minute, and then after twice as long each time,
// since a living token gets the same answer while its consumer is locked out.
func (r record) standing(secret Secret, now time.Time) (answer *refusedError, until time.Time) {
	f := r.refusal
	if f.Of == "" || f.Of != r.credentials(secret) {
		return nil, time.Time{}
	}
	answer = &refusedError{status: f.Status, code: f.Code, description: f.Description}
	if f.Code == deadCode {
		return answer, time.Time{}
	}
	until = f.At.Add(min(refusalMemory<<min(max(f.Times-1, 0), 10), refusalMax))
	if !now.Before(until) || f.At.After(now) { // by a clock that was set back, or that is not ours
		return nil, time.Time{}
	}
	return answer, until
}
