package auth

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// recordVersion is the version of the token file's format.
const recordVersion = 1

// A record is the content of a token file: the newest pair of a chain, and its position in the chain.
type record struct {
	Token
	// lineage is the random name of the chain. It gets it when it starts: at a login, or when a seed is used first.
	lineage string
	// generation counts the rotations since then. It is better than any clock at telling which of two pairs is newer.
	generation int
	// refreshingSince is the time when the refresh token was first sent, zero if it wasn't.
	// It is saved before the request, so that a refusal after a crash can be explained.
	refreshingSince time.Time
	// refusal is the refusal of the refresh token, the zero value if it wasn't refused.
	refusal refusal
	// digest is the digest of the consumer's secret that obtained the pair.
	digest digest
	// account is who logged in, and loggedInAt is when. Both are zero for a seed and in files of older versions.
	account    Account
	loggedInAt time.Time
}

// startRecord returns the first record of a chain.
func startRecord(token Token) record {
	return record{Token: token, lineage: rand.Text()}
}

// next returns the record that follows r, with the token that r's refresh token was exchanged for.
func (r record) next(token Token) record {
	if token.Scopes == nil {
		token.Scopes = r.Scopes
	}
	return record{Token: token, lineage: r.lineage, generation: r.generation + 1, digest: r.digest, account: r.account, loggedInAt: r.loggedInAt}
}

// replaces reports whether to use r, the record in the file, instead of held, the one in memory. It does so unless held is a
// newer record of the same chain. That happens if held could not be saved, or if the file was restored from a backup.
func (r record) replaces(held record) bool {
	return r.lineage != held.lineage || r.generation >= held.generation
}

// fileFormat is a record as JSON. It holds the tokens in the clear, so it exists only while a file is read or written.
type fileFormat struct {
	Version         int       `json:"version"`
	OAuthURL        string    `json:"oauth_url"`
	ConsumerKey     string    `json:"consumer_key"`
	Fingerprint     string    `json:"fingerprint"`
	Lineage         string    `json:"lineage"`
	Generation      int       `json:"generation"`
	RefreshingSince time.Time `json:"refreshing_since,omitzero"`
	Refusal         refusal   `json:"refusal,omitzero"`
	SecretDigest    *digest   `json:"secret_digest,omitempty"`
	Account         Account   `json:"account,omitzero"`
	LoggedInAt      time.Time `json:"logged_in_at,omitzero"`
	ObtainedAt      time.Time `json:"obtained_at,omitzero"`
	Expiry          time.Time `json:"expiry,omitzero"`
	Scopes          []string  `json:"scopes,omitempty"`
	AccessToken     string    `json:"access_token,omitempty"`
	RefreshToken    string    `json:"refresh_token"`
}

// encode returns the content of the token file for the chain with this identity.
func (r record) encode(id identity) ([]byte, error) {
	var secret *digest
	if r.digest.known() {
		secret = &r.digest
	}
	content, err := json.MarshalIndent(fileFormat{
		Version:         recordVersion,
		OAuthURL:        id.oauthURL,
		ConsumerKey:     id.consumerKey,
		Fingerprint:     id.fingerprint(),
		Lineage:         r.lineage,
		Generation:      r.generation,
		RefreshingSince: r.refreshingSince,
		Refusal:         r.refusal,
		SecretDigest:    secret,
		Account:         r.account,
		LoggedInAt:      r.loggedInAt,
		ObtainedAt:      r.ObtainedAt,
		Expiry:          r.Expiry,
		Scopes:          r.Scopes,
		AccessToken:     r.AccessToken.reveal(),
		RefreshToken:    r.RefreshToken.reveal(),
	}, "", "  ")
	return append(content, '\n'), err
}

// A damagedError says why a token file can't be used.
type damagedError struct{ reason string }

func (e *damagedError) Error() string { return e.reason }

// decodeRecord reads the content of a token file. Its error is a *damagedError.
func decodeRecord(content []byte, id identity) (record, error) {
	var f fileFormat
	// The decoding error is not returned, because it may quote the content.
	switch err := json.Unmarshal(content, &f); {
	case len(content) == 0:
		return record{}, &damagedError{"is empty"}
	case f.Version > recordVersion:
		return record{}, &damagedError{fmt.Sprintf("was written by a newer version of the plugin (format %d)", f.Version)}
	case err != nil:
		return record{}, &damagedError{"is cut off or no token file"}
	case f.Version < 1 || f.RefreshToken == "" || f.Lineage == "":
		return record{}, &damagedError{"lacks what a token file holds"}
	case f.Fingerprint != id.fingerprint():
		return record{}, &damagedError{"belongs to another consumer, authorization server or refresh_token"}
	}
	if f.SecretDigest == nil || !f.SecretDigest.known() {
		f.SecretDigest = &digest{}
	}
	return record{
		Token: Token{
			AccessToken:  NewSecret(f.AccessToken),
			RefreshToken: NewSecret(f.RefreshToken),
			ObtainedAt:   f.ObtainedAt,
			Expiry:       f.Expiry,
			Scopes:       f.Scopes,
		},
		lineage:         f.Lineage,
		generation:      f.Generation,
		refreshingSince: f.RefreshingSince,
		refusal:         f.Refusal,
		digest:          *f.SecretDigest,
		account:         f.Account,
		loggedInAt:      f.LoggedInAt,
	}, nil
}
