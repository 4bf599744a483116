package bitbucket

import (
	"context"
	"slices"
)

// tableWebhook returns the table bitbucket_webhook. A row is a webhook of a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-hooks-get
func tableWebhook() *table {
	return &table{
		name:        "bitbucket_webhook",
		description: "A webhook of a repository: the address that gets its events, and which events. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "webhook"},
		columns:     slices.Concat(webhookColumns(), inRepositoryColumns()),
		keyColumns:  inRepositoryKeyColumns(),
		copying:     touched("uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return s.listIn(ctx, r, s.collection(r.path("/hooks"), 100))
			})
		},
	}
}

// webhookColumns returns the columns of the webhooks of repositories and of workspaces. They don't have the secret:
// Bitbucket does not return it, and if it did no row would show it.
func webhookColumns() []column {
	return []column{
		text("uuid", "Immutable id of the webhook, in braces."),
		text("url", "Address that the events are sent to."),
		boolean("active", "True if events are sent."),
		timestamp("created_at", "When the webhook was created."),
		text("description", "Description of the webhook."),
		document("events", "Names of the events that are sent, such as repo:push."),
		boolean("history_enabled", "True if Bitbucket keeps a history of the requests that it sent. Null if Bitbucket does not report it."),
		boolean("read_only", "True if people can't change the webhook. Null if Bitbucket does not report it."),
		boolean("secret_set", "True if requests are signed with a secret, so that the receiver can recognize forged ones. Null if Bitbucket does not report it."),
		text("self_link", "Address of the webhook in the API.").at("links.self.href"),
		boolean("skip_cert_verification", "True if the receiver's certificate is not checked, so that somebody else could pose as the receiver."),
		text("source", "What made the webhook, if it was not a person: connect for one that belongs to an installed app."),
		text("subject_type", "Owner of the webhook: repository or workspace.").at("subject_type").at("subject.type"),
		text("title", "Title of the webhook: its description, or else its address.").at("description").at("url"),
		text("type", "Type of the object: webhook_subscription."),
	}
}
