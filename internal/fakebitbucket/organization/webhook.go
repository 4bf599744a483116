package organization

import "time"

// A Webhook sends the events of a repository, or of all repositories of a workspace, to an address.
type Webhook struct {
	UUID, URL, Description       string
	Active, SkipCertVerification bool
	Events                       []string
	CreatedAt                    time.Time
	ReadOnly                     *bool  // null for most, true for those of applications
	Source                       string // "" is null
	// Modern webhooks show whether they have a secret, and keep a history.
	Modern bool
	// Secret signs deliveries; it may be "". No answer contains it.
	Secret string
}

// Webhooks returns the webhooks of a repository.
func (o *Organization) Webhooks(r *Repository) []*Webhook {
	return once(o, "webhooks", r.UUID, func(g Generator) []*Webhook { return g.Webhooks(r) })
}

// WorkspaceWebhooks returns the webhooks of a workspace. One of them belongs to an application.
func (o *Organization) WorkspaceWebhooks(w *Workspace) []*Webhook {
	return once(o, "webhooks", w.UUID, func(g Generator) []*Webhook { return g.WorkspaceWebhooks(w) })
}

// Identifier returns the id that addresses use.
func (h *Webhook) Identifier() string { return h.UUID }
