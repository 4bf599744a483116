package fakebitbucket

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// An EmailAddress is one of those that an account has. One is the primary address.
type EmailAddress struct {
	Address                string
	IsPrimary, IsConfirmed bool
}

// EmailAddresses are those of a user. Every third has more than one, not all of them confirmed.
func (o *Organization) EmailAddresses(u *User) []EmailAddress {
	return once(o, "email addresses", u.UUID, func(g *generator) []EmailAddress {
		all := []EmailAddress{{u.Email, true, true}}
		if u == o.Connected || g.IntN(3) == 0 {
			all = append(all,
				EmailAddress{u.Account + "+git@example.com", false, true},
				EmailAddress{u.Account + "@old.example.com", false, false})
		}
		return all
	})
}

func emailObject(a EmailAddress) object {
	return object{
		{name: "type", value: "email"},
		{name: "email", value: a.Address},
		{name: "is_primary", value: a.IsPrimary},
		{name: "is_confirmed", value: a.IsConfirmed},
		{name: "links", value: links("self", linkAPI+"/user/emails/"+url.PathEscape(a.Address))},
	}
}

// An AccountSSHKey is a public key with which a user may reach repositories over SSH.
type AccountSSHKey struct {
	UUID, Label, Comment, Key, Fingerprint string
	CreatedOn                              time.Time
	LastUsed, ExpiresOn                    *time.Time // nil: never
}

// AccountSSHKeys are those of a user. The connected user has one in use, one of an old kind that was never used,
// and one that has expired.
func (o *Organization) AccountSSHKeys(u *User) []*AccountSSHKey {
	return once(o, "SSH keys of account", u.UUID, func(g *generator) []*AccountSSHKey {
		n := g.IntN(3)
		if u == o.Connected {
			n = 3
		}
		keys := make([]*AccountSSHKey, n)
		for i := range keys {
			key := g.publicKey()
			for i == 1 && !strings.HasPrefix(key, "ssh-rsa") {
				key = g.publicKey()
			}
			k := &AccountSSHKey{
				UUID: g.uuid(), Comment: fmt.Sprintf("%s@laptop-%d", u.Account, i), Key: key,
				Fingerprint: fingerprint(key), CreatedOn: g.ago(6 * 365),
			}
			if i > 0 { // a label is rarely given
				k.Label = []string{"Old laptop", "Build machine"}[i-1]
			}
			used := g.after(k.CreatedOn)
			if i != 1 {
				k.LastUsed = &used
			}
			if i == 2 {
				k.ExpiresOn = &used
			}
			keys[i] = k
		}
		return keys
	})
}

// fingerprint is the SHA-256 of an SSH key, as the service writes it.
func fingerprint(key string) string {
	_, encoded, _ := strings.Cut(key, " ")
	wire, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		panic(err) // the generator has just encoded it
	}
	sum := sha256.Sum256(wire)
	return base64.RawStdEncoding.EncodeToString(sum[:])
}

func accountSSHKeyObject(u *User, k *AccountSSHKey) object {
	return object{
		{name: "type", value: "ssh_key"},
		{name: "uuid", value: k.UUID},
		{name: "key", value: k.Key},
		{name: "comment", value: k.Comment},
		{name: "label", value: k.Label},
		{name: "fingerprint", value: k.Fingerprint},
		{name: "created_on", value: stamp(k.CreatedOn)},
		{name: "last_used", value: orNull(k.LastUsed, layoutMicro)},
		{name: "expires_on", value: orNull(k.ExpiresOn, layoutMicro)},
		{name: "owner", value: lazy(func() any { return embeddedUser(u) })},
		{name: "links", value: links("self", linkAPI+"/users/"+u.UUID+"/ssh-keys/"+strings.Trim(k.UUID, "{}"))},
	}
}

// An AccountGPGKey is a public key with which a user signs commits.
type AccountGPGKey struct {
	Fingerprint, Name, Key string
	Subkeys                []*AccountGPGKey
	CreatedOn, AddedOn     time.Time
	LastUsed, ExpiresOn    *time.Time // nil: never
}

// KeyID is the end of the fingerprint.
func (k *AccountGPGKey) KeyID() string { return k.Fingerprint[len(k.Fingerprint)-16:] }

// AccountGPGKeys are those of a user. The connected user has one in use and one that has expired.
func (o *Organization) AccountGPGKeys(u *User) []*AccountGPGKey {
	return once(o, "GPG keys of account", u.UUID, func(g *generator) []*AccountGPGKey {
		n := g.IntN(2)
		if u == o.Connected {
			n = 2
		}
		keys := make([]*AccountGPGKey, n)
		for i := range keys {
			k := g.gpgKey()
			k.Name = fmt.Sprintf("%s's key %d", u.DisplayName, i+1)
			used := g.after(k.AddedOn)
			if i == 0 {
				k.LastUsed = &used
				k.Subkeys = []*AccountGPGKey{g.gpgKey()}
			} else {
				k.ExpiresOn = &used
			}
			keys[i] = k
		}
		return keys
	})
}

// digest is the hash of something in Git, or of a key.
func (g *generator) digest() string {
	return fmt.Sprintf("%016x%016x%08x", g.Uint64(), g.Uint64(), g.Uint32())
}

func (g *generator) gpgKey() *AccountGPGKey {
	created := g.ago(5 * 365)
	return &AccountGPGKey{
		Fingerprint: g.digest(), Key: g.armoredKey(), CreatedOn: created.Truncate(time.Second), AddedOn: g.after(created),
	}
}

// armoredKey looks like a public key of OpenPGP.
func (g *generator) armoredKey() string {
	return "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + base64.StdEncoding.EncodeToString(g.bytes(48)) +
		"\n=" + base64.StdEncoding.EncodeToString(g.bytes(3)) + "\n-----END PGP PUBLIC KEY BLOCK-----\n"
}

// accountGPGKeyObject is a key as the service shows it. The key itself and its subkeys are served on request only.
func accountGPGKeyObject(u *User, k *AccountGPGKey) object {
	subkeys := make([]object, len(k.Subkeys))
	for i, s := range k.Subkeys {
		subkeys[i] = accountGPGKeyObject(u, s)
		for j := range subkeys[i] {
			if subkeys[i][j].name == "parent_fingerprint" {
				subkeys[i][j].value = k.Fingerprint
			}
		}
	}
	return object{
		{name: "type", value: "gpg_key"},
		{name: "fingerprint", value: k.Fingerprint},
		{name: "key_id", value: k.KeyID()},
		{name: "parent_fingerprint", value: nil},
		{name: "name", value: k.Name},
		{name: "created_on", value: stamp(k.CreatedOn)},
		{name: "added_on", value: stamp(k.AddedOn)},
		{name: "last_used", value: orNull(k.LastUsed, layoutMicro)},
		{name: "expires_on", value: orNull(k.ExpiresOn, layoutMicro)},
		{name: "owner", value: lazy(func() any { return embeddedUser(u) })},
		{name: "links", value: links("self", linkAPI+"/users/"+u.UUID+"/gpg-keys/"+strings.ToUpper(k.Fingerprint))},
		{name: "key", value: k.Key, extra: true},
		{name: "subkeys", value: subkeys, extra: true},
	}
}
