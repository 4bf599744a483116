package bitbucket

import (
	"context"
	"net/url"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableConnection returns the table bitbucket_connection. The row is the connection itself, and who it is to Bitbucket.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
func tableConnection() *table {
	return &table{
		name:        "bitbucket_connection",
		description: "The connection itself: its authentication method, its account, and what it covers.",
		scopes:      []string{"account"},
		columns: []column{
			text("authentication_method", "Authentication method: login, refresh_token, client_credentials, access_token or api_token."),
			text("account_uuid", "Immutable id of the connection's account, in braces. Null for an access token that belongs to no user.").in(detailPart, "uuid"),
			text("account_id", "Atlassian account id of the account. Null for an account that is not a person.").in(detailPart, "account_id"),
			text("account_display_name", "Name of the account.").in(detailPart, "display_name"),
			text("account_nickname", "Name that the user chose; not unique.").in(detailPart, "nickname"),
			text("account_type", "Type of the account: user, or app_user for a consumer that connects as itself.").in(detailPart, "type"),
			text("base_url", "Address of the API."),
			text("consumer_key", "Key of the OAuth consumer. Null for other authentication methods."),
			text("on_refusal", "What a query does if Bitbucket refuses a part of a table: fail, skip or strict."),
			text("plugin_version", "Version of the plugin."),
			document("scopes", "Scopes of the token. Null if Bitbucket does not report them."),
			text("token_file", "Path of the file that keeps the tokens. Null if there is none."),
			document("workspaces", "The workspaces that the connection covers, as a list of slugs."),
			document("workspaces_argument", "The connection's workspaces argument, as a list of slugs and patterns. Null if it is not set."),
			text("title", "Title of the connection: its name.").at("connection"),
		},
		copying: whole("title"),
		rows:    connectionRows,
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
			account, err := connectedAccount(ctx, s)
			if err != nil {
				return nil, err
			}
			r.set(detailPart, account)
		}
		if s.wants("scopes") {
			scopes, known, err := tokenScopes(ctx, s)
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

// connectedAccount requests the account of the connection. The access token of a workspace, project or repository has
// none. A request for what the token is for shows then whether it works, as an expired token gets the same answer.
func connectedAccount(ctx context.Context, s *scan) (jsontree.Value, error) {
	found, err := s.getPart(ctx, api.Path("/2.0/user"), detailPart)
	if !s.belongsToNobody(err) {
		return found, err
	}
	for _, slug := range s.settings.Workspaces {
		if isPattern(slug) {
			continue
		}
		_, refused := s.Get(ctx, api.Path("/2.0/repositories/{workspace}", slug), url.Values{"pagelen": {"1"}})
		if refused == nil || api.IsForbidden(refused) || api.IsNotFound(refused) { // Bitbucket answers so only for a valid token
			return jsontree.Value{}, nil
		}
		return jsontree.Value{}, refused
	}
	return jsontree.Value{}, s.nameWorkspaces(err)
}

// tokenScopes returns the scopes of the token: from the token itself, or from the last answer.
func tokenScopes(ctx context.Context, s *scan) (granted []string, known bool, err error) {
	if token, ok := s.authorizer.(interface{ Scopes() []string }); ok {
		if _, err := s.authorizer.Authorization(ctx); err != nil {
			return nil, false, err
		}
		if granted := token.Scopes(); granted != nil {
			return granted, true, nil
		}
	}
	if _, known := s.Scopes(); !known { // no request was made yet
		if _, err := connectedAccount(ctx, s); err != nil {
			return nil, false, err
		}
	}
	granted, known = s.Scopes()
	return granted, known, nil
}
