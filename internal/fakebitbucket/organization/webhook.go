package organization

import "time"

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
	return once(o, "webhooks", r.UUID, func(g Generator) []*Webhook { return g.Webhooks(r) })
}

// WorkspaceWebhooks are the webhooks of a workspace, one of an application among them.
func (o *Organization) WorkspaceWebhooks(w *Workspace) []*Webhook {
	return once(o, "webhooks", w.UUID, func(g Generator) []*Webhook { return g.WorkspaceWebhooks(w) })
}

// Identifier is what an address names it by.
func (h *Webhook) Identifier() string { return h.UUID }
