package bitbucket

import (
	"context"
	"net/url"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableConnection: the row is the connection itself, and who it is to Bitbucket.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
func tableConnection() *table {
	return &table{
		name:        "bitbucket_connection",
		description: "The connection itself: how it authorizes, which account it acts for, and what it covers.",
		scopes:      []string{"account"},
		columns: []column{
			text("authentication_method", "How the connection authorizes: login, refresh_token, client_credentials, access_token or api_token."),
			text("account_uuid", "Immutable id of the account that the connection acts for, in braces. Null for an access token that belongs to no user.").in(detailPart, "uuid"),
			text("account_id", "Atlassian account id of the account. Null for an account that is not a person.").in(detailPart, "account_id"),
			text("account_display_name", "Name of the account.").in(detailPart, "display_name"),
			text("account_nickname", "Name that the user has chosen; not unique.").in(detailPart, "nickname"),
			text("account_type", "What the account is: user, or app_user for a consumer that acts for itself.").in(detailPart, "type"),
			text("base_url", "Address of the API that is asked."),
			text("consumer_key", "Key of the OAuth consumer. Null without one."),
			text("on_refusal", "What a query does about a part that Bitbucket refuses: fail, skip or strict."),
			text("plugin_version", "Version of the plugin that answers."),
			document("scopes", "What the token was granted, as a list of scopes. Null if Bitbucket does not tell."),
			text("token_file", "Path of the file that keeps the tokens. Null if none is kept."),
			document("workspaces", "The workspaces that the connection covers, as a list of slugs."),
			document("workspaces_argument", "What the argument workspaces narrows the connection to, as a list of slugs and patterns. Null if it is not set."),
			text("title", "Title of the connection: its name.").at("connection"),
		},
		rows: connectionRows,
	}
}

func connectionRows(ctx context.Context, s *scan) rowSeq {
	return single(ctx, s, streams.Each("connection"), func(ctx context.Context, s *scan, _ string) (*row, error) {
		r := &row{}
		said := map[string]any{
			"connection": s.name, "authentication_method": s.method, "base_url": s.settings.BaseURL, "consumer_key": s.settings.ConsumerKey,
			"on_refusal": s.settings.OnRefusal, "plugin_version": Version, "token_file": s.tokenFile,
		}
		if len(s.settings.Workspaces) > 0 {
			said["workspaces_argument"] = s.settings.Workspaces
		}
		if s.needsPart(detailPart) {
			account, err := s.account(ctx)
			if err != nil {
				return nil, err
			}
			r.set(detailPart, account)
		}
		if s.wants("scopes") {
			scopes, known, err := s.scopes(ctx)
			if err != nil {
				return nil, err
			}
			if known {
				said["scopes"] = slices.Concat([]string{}, scopes)
			}
		}
		if s.wants("workspaces") {
			slugs := []string{}
			for p, err := range s.workspaces(ctx) {
				if err != nil {
					return nil, err
				}
				slugs = append(slugs, p.slug())
			}
			said["workspaces"] = slugs
		}
		r.set(objectPart, jsontree.Of(said))
		return r, nil
	})
}

// account asks who the connection acts for. The access token of a workspace, project or repository has no account: then
// what it is for must know it, since a token that is dead gets the same answer.
func (s *scan) account(ctx context.Context) (jsontree.Value, error) {
	found, err := s.getPart(ctx, api.Path("/2.0/user"), detailPart)
	if !s.belongsToNobody(err) {
		return found, err
	}
	for _, slug := range s.settings.Workspaces {
		if isPattern(slug) {
			continue
		}
		_, refused := s.Get(ctx, api.Path("/2.0/repositories/{workspace}", slug), url.Values{"pagelen": {"1"}})
		if refused == nil || api.IsForbidden(refused) || api.IsNotFound(refused) { // which Bitbucket says to a token that it knows
			return jsontree.Value{}, nil
		}
		return jsontree.Value{}, refused
	}
	return jsontree.Value{}, s.nameWorkspaces(err)
}

// scopes are those that the token was granted: by the token's own word, or by that of the last answer.
func (s *scan) scopes(ctx context.Context) (granted []string, known bool, err error) {
	if token, ok := s.authorizer.(interface{ Scopes() []string }); ok {
		if _, err := s.authorizer.Authorization(ctx); err != nil {
			return nil, false, err
		}
		if granted := token.Scopes(); granted != nil {
			return granted, true, nil
		}
	}
	if _, known := s.Scopes(); !known { // nothing was asked yet
		if _, err := s.account(ctx); err != nil {
			return nil, false, err
		}
	}
	granted, known = s.Scopes()
	return granted, known, nil
}
