package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// A refusal is the note in a token file that the refresh token was refused. It keeps new processes from sending the token
// again: Bitbucket locks out a consumer that insists, for all its users.
type refusal struct {
	// Of identifies the refresh token and the secret that were refused. With another token or secret, the refusal doesn't count.
	Of string `json:"of"`
	// At is the time of the last refusal, and Times is how many there were in a row.
	At    time.Time `json:"at"`
	Times int       `json:"times"`
	// Status, Code and Description are the server's answer.
	Status      int    `json:"status"`
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
}

const (
	// deadCode means that the token is dead. Only another token helps.
	deadCode = "invalid_grant"
	// refusalMax is the longest wait before a token is sent again, if the answer may have had another cause.
	refusalMax = time.Hour
)

// doubtfulCodes are Bitbucket's answers to a dead token, but also to a living one: while the consumer is locked out, if the
// secret is wrong, or if the consumer has the wrong settings. A person can fix these without a new token. Other codes are not
// about the token.
var doubtfulCodes = []string{"unauthorized_client", "invalid_request"}

// refused returns the refusal of r's refresh token that this answer makes. It continues the count of r's last one.
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

// credentials returns a hash that identifies the refresh token and the secret without revealing them.
func (r record) credentials(secret Secret) string {
	sum := sha256.Sum256([]byte(secret.reveal() + "\x00" + r.RefreshToken.reveal()))
	return hex.EncodeToString(sum[:])
}

// standing returns the refusal that still keeps r's refresh token from being sent, nil if it may be sent, and the time until
// then. The time is zero for a dead token, which is never sent again. A doubtful refusal holds for a minute, and then for twice
// as long each time, because a living token gets the same answer while its consumer is locked out.
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
	if !now.Before(until) || f.At.After(now) { // the clock was set back, or another machine's clock wrote it
		return nil, time.Time{}
	}
	return answer, until
}
