package fakebitbucket

import (
	"net/http"
	"strings"
)

// workspaceKeyEndpoints return public keys for checking signatures: of commits that the service makes, and of tokens
// for the steps of pipelines.
// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
var workspaceKeyEndpoints = []endpoint{
	{
		path: "/2.0/workspaces/{workspace}/settings/gpg/public-key", scopes: "account",
		tokenScopes: "read:workspace:bitbucket", needs: aMembersWorkspace,
		get: func(c *call) (any, error) {
			keys := c.org.SystemKeys(c.workspace)
			if !c.server.options.KeysAsJSON {
				return textResponse(http.StatusOK, "text/plain", strings.Join(keys, "")), nil
			}
			var values []object
			for _, key := range keys {
				values = append(values, object{{name: "public_key", value: key}})
			}
			return object{{name: "values", value: values}}, nil
		},
	},
	{
		path:  "/2.0/workspaces/{workspace}/pipelines-config/identity/oidc/.well-known/openid-configuration",
		needs: anOIDCWorkspace,
		get:   func(c *call) (any, error) { return oidcConfiguration(c.workspace), nil },
	},
	{
		path: "/2.0/workspaces/{workspace}/pipelines-config/identity/oidc/keys.json", needs: anOIDCWorkspace,
		get: func(c *call) (any, error) {
			var keys []object
			for _, id := range c.org.OIDCKeyIDs(c.workspace) {
				keys = append(keys, oidcKey(id))
			}
			return object{{name: "keys", value: keys}}, nil
		},
	},
}

// anOIDCWorkspace finds any workspace, because a service that checks the tokens of pipelines does not belong to it.
// It refuses API tokens.
func anOIDCWorkspace(c *call) error {
	if c.who.credential == "api_token" {
		return forbidden("Forbidden")
	}
	if c.workspace = c.org.Workspace(c.path["workspace"]); c.workspace == nil {
		return notFound("No workspace with identifier '%s'.", c.path["workspace"])
	}
	return nil
}
