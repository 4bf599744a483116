package fakebitbucket

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A principal is the sender of a request and the sender's rights.
type principal struct {
	user       *organization.User      // nil for anonymous requests, and for access tokens of a workspace
	workspace  *organization.Workspace // for a token of one workspace
	scopes     []string
	credential string // as in X-Credential-Type; "" for anonymous requests
	budget     string // whose quota the request uses
	consumer   string // key of the OAuth consumer
}

// permission returns the principal's permission on a repository. With "", the principal can read only public
// repositories.
func (p *principal) permission(o *organization.Organization, r *organization.Repository) string {
	if p.workspace != nil {
		if p.workspace == r.Workspace {
			return "write"
		}
		return ""
	}
	return o.EffectivePermission(r, p.user)
}

func (p *principal) sees(o *organization.Organization, r *organization.Repository) bool {
	return !r.IsPrivate || p.permission(o, r) != ""
}

// memberships returns the memberships of the principal's user. The principal of a workspace token is a plain member
// of that workspace.
func (p *principal) memberships(o *organization.Organization) []*organization.Membership {
	if p.workspace != nil {
		return []*organization.Membership{{Workspace: p.workspace, User: p.user, Permission: "member"}}
	}
	return o.MembershipsOf(p.user)
}

// membership returns the principal's membership in a workspace, or nil.
func (p *principal) membership(o *organization.Organization, w *organization.Workspace) *organization.Membership {
	for _, m := range p.memberships(o) {
		if m.Workspace == w {
			return m
		}
	}
	return nil
}

func (p *principal) belongsTo(o *organization.Organization, w *organization.Workspace) bool {
	return p.membership(o, w) != nil
}

func (p *principal) administers(o *organization.Organization, w *organization.Workspace) bool {
	return p.user != nil && o.Administers(w, p.user)
}

func (p *principal) seesProject(o *organization.Organization, pr *organization.Project) bool {
	if !pr.IsPrivate || p.workspace == pr.Workspace || o.AdministersProject(pr, p.user) {
		return true
	}
	return slices.ContainsFunc(o.RepositoriesOf(pr.Workspace), func(r *organization.Repository) bool {
		return r.Project == pr && p.permission(o, r) != ""
	})
}

// authenticate returns the sender of a request. Without credentials, the sender is anonymous.
func (s *Server) authenticate(r *http.Request, o *organization.Organization) (*principal, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return &principal{budget: "address"}, nil
	}
	kind, value, _ := strings.Cut(header, " ")
	switch {
	case strings.EqualFold(kind, "Bearer"):
		return s.oauth.bearer(value, o)
	case strings.EqualFold(kind, "Basic"):
		if email, token, ok := r.BasicAuth(); ok {
			return s.oauth.basic(email, token, o)
		}
	}
	return nil, errToken
}

// seesSnippet reports whether the principal may read a snippet. It must be public or belong to one of the principal's
// workspaces.
func (p *principal) seesSnippet(o *organization.Organization, s *organization.Snippet) bool {
	return !s.IsPrivate || p.belongsTo(o, s.Workspace)
}
