package fakebitbucket

import (
	"net/url"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func emailObject(a organization.EmailAddress) object {
	return object{
		{name: "type", value: "email"},
		{name: "email", value: a.Address},
		{name: "is_primary", value: a.IsPrimary},
		{name: "is_confirmed", value: a.IsConfirmed},
		{name: "links", value: linksOf("self", linkAPI+"/user/emails/"+url.PathEscape(a.Address))},
	}
}

func accountSSHKeyObject(u *organization.User, k *organization.AccountSSHKey) object {
	return object{
		{name: "type", value: "ssh_key"},
		{name: "uuid", value: k.UUID},
		{name: "key", value: k.Key},
		{name: "comment", value: k.Comment},
		{name: "label", value: k.Label},
		{name: "fingerprint", value: k.Fingerprint},
		{name: "created_on", value: timestampOf(k.CreatedOn)},
		{name: "last_used", value: orNull(k.LastUsed, layoutMicro)},
		{name: "expires_on", value: orNull(k.ExpiresOn, layoutMicro)},
		{name: "owner", value: lazy(func() any { return embeddedUser(u) })},
		{name: "links", value: linksOf("self", linkAPI+"/users/"+u.UUID+"/ssh-keys/"+strings.Trim(k.UUID, "{}"))},
	}
}

// accountGPGKeyObject renders a GPG key. The key itself and its subkeys are returned only on request.
func accountGPGKeyObject(u *organization.User, k *organization.AccountGPGKey) object {
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
		{name: "created_on", value: timestampOf(k.CreatedOn)},
		{name: "added_on", value: timestampOf(k.AddedOn)},
		{name: "last_used", value: orNull(k.LastUsed, layoutMicro)},
		{name: "expires_on", value: orNull(k.ExpiresOn, layoutMicro)},
		{name: "owner", value: lazy(func() any { return embeddedUser(u) })},
		{name: "links", value: linksOf("self", linkAPI+"/users/"+u.UUID+"/gpg-keys/"+strings.ToUpper(k.Fingerprint))},
		{name: "key", value: k.Key, extra: true},
		{name: "subkeys", value: subkeys, extra: true},
	}
}
