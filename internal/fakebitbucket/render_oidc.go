package fakebitbucket

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// oidcIssuer returns the address of a workspace's identity provider for pipelines.
func oidcIssuer(w *organization.Workspace) string {
	return linkAPI + "/workspaces/" + w.Slug + "/pipelines-config/identity/oidc"
}

func oidcConfiguration(w *organization.Workspace) object {
	return object{
		{name: "issuer", value: oidcIssuer(w)},
		{name: "jwks_uri", value: oidcIssuer(w) + "/keys.json"},
		{name: "subject_types_supported", value: []string{"public"}},
		{name: "response_types_supported", value: []string{"id_token"}},
		{name: "id_token_signing_alg_values_supported", value: []string{"RS256"}},
		{name: "scopes_supported", value: []string{"openid"}},
		{name: "claims_supported", value: []string{
			"sub", "iss", "iat", "exp", "aud", "branchName", "deploymentEnvironmentUuid", "pipelineUuid",
			"repositoryUuid", "stepUuid", "workspaceUuid",
		}},
	}
}

func oidcKey(id string) object {
	return object{
		{name: "kty", value: "RSA"}, {name: "use", value: "sig"}, {name: "alg", value: "RS256"}, {name: "kid", value: id},
		{name: "e", value: "AQAB"}, {name: "n", value: "u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0"},
	}
}
