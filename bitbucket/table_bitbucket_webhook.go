package bitbucket

import (
	"context"
	"slices"
)

// tableWebhook: a row is a webhook of a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-hooks-get
func tableWebhook() *table {
	return &table{
		name:        "bitbucket_webhook",
		description: "A webhook of a repository: where its events are sent, and which. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "webhook"},
		columns:     slices.Concat(webhookColumns(), inRepositoryColumns()),
		keyColumns:  inRepositoryKeyColumns(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return s.listIn(ctx, r, s.collection(r.path("/hooks"), 100))
			})
		},
	}
}

// webhookColumns are those of the webhooks of repositories and of workspaces. The secret is not among them: Bitbucket does
// not tell it, and if it did no row would show it.
func webhookColumns() []column {
	return []column{
		text("uuid", "Immutable id of the webhook, in braces."),
		text("url", "Address that the events are sent to."),
		boolean("active", "True if events are sent."),
		timestamp("created_at", "When the webhook was created."),
		text("description", "Description that the webhook was given."),
		document("events", "Names of the events that are sent, such as repo:push."),
		boolean("history_enabled", "True if Bitbucket keeps the requests that it sent. Null if it does not tell."),
		boolean("read_only", "True if the webhook can't be changed by people. Null if Bitbucket does not tell."),
		boolean("secret_set", "True if requests are signed with a secret, by which the receiver can tell them from forged ones. Null if Bitbucket does not tell."),
		text("self_link", "Address of the webhook in the API.").at("links.self.href"),
		boolean("skip_cert_verification", "True if the certificate of the receiver is not checked, so that others could pass for it."),
		text("subject_type", "What the webhook belongs to: repository or workspace.").at("subject_type").at("subject.type"),
		text("title", "Title of the webhook: its description, else its address.").at("description").at("url"),
		text("type", "Type of the object: webhook_subscription."),
	}
}
