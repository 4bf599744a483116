package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableUser returns the table bitbucket_user. A row is an account that the query names by uuid or account id; without
// either, the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/
func tableUser() *table {
	return &table{
		name:        "bitbucket_user",
		description: "An account that the query names by uuid or account id; the connected user if it names none.",
		scopes:      []string{"account"},
		columns: []column{
			text("uuid", "Immutable id of the account, in braces."),
			text("account_id", "Atlassian account id. Null for an account that is not a person."),
			text("account_status", "Status of the account, such as active."),
			text("avatar_url", "Address of the account's picture.").at("links.avatar.href"),
			timestamp("created_on", "When the account was created. Null for a private profile."),
			text("display_name", "Name of the account."),
			boolean("has_2fa_enabled", "True if the account has two-step verification. Null if Bitbucket does not show it to the connected user."),
			text("html_url", "Address of the profile in the browser.").at("links.html.href"),
			boolean("is_staff", "True if the account belongs to Atlassian's staff."),
			text("kind", "Kind of an app_user."),
			text("location", "Location in the user's profile."),
			text("nickname", "Name that the user chose; not unique."),
			text("self_link", "Address of the account in the API.").at("links.self.href"),
			text("title", "Title of the account: the display name.").at("display_name"),
			text("type", "Type of the account: user, app_user or team."),
			text("username", "Former user name, which Bitbucket shows only for the connected user."),
			text("website", "Website in the user's profile."),
		},
		keyColumns: []keyColumn{named("uuid").wider(), named("account_id").wider()},
		ids:        map[string]string{"uuid": "", "account_id": ""},
		alone:      []string{"account_status", "created_on", "has_2fa_enabled", "is_staff", "kind", "location", "username", "website"},
		substitute: userSubstitute,
		copying:    whole("uuid"),
		rows:       userRows,
	}
}

func userRows(ctx context.Context, s *scan) rowSeq {
	for _, id := range []string{"uuid", "account_id"} {
		if ids, ok := s.conditions.texts(id); ok {
			return s.byName(ctx, id, ids, userByID, nil)
		}
	}
	return single(ctx, s, streams.Each(api.Path("/2.0/user")), userAt)
}

// userByID requests one account. An id comes from other rows, and may belong to an account without a page of its own,
// such as a workspace's: the row then joins nothing.
func userByID(ctx context.Context, s *scan, id string) (*row, error) {
	r, err := userAt(ctx, s, api.Path("/2.0/users/{selected_user}", id))
	if api.IsNotFound(err) {
		return nil, nil
	}
	return r, err
}

// userSubstitute returns the members of the workspaces that are persons, with most fields of an account. Other members
// may have no page of their own.
func userSubstitute(s *scan) listRows {
	l := api.List{Fields: []string{"user.type"}, PageLen: 100}
	for _, field := range s.fields(objectPart) {
		l.Fields = append(l.Fields, "user."+field)
	}
	return func(ctx context.Context, most int) rowSeq {
		l.Wanted = int64(most)
		return func(yield func(*row, error) bool) {
			for p, err := range s.workspaces(ctx) {
				if err != nil {
					yield(nil, err)
					return
				}
				l.Path = api.Path("/2.0/workspaces/{workspace}/members", p.slug())
				for member, err := range s.List(ctx, l) {
					account := member.Field("user")
					if err == nil && account.Get("type").String() != "user" {
						continue
					}
					r := &row{}
					r.set(objectPart, account)
					if !yield(r, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

func userAt(ctx context.Context, s *scan, path string) (*row, error) {
	found, err := s.getPart(ctx, path, objectPart)
	if err != nil {
		return nil, err
	}
	r := &row{}
	r.set(objectPart, found)
	return r, nil
}
