package bitbucket

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// roles returns the connected user's roles that the query asks for, or "", which is any role, if it asks for none. An
// unknown role is an error, as Bitbucket would take it for any.
func (q *query) roles(on string, known ...string) (roles []string, ok bool, err error) {
	roles, ok = q.conditions.texts("role")
	if !ok {
		return []string{""}, false, nil
	}
	for _, role := range roles {
		if !slices.Contains(known, role) {
			return nil, true, fmt.Errorf("unknown role %q on a %s: choose %s", role, on, strings.Join(known, ", "))
		}
	}
	return roles, true, nil
}

// perRole lists what the connected user has in each of the roles.
func perRole(ctx context.Context, s *scan, roles []string, children func(context.Context, string) rowSeq) rowSeq {
	if len(roles) == 1 {
		return children(ctx, roles[0])
	}
	return combine(ctx, s, streams.Each(roles...), children)
}

// withRole limits a list to the items in which the connected user has a role, unless role is empty. It returns the
// row's part of the query for it.
func withRole(l api.List, role string) jsontree.Value {
	if role == "" {
		return jsontree.Value{}
	}
	l.Query.Set("role", role)
	return jsontree.Of(map[string]string{"role": role})
}
