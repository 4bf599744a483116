package fakebitbucket

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A principal is who a request speaks for, and with which rights.
type principal struct {
	user       *organization.User      // nil for anybody, and for access tokens of a workspace
	workspace  *organization.Workspace // of a token that reaches only one workspace
	scopes     []string
	credential string // as X-Credential-Type names it; "" for anybody
	budget     string // whose quota the request uses
	consumer   string // key of the OAuth consumer
}

// permission is what the principal may do on a repository: "" if nothing but read what is public.
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

// memberships are those of the principal's user. One that reaches only one workspace is a plain member of it.
func (p *principal) memberships(o *organization.Organization) []*organization.Membership {
	if p.workspace != nil {
		return []*organization.Membership{{Workspace: p.workspace, User: p.user, Permission: "member"}}
	}
	return o.MembershipsOf(p.user)
}

// membership is the principal's membership in a workspace, or nil.
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

// authenticate finds out who sent a request. Without credentials it is anybody.
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

// seesSnippet tells whether the principal may read a snippet: those of a workspace that is theirs, and public ones.
func (p *principal) seesSnippet(o *organization.Organization, s *organization.Snippet) bool {
	return !s.IsPrivate || p.belongsTo(o, s.Workspace)
}
