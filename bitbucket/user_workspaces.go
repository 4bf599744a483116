package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// cacheLife is how long the list of workspaces, and what is known of a user, is believed: long enough for the panels of a dashboard to share it,
// short enough that access given or taken away shows within the minute.
const cacheLife = 30 * time.Second

// workspacesKey is what the list of the user's workspaces is remembered under.
const workspacesKey = "workspaces"

// userWorkspaces lists the workspaces that the connected user belongs to, as Bitbucket's workspace_access objects.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
func (c *connection) userWorkspaces(ctx context.Context) ([]jsontree.Value, error) {
	known, err := c.remembered(ctx, workspacesKey, func(ctx context.Context) (any, error) {
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
	if err != nil {
		return nil, err
	}
	return known.([]jsontree.Value), nil
}

// belongsToNobody says whether the error is what an access token that has no user may get for a question about its user.
func (c *connection) belongsToNobody(err error) bool {
	return c.settings.AccessToken != "" && (api.IsUnauthorized(err) || api.IsForbidden(err))
}

// nameWorkspaces adds to such an error what to do about it.
func (c *connection) nameWorkspaces(err error) error {
	return fmt.Errorf("%w. If it is the access token of a workspace, project or repository, it belongs to no user who would have workspaces: name them in the connection, as in workspaces = [\"acme\"]", err)
}

// me is the uuid of the connected user.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
func (c *connection) me(ctx context.Context) (uuid string, err error) {
	known, err := c.remembered(ctx, "me", func(ctx context.Context) (any, error) {
		return c.Get(ctx, api.Path("/2.0/user"), nil, "uuid")
	})
	if err != nil {
		return "", err
	}
	return known.(jsontree.Value).Get("uuid").String(), nil
}

// remembered returns what ask answers, or has answered a moment ago. Those who want it at the same time share one request.
func (c *connection) remembered(ctx context.Context, key string, ask func(context.Context) (any, error)) (any, error) {
	if known, ok := c.known.Get(key); ok {
		return known, nil
	}
	asked := c.asking.DoChan(key, func() (any, error) {
		// The answer is everybody's: it must not fail because the first who asked was cancelled.
		answer, err := ask(context.WithoutCancel(ctx))
		if err == nil {
			c.known.SetDefault(key, answer)
		}
		return answer, err
	})
	select {
	case answer := <-asked:
		return answer.Val, answer.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// shared yields the items of a list that other scans may want at the same time, or have read a moment ago.
func (c *connection) shared(ctx context.Context, key string, l api.List) iter.Seq2[jsontree.Value, error] {
	return func(yield func(jsontree.Value, error) bool) {
		list := c.join(ctx, key, l)
		defer c.leave(key, list)
		list.Items(ctx)(yield)
	}
}

// join takes part in the reading of a list, which it begins if nobody has.
func (c *connection) join(ctx context.Context, key string, l api.List) *api.SharedList {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	if known, ok := c.known.Get(key); ok {
		if list := known.(*api.SharedList); list.Join() {
			return list
		}
	}
	list := api.Share(ctx, func(ctx context.Context) iter.Seq2[jsontree.Value, error] { return c.List(ctx, l) })
	list.Join()
	c.known.SetDefault(key, list)
	return list
}

// leave ends the part that join took. What nobody has read to its end is not remembered.
func (c *connection) leave(key string, list *api.SharedList) {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	if list.Leave() {
		return
	}
	if known, _ := c.known.Get(key); known == list {
		c.known.Delete(key)
	}
}

// remembers returns all items of a list that was read to its end a moment ago.
func (c *connection) remembers(key string) (items []jsontree.Value, ok bool) {
	if known, ok := c.known.Get(key); ok {
		return known.(*api.SharedList).All()
	}
	return nil, false
}

func myWorkspaces() api.List {
	return api.List{Path: api.Path("/2.0/user/workspaces"), Query: url.Values{}, PageLen: 100}
}
