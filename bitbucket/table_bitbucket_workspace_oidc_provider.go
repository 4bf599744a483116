package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableWorkspaceOIDCProvider returns the table bitbucket_workspace_oidc_provider. A row is the identity provider of a
// workspace, which vouches for its pipelines.
// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
func tableWorkspaceOIDCProvider() *table {
	return &table{
		name:        "bitbucket_workspace_oidc_provider",
		description: "The OpenID Connect provider of a workspace, which vouches for its pipelines when they need access without a stored secret. Bitbucket refuses to show it to a connection with an API token.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("issuer", "Address of the provider, which its tokens have as the issuer."),
			document("claims_supported", "Claims in the tokens, such as repositoryUuid."),
			document("configuration", "The provider's whole configuration document.").at("@this"),
			document("id_token_signing_alg_values_supported", "Algorithms that sign the tokens, such as RS256."),
			text("jwks_uri", "Address of the keys to check the tokens with."),
			document("keys", "The keys to check the tokens with. Costs one more request for each workspace.").in(detailPart, "keys"),
			document("response_types_supported", "Response types of the provider, such as id_token."),
			document("scopes_supported", "Scopes of the provider, such as openid."),
			document("subject_types_supported", "Subject types in the tokens, such as public."),
			text("title", "Title of the provider: its address.").at("issuer"),
		}, inWorkspaceColumns()),
		keyColumns: []keyColumn{named("workspace_slug")},
		copying:    whole("workspace_uuid").withHistory(),
		rows:       oidcProviderRows,
	}
}

func oidcProviderRows(ctx context.Context, s *scan) rowSeq {
	const provider = "/2.0/workspaces/{workspace}/pipelines-config/identity/oidc"
	return s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
		return single(ctx, s, streams.Each(p.slug()), func(ctx context.Context, s *scan, slug string) (*row, error) {
			// The documents are for any OpenID Connect client, which would not select fields.
			configuration, err := s.Get(ctx, api.Path(provider+"/.well-known/openid-configuration", slug), nil)
			if err != nil {
				return nil, err
			}
			r := p.row(configuration)
			if s.needsPart(detailPart) {
				keys, err := s.Get(ctx, api.Path(provider+"/keys.json", slug), nil)
				if err != nil {
					return nil, err
				}
				r.set(detailPart, keys)
			}
			return r, nil
		})
	})
}
