package auth

import (
	"context"
	"encoding/base64"
)

// accessToken is a bearer token that the plugin can't renew.
type accessToken struct{ token Secret }

// NewAccessToken returns the Authorizer for a workspace, project or repository access token, or any other bearer token.
//
// https://support.atlassian.com/bitbucket-cloud/docs/access-tokens/
func NewAccessToken(token Secret) Authorizer { return accessToken{token} }

func (a accessToken) Authorization(context.Context) (string, error) {
	return bearer(a.token), nil
}

func (a accessToken) Renew(context.Context, string) (string, error) {
	return "", errorf(KindAuthorization, nil, "Bitbucket refused the access token: it has expired or was revoked, or the endpoint doesn't take this kind of token. "+
		"Create a new one in the settings of the workspace, project or repository, under Access tokens, "+
		"and set access_token (BITBUCKET_OAUTH_TOKEN) to it")
}

// apiToken is an Atlassian account's e-mail address and API token.
type apiToken struct {
	email string
	token Secret
}

// NewAPIToken returns the Authorizer for an Atlassian account's e-mail address and API token.
//
// https://support.atlassian.com/bitbucket-cloud/docs/api-tokens/
func NewAPIToken(email string, token Secret) Authorizer { return apiToken{email, token} }

func (a apiToken) Authorization(context.Context) (string, error) {
	pair := a.email + ":" + a.token.reveal()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)), nil
}

func (a apiToken) Renew(context.Context, string) (string, error) {
	return "", errorf(KindAuthorization, nil, "Bitbucket refused the API token of %s: it has expired (API tokens last at most a year) or was revoked, "+
		"or the e-mail address isn't the account's. "+
		"Create a new one at https://id.atlassian.com/manage-profile/security/api-tokens, with Bitbucket scopes, "+
		"and set email and api_token (BITBUCKET_USERNAME, BITBUCKET_PASSWORD)", a.email)
}

// bearer returns the Authorization header's value for token.
func bearer(token Secret) string { return bearerPrefix + token.reveal() }

const bearerPrefix = "Bearer "
