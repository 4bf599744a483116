package generate

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// Webhooks returns the webhooks of a repository.
func (g *generator) Webhooks(r *organization.Repository) []*organization.Webhook {
	n := max(0, g.IntN(5)-1)
	if g.IntN(30) == 0 {
		n = 11
	}
	return g.webhooks(n, r.CreatedOn)
}

// WorkspaceWebhooks returns the webhooks of a workspace. One of them belongs to an application.
func (g *generator) WorkspaceWebhooks(w *organization.Workspace) []*organization.Webhook {
	hooks := g.webhooks(3+g.IntN(3), w.CreatedOn)
	yes := true
	app := hooks[len(hooks)-1]
	app.ReadOnly, app.Source, app.Secret = &yes, "connect", ""
	app.URL, app.Description = "https://tracker.example.com/rest/bitbucket/1.0/webhook", "Issue tracker"
	return hooks
}

func (g *generator) webhooks(n int, since time.Time) []*organization.Webhook {
	var hooks []*organization.Webhook
	for range n {
		target := pick(g, webhookTargets)
		h := &organization.Webhook{
			UUID: g.UUID(), URL: target.url, Description: target.description, CreatedAt: g.after(since),
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
		if newest := g.now.AddDate(0, -15, 0); h.CreatedAt.After(newest) { // more fractional digits than before
			h.CreatedAt = h.CreatedAt.Add(time.Duration(-1 - g.IntN(999)))
		}
		hooks = append(hooks, h)
	}
	slices.SortStableFunc(hooks, func(a, b *organization.Webhook) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return hooks
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
