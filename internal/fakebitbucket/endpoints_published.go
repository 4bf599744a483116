package fakebitbucket

import (
	"net/http"
	"strings"
)

// publishedEndpoints tell what the service tells everybody, or everybody in a workspace: kinds of events, and keys to check
// signatures with.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-webhooks/
// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
var publishedEndpoints = []endpoint{
	{path: "/2.0/hook_events", get: func(*call) (any, error) {
		subjects := object{}
		for _, subject := range []string{"repository", "workspace"} {
			subjects = append(subjects, member{name: subject, value: object{
				{name: "links", value: links("events", linkAPI+"/hook_events/"+subject)},
			}})
		}
		return subjects, nil
	}},
	{
		path: "/2.0/hook_events/{subject_type}", needs: aHookSubject,
		list: &listing{
			of:      func(c *call) collection { return collect(HookEvents(c.path["subject_type"]), hookEvent) },
			pagelen: 30,
		},
	},
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

func aHookSubject(c *call) error {
	if HookEvents(c.path["subject_type"]) == nil {
		return notFound("Invalid subject type: %s", c.path["subject_type"])
	}
	return nil
}

func hookEvent(e HookEvent) object {
	return object{
		{name: "category", value: e.Category}, {name: "event", value: e.Event}, {name: "label", value: e.Label},
		{name: "description", value: e.Description},
	}
}

// anOIDCWorkspace is any workspace: who checks the tokens of its pipelines doesn't belong to it. API tokens are refused.
func anOIDCWorkspace(c *call) error {
	if c.who.credential == "api_token" {
		return forbidden("Forbidden")
	}
	if c.workspace = c.org.Workspace(c.path["workspace"]); c.workspace == nil {
		return notFound("No workspace with identifier '%s'.", c.path["workspace"])
	}
	return nil
}
