package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// cacheLife is how long the list of workspaces, and what is known of a user, is believed: long enough for the panels of a dashboard to share it,
// short enough that access given or taken away shows within the minute.
const cacheLife = 30 * time.Second

// cacheBytes bounds what all these answers may take.
const cacheBytes = 64 << 20

// workspacesKey is what the list of the user's workspaces is remembered under.
const workspacesKey = "workspaces"

// userWorkspaces lists the workspaces that the connected user belongs to, as Bitbucket's workspace_access objects.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
func (c *connection) userWorkspaces(ctx context.Context) ([]jsontree.Value, error) {
	accesses, err := cache.Get(ctx, c.answers, workspacesKey, func(ctx context.Context) ([]jsontree.Value, error) {
		var accesses []jsontree.Value
		for access, err := range c.List(ctx, myWorkspaces()) {
			if err != nil {
				return nil, err
			}
			accesses = append(accesses, access)
		}
		return accesses, nil
	})
	if c.belongsToNobody(err) {
		return nil, c.nameWorkspaces(err)
	}
	return accesses, err
}

// belongsToNobody says whether the error is what an access token that has no user may get for a question about its user.
func (c *connection) belongsToNobody(err error) bool {
	return c.settings.AccessToken != "" && (api.IsUnauthorized(err) || api.IsForbidden(err))
}

// nameWorkspaces adds to such an error what to do about it.
func (c *connection) nameWorkspaces(err error) error {
	return fmt.Errorf("%w. If it is the access token of a workspace, project or repository, it belongs to no user who would have workspaces: "+
		"name them in the connection, as in workspaces = [\"acme\"]", err)
}

// me is the uuid of the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
func (c *connection) me(ctx context.Context) (uuid string, err error) {
	user, err := cache.Get(ctx, c.answers, "me", func(ctx context.Context) (jsontree.Value, error) {
		return c.Get(ctx, api.Path("/2.0/user"), nil, "uuid")
	})
	return user.Get("uuid").String(), err
}

// shared yields the items of a list that other scans may want at the same time, or have read a moment ago.
func (c *connection) shared(ctx context.Context, key string, l api.List) iter.Seq2[jsontree.Value, error] {
	return cache.List(ctx, c.answers, key, func(ctx context.Context) iter.Seq2[jsontree.Value, error] { return c.List(ctx, l) })
}

func myWorkspaces() api.List {
	return api.List{Path: api.Path("/2.0/user/workspaces"), Query: url.Values{}, PageLen: 100}
}
