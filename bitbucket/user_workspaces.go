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
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// cacheLife is how long the list of workspaces, and similar answers, are cached: long enough for the panels of a
// dashboard to share them, short enough that access given or withdrawn shows within a minute.
const cacheLife = 30 * time.Second

// cacheBytes limits the memory of all these answers.
const cacheBytes = 64 << 20

// workspacesKey is the cache key of the list of the user's workspaces.
const workspacesKey = "workspaces"

// userWorkspaces lists the workspaces that the connected user belongs to, as Bitbucket's workspace_access objects.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
func (c *connection) userWorkspaces(ctx context.Context) ([]jsontree.Value, error) {
	c = c.places()
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

// belongsToNobody reports whether the error is one that an access token without a user may get for a question about its
// user.
func (c *connection) belongsToNobody(err error) bool {
	return c.settings.AccessToken != "" && (api.IsUnauthorized(err) || api.IsForbidden(err))
}

// nameWorkspaces adds to that error what to do about it.
func (c *connection) nameWorkspaces(err error) error {
	return fmt.Errorf("%w. If it is the access token of a workspace, project or repository, it belongs to no user, and so has no list of workspaces: "+
		"name them in the connection, as in workspaces = [\"acme\"]", err)
}

// me returns the uuid of the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
func (c *connection) me(ctx context.Context) (uuid string, err error) {
	c = c.places()
	user, err := cache.Get(ctx, c.answers, "me", func(ctx context.Context) (jsontree.Value, error) {
		return c.Get(ctx, api.Path("/2.0/user"), nil, "uuid")
	})
	return user.Get("uuid").String(), err
}

// shared returns the items of a list that scans share: at the same time, or for a short time after it was read.
func (c *connection) shared(ctx context.Context, key string, l api.List) iter.Seq2[jsontree.Value, error] {
	if c.rehearses != nil {
		if items, _, ok := cache.PeekList[jsontree.Value](c.rehearses.answers, key); ok {
			return streams.Each(items...)
		}
	}
	return cache.List(ctx, c.answers, key, func(ctx context.Context) iter.Seq2[jsontree.Value, error] { return c.List(ctx, l) })
}

func myWorkspaces() api.List {
	return api.List{Path: api.Path("/2.0/user/workspaces"), Query: url.Values{}, PageLen: 100}
}
