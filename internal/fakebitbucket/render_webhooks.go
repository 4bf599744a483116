package fakebitbucket

import (
	"fmt"
	"net/url"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// repositoryWebhook renders the webhooks of a repository.
func repositoryWebhook(r *organization.Repository) func(*organization.Webhook) object {
	return func(h *organization.Webhook) object {
		return webhookObject(h, linkAPI+"/repositories/"+r.FullName(), func() any { return embeddedRepository(r) })
	}
}

// workspaceWebhook renders the webhooks of a workspace.
func workspaceWebhook(w *organization.Workspace) func(*organization.Webhook) object {
	return func(h *organization.Webhook) object {
		return webhookObject(h, linkAPI+"/workspaces/"+w.Slug, func() any { return embeddedWorkspace(w) })
	}
}

// webhookObject renders a webhook. Webhooks from before 2025 have the usual time format.
func webhookObject(h *organization.Webhook, of string, subject lazy) object {
	created := timestampOf(h.CreatedAt)
	if h.CreatedAt.Nanosecond()%1000 != 0 {
		created.layout = layoutNano
	}
	var source, readOnly any
	if h.Source != "" {
		source = h.Source
	}
	if h.ReadOnly != nil {
		readOnly = *h.ReadOnly
	}
	o := object{
		{name: "type", value: "webhook_subscription"},
		{name: "uuid", value: h.UUID},
		{name: "description", value: h.Description},
		{name: "url", value: h.URL},
		{name: "active", value: h.Active},
		{name: "skip_cert_verification", value: h.SkipCertVerification},
		{name: "events", value: h.Events},
		{name: "created_at", value: created},
		{name: "subject", value: subject},
		{name: "links", value: linksOf("self", fmt.Sprintf("%s/hooks/%s", of, url.PathEscape(h.UUID)))},
		{name: "source", value: source},
		{name: "read_only", value: readOnly},
	}
	if h.Modern {
		o = append(o, jsonMember{name: "history_enabled", value: false}, jsonMember{name: "secret_set", value: h.Secret != ""})
	}
	return o
}
