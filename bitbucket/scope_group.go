package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// groups lists the groups of a workspace with their members; the answer is cached for half a minute. Groups exist only
// in the rest of API 1.0, which knows a workspace by its slug and answers only its administrators. It may refuse a
// workspace that is administered elsewhere: the error is then a *groupsError.
// https://support.atlassian.com/bitbucket-cloud/docs/groups-endpoint/
func (c *connection) groups(ctx context.Context, slug string) ([]jsontree.Value, error) {
	type answer struct {
		groups []jsontree.Value
		closed *groupsError
	}
	known, err := cache.Get(ctx, c.answers, "groups "+strings.ToLower(slug), func(ctx context.Context) (known answer, err error) {
		for group, err := range c.List(ctx, api.List{Path: api.Path("/1.0/groups/{workspace}", slug), Bare: true}) {
			if isClosed(err) {
				return answer{closed: &groupsError{slug, err}}, nil // cached, as the next request would fail as well
			}
			if err != nil {
				return answer{}, err
			}
			known.groups = append(known.groups, group)
		}
		return known, nil
	})
	if known.closed != nil {
		return nil, known.closed
	}
	return known.groups, err
}

// isClosed reports whether the error means that the groups of the workspace can't be read, because of the user's role
// or by anybody. A missing scope is different: the user can add it.
func isClosed(err error) bool {
	_, scopes := api.MissingScope(err)
	return !scopes && api.IsExplained(err) && api.HasStatus(err, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone)
}

// A groupsError reports that the groups of a workspace can't be read.
type groupsError struct {
	slug string
	err  error // Bitbucket's answer
}

func (e *groupsError) Error() string {
	return fmt.Sprintf("the groups of workspace %s can't be read: Bitbucket shows them only to the workspace's administrators, in the rest of API 1.0, "+
		"and to nobody in some workspaces that are administered in admin.atlassian.com: %s", e.slug, e.err)
}

func (e *groupsError) Unwrap() error { return e.err }

// omitGroups records that the groups of a workspace can't be read. It returns an error if on_refusal is "strict" and
// the query names the workspace.
func (p workspaceScope) omitGroups(s *scan, closed *groupsError) error {
	if _, byQuery := s.namedWorkspaces(); byQuery && s.onRefusal == StrictOnRefusal {
		return closed
	}
	one := p.omission()
	one.Reason, one.Message = ReasonHiddenGroups, fmt.Sprintf("%s leaves out the groups of %s: %s.", s.queriedTable, p.slug(), closed)
	s.omit(one)
	return nil
}
