package auth

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// recordVersion is the version of the token file's format.
const recordVersion = 1

// A record is what a token file holds: the newest pair of a chain, and where in the chain it stands.
type record struct {
	Token
	// lineage is a random name that a chain gets where it starts, at a login or at a seed's first use.
	lineage string
	// generation counts the rotations since. No clock is as good at telling which of two pairs is the newer.
	generation int
	// refreshingSince is when the refresh token was first sent off to be spent, zero if it wasn't.
	// It outlives a crash, so that a refusal afterwards can be explained.
	refreshingSince time.Time
	// refusal is of the refresh token, the zero value if it wasn't refused.
	refusal refusal
	// digest is of the consumer's secret that obtained the pair.
	digest digest
	// account is who logged in, and loggedInAt when. Both are zero for a seed, and in files of older versions.
	account    Account
	loggedInAt time.Time
}

// startRecord returns the first record of a chain.
func startRecord(token Token) record {
	return record{Token: token, lineage: rand.Text()}
}

// next returns the record after r's refresh token was spent for token.
func (r record) next(token Token) record {
	if token.Scopes == nil {
		token.Scopes = r.Scopes
	}
	return record{Token: token, lineage: r.lineage, generation: r.generation + 1, digest: r.digest, account: r.account, loggedInAt: r.loggedInAt}
}

// replaces reports whether r, found in the file, is to be preferred to held, found in memory: always, except when held
// is of the same chain and further on, because it could not be saved or because the file was restored from a backup.
func (r record) replaces(held record) bool {
	return r.lineage != held.lineage || r.generation >= held.generation
}

// fileFormat is a record as JSON. It lives only while a file is read or written, for it holds the tokens in the clear.
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

// encode returns the content of the token file of the chain with this identity.
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

// A damagedError says why a token file is not to be trusted.
type damagedError struct{ reason string }

func (e *damagedError) Error() string { return e.reason }

// decodeRecord reads the content of a token file. Its error is a *damagedError.
func decodeRecord(content []byte, id identity) (record, error) {
	var f fileFormat
	// A decoding error is not passed on: it may quote the content.
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
