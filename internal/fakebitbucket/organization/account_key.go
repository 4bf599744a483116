package organization

import "time"

// An AccountSSHKey is a public key that lets a user reach repositories over SSH.
type AccountSSHKey struct {
	UUID, Label, Comment, Key, Fingerprint string
	CreatedOn                              time.Time
	LastUsed, ExpiresOn                    *time.Time // nil: never
}

// AccountSSHKeys returns the SSH keys of a user. The connected user has one in use, one of an old kind that was never
// used, and one that has expired.
func (o *Organization) AccountSSHKeys(u *User) []*AccountSSHKey {
	return once(o, "SSH keys of account", u.UUID, func(g Generator) []*AccountSSHKey { return g.AccountSSHKeys(u) })
}

// An AccountGPGKey is a public key for the signatures of a user's commits.
type AccountGPGKey struct {
	Fingerprint, Name, Key string
	Subkeys                []*AccountGPGKey
	CreatedOn, AddedOn     time.Time
	LastUsed, ExpiresOn    *time.Time // nil: never
}

// KeyID returns the end of the fingerprint.
func (k *AccountGPGKey) KeyID() string { return k.Fingerprint[len(k.Fingerprint)-16:] }

// AccountGPGKeys returns the GPG keys of a user. The connected user has one in use and one that has expired.
func (o *Organization) AccountGPGKeys(u *User) []*AccountGPGKey {
	return once(o, "GPG keys of account", u.UUID, func(g Generator) []*AccountGPGKey { return g.AccountGPGKeys(u) })
}
