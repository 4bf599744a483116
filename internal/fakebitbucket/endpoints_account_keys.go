package fakebitbucket

import (
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// accountKeyEndpoints return the keys of users. In practice, only the owner of the keys can read them.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-gpg/
var accountKeyEndpoints = []endpoint{
	{
		path: "/2.0/users/{selected_user}/ssh-keys", scopes: "account", tokenScopes: "read:ssh-key:bitbucket",
		people: true, needs: ownAccount,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.AccountSSHKeys(c.user), func(k *organization.AccountSSHKey) object {
				return accountSSHKeyObject(c.user, k)
			})
		}},
	},
	{
		path: "/2.0/users/{selected_user}/ssh-keys/{key_id}", scopes: "account", tokenScopes: "read:ssh-key:bitbucket",
		people: true, needs: ownAccount,
		get: func(c *call) (any, error) {
			for _, k := range c.org.AccountSSHKeys(c.user) {
				if strings.Trim(k.UUID, "{}") == strings.Trim(c.path["key_id"], "{}") {
					return accountSSHKeyObject(c.user, k), nil
				}
			}
			return nil, notFound("No such SSH key: %s", c.path["key_id"])
		},
	},
	{
		path: "/2.0/users/{selected_user}/gpg-keys", scopes: "account", tokenScopes: "read:gpg-key:bitbucket",
		people: true, needs: ownAccount,
		list: &listing{of: func(c *call) collection {
			return collect(c.org.AccountGPGKeys(c.user), func(k *organization.AccountGPGKey) object {
				return accountGPGKeyObject(c.user, k)
			})
		}},
	},
	{
		path: "/2.0/users/{selected_user}/gpg-keys/{fingerprint}", scopes: "account",
		tokenScopes: "read:gpg-key:bitbucket", people: true, needs: ownAccount,
		get: func(c *call) (any, error) {
			for _, k := range c.org.AccountGPGKeys(c.user) {
				if strings.EqualFold(k.Fingerprint, c.path["fingerprint"]) {
					return accountGPGKeyObject(c.user, k), nil
				}
			}
			return nil, notFound("No such GPG key: %s", c.path["fingerprint"])
		},
	},
}

// ownAccount finds the user in the path. It refuses every user except the caller.
func ownAccount(c *call) error {
	if err := aUser(c); err != nil {
		return err
	}
	if c.user != c.who.user {
		return forbidden("You do not have access to this user's keys.")
	}
	return nil
}
