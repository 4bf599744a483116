package fakebitbucket

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// A Webhook sends what happens in a repository, or in all repositories of a workspace, to an address.
type Webhook struct {
	UUID, URL, Description       string
	Active, SkipCertVerification bool
	Events                       []string
	CreatedAt                    time.Time
	ReadOnly                     *bool  // null for most, true for those of applications
	Source                       string // "" is null
	// Modern hooks say whether they have a secret and keep a history.
	Modern bool
	// Secret is what deliveries are signed with, or "". No answer has it.
	Secret string
}

// Webhooks are the webhooks of a repository.
func (o *Organization) Webhooks(r *Repository) []*Webhook {
	return once(o, "webhooks", r.UUID, func(g *generator) []*Webhook {
		n := max(0, g.IntN(5)-1)
		if g.IntN(30) == 0 {
			n = 11
		}
		return g.webhooks(n, r.CreatedOn)
	})
}

// WorkspaceWebhooks are the webhooks of a workspace, one of an application among them.
func (o *Organization) WorkspaceWebhooks(w *Workspace) []*Webhook {
	return once(o, "webhooks", w.UUID, func(g *generator) []*Webhook {
		hooks := g.webhooks(3+g.IntN(3), w.CreatedOn)
		yes := true
		app := hooks[len(hooks)-1]
		app.ReadOnly, app.Source, app.Secret = &yes, "connect", ""
		app.URL, app.Description = "https://tracker.example.com/rest/bitbucket/1.0/webhook", "Issue tracker"
		return hooks
	})
}

var (
	webhookTargets = []struct{ description, url string }{
		{"Jenkins hook", "https://jenkins.example.com/bitbucket-scmsource-hook/notify"},
		{"Chat", "https://chat.example.com/hooks/builds"},
		{"Coverage", "https://coverage.example.com/webhooks/bitbucket"},
		{"old build server", "http://build.example.com:8080/bitbucket-hook/"},
		{"Deployments", "https://deploy.example.com/hook?environment=production"},
		{"", "http://203.0.113.7/notify"},
		{"Mirror", "https://mirror.example.com/pull"},
	}
	webhookEvents = []string{
		"repo:push", "repo:fork", "repo:updated", "repo:commit_comment_created", "repo:commit_status_created",
		"repo:commit_status_updated", "pullrequest:created", "pullrequest:updated", "pullrequest:approved",
		"pullrequest:unapproved", "pullrequest:fulfilled", "pullrequest:rejected", "pullrequest:comment_created",
	}
)

func (g *generator) webhooks(n int, since time.Time) []*Webhook {
	var hooks []*Webhook
	for range n {
		target := pick(g, webhookTargets)
		h := &Webhook{
			UUID: g.uuid(), URL: target.url, Description: target.description, CreatedAt: g.after(since),
			Active: g.IntN(4) > 0, SkipCertVerification: g.IntN(4) == 0,
		}
		h.Modern = h.CreatedAt.After(g.now.AddDate(-3, 0, 0))
		if g.IntN(2) == 0 {
			h.ReadOnly = new(bool)
		}
		for _, i := range g.Perm(len(webhookEvents))[:1+g.IntN(5)] {
			h.Events = append(h.Events, webhookEvents[i])
		}
		if g.IntN(2) == 0 {
			h.Secret = hex.EncodeToString(g.bytes(20))
		}
		if newest := g.now.AddDate(0, -15, 0); h.CreatedAt.After(newest) { // more digits than before
			h.CreatedAt = h.CreatedAt.Add(time.Duration(-1 - g.IntN(999)))
		}
		hooks = append(hooks, h)
	}
	slices.SortStableFunc(hooks, func(a, b *Webhook) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return hooks
}

func (h *Webhook) id() string { return h.UUID }

// repositoryWebhook renders the webhooks of a repository.
func repositoryWebhook(r *Repository) func(*Webhook) object {
	return func(h *Webhook) object {
		return webhookObject(h, linkAPI+"/repositories/"+r.FullName(), func() any { return embeddedRepository(r) })
	}
}

// workspaceWebhook renders the webhooks of a workspace.
func workspaceWebhook(w *Workspace) func(*Webhook) object {
	return func(h *Webhook) object {
		return webhookObject(h, linkAPI+"/workspaces/"+w.Slug, func() any { return embeddedWorkspace(w) })
	}
}

// webhookObject is a webhook. Those from before 2025 have their time in the form of all others.
func webhookObject(h *Webhook, of string, subject lazy) object {
	created := stamp(h.CreatedAt)
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
		{name: "links", value: links("self", fmt.Sprintf("%s/hooks/%s", of, url.PathEscape(h.UUID)))},
		{name: "source", value: source},
		{name: "read_only", value: readOnly},
	}
	if h.Modern {
		o = append(o, member{name: "history_enabled", value: false}, member{name: "secret_set", value: h.Secret != ""})
	}
	return o
}
