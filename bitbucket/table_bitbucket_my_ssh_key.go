package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableMySSHKey returns the table bitbucket_my_ssh_key. A row is a public SSH key of the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-get
func tableMySSHKey() *table {
	return &table{
		name:        "bitbucket_my_ssh_key",
		description: "A public SSH key that the connected user accesses repositories with. Bitbucket shows keys only to their owner.",
		scopes:      []string{"account"},
		columns: []column{
			text("uuid", "Immutable id of the key, in braces."),
			text("fingerprint", "SHA-256 of the key, in base64."),
			text("label", "Name of the key."),
			text("comment", "Comment at the end of the key, such as somebody@laptop."),
			timestamp("created_on", "When the key was added."),
			timestamp("expires_on", "When the key expires. Null if it does not."),
			text("key", "The public key: its type, such as ssh-ed25519, and its value."),
			timestamp("last_used", "When the key was last used. Null if it never was."),
			text("owner_display_name", "Name of the connected user.").at("owner.display_name"),
			text("owner_uuid", "Immutable id of the connected user, in braces.").at("owner.uuid"),
			text("self_link", "Address of the key in the API.").at("links.self.href"),
			text("title", "Title of the key: its label, or else its comment.").at("label").at("comment"),
			text("type", "Type of the object: ssh_key."),
		},
		copying: whole("uuid").withHistory("last_used"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return listOfUser(ctx, s, "/2.0/users/{selected_user}/ssh-keys")
		},
	}
}

// listOfUser lists something that Bitbucket shows only to its owner, whom the path must name nevertheless.
func listOfUser(ctx context.Context, s *scan, template string) rowSeq {
	uuid, err := s.me(ctx)
	if err != nil {
		return streams.Fail[*row](err)
	}
	return s.listIn(ctx, workspaceScope{}, s.collection(api.Path(template, uuid), 100))
}
