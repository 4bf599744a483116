package bitbucket

import (
	"context"
)

// tableMyGPGKey returns the table bitbucket_my_gpg_key. A row is a public GPG key of the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-gpg/#api-users-selected-user-gpg-keys-get
func tableMyGPGKey() *table {
	return &table{
		name:        "bitbucket_my_gpg_key",
		description: "A public GPG key that the connected user signs commits with. Bitbucket shows keys only to their owner.",
		scopes:      []string{"account"},
		columns: []column{
			text("fingerprint", "Fingerprint of the key."),
			text("key_id", "Id of the key: the end of its fingerprint."),
			text("name", "Name of the key."),
			timestamp("added_on", "When the key was added."),
			timestamp("created_on", "When the key was made."),
			timestamp("expires_on", "When the key expires. Null if it does not."),
			text("key", "The public key, in OpenPGP's armor."),
			timestamp("last_used", "When the key was last used. Null if it never was."),
			text("owner_display_name", "Name of the connected user.").at("owner.display_name"),
			text("owner_uuid", "Immutable id of the connected user, in braces.").at("owner.uuid"),
			text("parent_fingerprint", "Fingerprint of the key that this is a subkey of. Null if it is not a subkey."),
			text("self_link", "Address of the key in the API.").at("links.self.href"),
			document("subkeys", "The subkeys of the key."),
			text("title", "Title of the key: its name, or else its fingerprint.").at("name").at("fingerprint"),
			text("type", "Type of the object: gpg_key."),
		},
		copying: whole("fingerprint").withHistory("last_used"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return listOfUser(ctx, s, "/2.0/users/{selected_user}/gpg-keys")
		},
	}
}
