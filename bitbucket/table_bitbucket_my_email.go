package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableMyEmail returns the table bitbucket_my_email. A row is an e-mail address of the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-emails-get
func tableMyEmail() *table {
	return &table{
		name:        "bitbucket_my_email",
		description: "An e-mail address of the connected user. Bitbucket recognizes the user's commits by it.",
		scopes:      []string{"email"},
		columns: []column{
			text("email", "The address."),
			boolean("is_confirmed", "True if the user has confirmed the address."),
			boolean("is_primary", "True if Bitbucket sends its mail to this address."),
			text("self_link", "Address of the e-mail address in the API.").at("links.self.href"),
			text("title", "Title of the e-mail address: the address.").at("email"),
			text("type", "Type of the object: email."),
		},
		copying: whole("email"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.listIn(ctx, workspaceScope{}, s.collection(api.Path("/2.0/user/emails"), 100))
		},
	}
}
