package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableWorkspaceWebhook returns the table bitbucket_workspace_webhook. A row is a webhook of a workspace.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-hooks-get
func tableWorkspaceWebhook() *table {
	return &table{
		name:        "bitbucket_workspace_webhook",
		description: "A webhook of a workspace: the address that gets the events of all its repositories, and which events. It covers the workspaces that the connected user administers.",
		scopes:      []string{"account", "webhook"},
		columns:     slices.Concat(webhookColumns(), inWorkspaceColumns()),
		keyColumns:  []keyColumn{named("workspace_slug")},
		copying:     whole("uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
				return s.listIn(ctx, p, s.collection(api.Path("/2.0/workspaces/{workspace}/hooks", p.slug()), 100))
			})
		},
	}
}
