package fakebitbucket

import (
	"slices"
	"strconv"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// snippetEndpoints return snippets.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/
var snippetEndpoints = []endpoint{
	{
		path: "/2.0/snippets/{workspace}", scopes: "snippet", tokenScopes: "read:snippet:bitbucket", public: true,
		needs: aWorkspace, params: "role",
		list: &listing{of: visibleSnippets},
	},
	{
		path: "/2.0/snippets/{workspace}/{encoded_id}", scopes: "snippet", tokenScopes: "read:snippet:bitbucket",
		public: true, needs: aSnippet,
		get: func(c *call) (any, error) { return snippetObject(c.snippet), nil },
	},
	{
		path: "/2.0/snippets/{workspace}/{encoded_id}/comments", scopes: "snippet",
		tokenScopes: "read:snippet:bitbucket", public: true, needs: aSnippet,
		list: &listing{
			of: func(c *call) collection {
				return collect(c.snippet.Comments, func(x *organization.SnippetComment) object { return snippetCommentObject(c.snippet, x) })
			},
			sort: fieldsOf(map[fieldKind]string{numberKind: "id", datetimeKind: "created_on updated_on"}),
		},
	},
	{
		path: "/2.0/snippets/{workspace}/{encoded_id}/comments/{comment_id}", scopes: "snippet",
		tokenScopes: "read:snippet:bitbucket", public: true, needs: aSnippet,
		get: func(c *call) (any, error) {
			for _, x := range c.snippet.Comments {
				if strconv.Itoa(x.ID) == c.path["comment_id"] {
					return snippetCommentObject(c.snippet, x), nil
				}
			}
			return nil, notFound("No such comment: %s", c.path["comment_id"])
		},
	},
	{
		path: "/2.0/snippets/{workspace}/{encoded_id}/commits", scopes: "snippet",
		tokenScopes: "read:snippet:bitbucket", public: true, needs: aSnippet,
		list: &listing{
			of: func(c *call) collection {
				return collection{len(c.snippet.Commits), func(i int) object { return snippetCommitObject(c.snippet, i) }}
			},
			nextForm: NextContext,
		},
	},
	{
		path: "/2.0/snippets/{workspace}/{encoded_id}/commits/{revision}", scopes: "snippet",
		tokenScopes: "read:snippet:bitbucket", public: true, needs: aSnippet,
		get: func(c *call) (any, error) {
			for i, x := range c.snippet.Commits {
				if x.Hash == c.path["revision"] {
					return snippetCommitObject(c.snippet, i), nil
				}
			}
			return nil, notFound("Commit not found")
		},
	},
}

// visibleSnippets returns the snippets of a workspace that the caller may read in the requested role.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-workspace-get
func visibleSnippets(c *call) collection {
	role := c.query.Get("role")
	if !slices.Contains([]string{"", "owner", "contributor", "member"}, role) {
		c.violate("the role %q is unknown", role)
	}
	var visible []*organization.Snippet
	for _, s := range c.org.Snippets(c.workspace) {
		if c.who.seesSnippet(c.org, s) && c.who.hasSnippet(c.org, s, role) {
			visible = append(visible, s)
		}
	}
	return collect(visible, listedSnippet)
}

// hasSnippet reports whether the principal has a role for a snippet. An owner owns it. A contributor owns or watches
// it. A member owns or watches it, or belongs to its workspace. Without a role, all snippets pass.
func (p *principal) hasSnippet(o *organization.Organization, s *organization.Snippet, role string) bool {
	owns := p.user != nil && s.Owner == p.user
	watches := p.user != nil && slices.Contains(s.Watchers, p.user)
	switch role {
	case "owner":
		return owns
	case "contributor":
		return owns || watches
	case "member":
		return owns || watches || p.belongsTo(o, s.Workspace)
	}
	return true
}

// aSnippet finds a snippet that the caller may read.
func aSnippet(c *call) error {
	if err := aWorkspace(c); err != nil {
		return err
	}
	for _, s := range c.org.Snippets(c.workspace) {
		if s.ID == c.path["encoded_id"] {
			c.snippet = s
		}
	}
	switch {
	case c.snippet == nil:
		return notFound("Snippet not found: %s", c.path["encoded_id"])
	case c.who.seesSnippet(c.org, c.snippet):
		return nil
	case c.who.credential == "":
		return errToken
	}
	return forbidden("You do not have access to this snippet.")
}
