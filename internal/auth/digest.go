package auth

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
)

// A digest is a salted hash of the consumer's secret that obtained a token. It is in the token file, so that a connection with
// another secret fails at once and not when the access token expires. The zero value means unknown: older versions of the
// plugin did not write a digest.
type digest struct {
	Rounds int    `json:"rounds"`
	Salt   []byte `json:"salt"`
	Sum    []byte `json:"sum"`
}

// digestRounds take about a millisecond. Secrets are long and random, so more rounds would only slow down every start. Tests
// obtain thousands of tokens, and lower it.
var digestRounds = 4096

// maxDigestRounds limits the work that a damaged file can cause.
const maxDigestRounds = 1 << 20

// newDigest returns the digest of a secret with a new salt.
func newDigest(secret Secret) digest {
	salt := make([]byte, 16)
	rand.Read(salt)
	d := digest{Rounds: digestRounds, Salt: salt}
	d.Sum = d.sum(secret)
	return d
}

func (d digest) known() bool {
	return d.Rounds > 0 && d.Rounds <= maxDigestRounds && len(d.Sum) == sha256.Size
}

// of reports whether d is the digest of a secret.
func (d digest) of(secret Secret) bool {
	return subtle.ConstantTimeCompare(d.Sum, d.sum(secret)) == 1
}

func (d digest) sum(secret Secret) []byte {
	sum, err := pbkdf2.Key(sha256.New, secret.reveal(), d.Salt, d.Rounds, sha256.Size)
	if err != nil {
		return nil // only if FIPS 140 is enforced and the salt is short: then no secret matches
	}
	return sum
}
