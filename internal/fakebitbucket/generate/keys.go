package generate

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// SystemKeys returns the public keys of the service: two for the first workspace, one for the others.
func (g *generator) SystemKeys(w *organization.Workspace) []string {
	keys := []string{g.armoredKey()}
	if w == g.org.Workspaces[0] {
		keys = append(keys, g.armoredKey())
	}
	return keys
}

// OIDCKeyIDs returns the ids of two keys.
func (g *generator) OIDCKeyIDs() []string { return []string{g.Hash()[:16], g.Hash()[:16]} }

// AccountSSHKeys returns the SSH keys of a user.
func (g *generator) AccountSSHKeys(u *organization.User) []*organization.AccountSSHKey {
	n := g.IntN(3)
	if u == g.org.Connected {
		n = 3
	}
	keys := make([]*organization.AccountSSHKey, n)
	for i := range keys {
		key := g.publicKey()
		for i == 1 && !strings.HasPrefix(key, "ssh-rsa") {
			key = g.publicKey()
		}
		k := &organization.AccountSSHKey{
			UUID: g.UUID(), Comment: fmt.Sprintf("%s@laptop-%d", u.Account, i), Key: key,
			Fingerprint: fingerprint(key), CreatedOn: g.ago(6 * 365),
		}
		if i > 0 { // labels are rare
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
}

// fingerprint returns the SHA-256 of an SSH key in the service's format.
func fingerprint(key string) string {
	_, encoded, _ := strings.Cut(key, " ")
	wire, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		panic(err) // cannot happen: the generator has just encoded it
	}
	sum := sha256.Sum256(wire)
	return base64.RawStdEncoding.EncodeToString(sum[:])
}

// AccountGPGKeys returns the GPG keys of a user.
func (g *generator) AccountGPGKeys(u *organization.User) []*organization.AccountGPGKey {
	n := g.IntN(2)
	if u == g.org.Connected {
		n = 2
	}
	keys := make([]*organization.AccountGPGKey, n)
	for i := range keys {
		k := g.gpgKey()
		k.Name = fmt.Sprintf("%s's key %d", u.DisplayName, i+1)
		used := g.after(k.AddedOn)
		if i == 0 {
			k.LastUsed = &used
			k.Subkeys = []*organization.AccountGPGKey{g.gpgKey()}
		} else {
			k.ExpiresOn = &used
		}
		keys[i] = k
	}
	return keys
}

func (g *generator) gpgKey() *organization.AccountGPGKey {
	created := g.ago(5 * 365)
	return &organization.AccountGPGKey{
		Fingerprint: g.Hash(), Key: g.armoredKey(), CreatedOn: created.Truncate(time.Second), AddedOn: g.after(created),
	}
}

// armoredKey returns text that looks like an OpenPGP public key.
func (g *generator) armoredKey() string {
	return "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + base64.StdEncoding.EncodeToString(g.bytes(48)) +
		"\n=" + base64.StdEncoding.EncodeToString(g.bytes(3)) + "\n-----END PGP PUBLIC KEY BLOCK-----\n"
}
