package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableMyEmail: a row is an e-mail address of the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-emails-get
func tableMyEmail() *table {
	return &table{
		name:        "bitbucket_my_email",
		description: "An e-mail address of the connected user, by which Bitbucket knows the user's commits.",
		scopes:      []string{"email"},
		columns: []column{
			text("email", "The address."),
			boolean("is_confirmed", "True if the user has confirmed to receive mail there."),
			boolean("is_primary", "True if it is the address that Bitbucket writes to."),
			text("self_link", "Address of the e-mail address in the API.").at("links.self.href"),
			text("title", "Title of the e-mail address: the address.").at("email"),
			text("type", "Type of the object: email."),
		},
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.listIn(ctx, workspaceScope{}, s.collection(api.Path("/2.0/user/emails"), 100))
		},
	}
}
