package bitbucket

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// inventoryLife is how long the list of workspaces is believed: long enough for the panels of a dashboard to share it,
// short enough that access given or taken away shows within the minute.
const inventoryLife = 30 * time.Second

// A place is a workspace that a scan covers.
type place struct {
	workspace gjson.Result // with the slug at least
	named     bool         // by the query or the connection: then it is an error if Bitbucket refuses it
	query     gjson.Result // what the query asked of it, for the part of that name
}

func (p place) slug() string { return p.workspace.Get("slug").String() }

// row returns a row of an object found in the workspace.
func (p place) row(item gjson.Result) *row {
	r := &row{}
	r.parts[object] = item
	r.parts[workspace] = p.workspace
	r.parts[query] = p.query
	return r
}

// namedPlace is a workspace of which no more is known than how the query calls it.
func namedPlace(slug string) place {
	return place{workspace: gjson.Parse(`{"slug":` + quote(slug) + `}`), named: true}
}

// covers says whether the connection's workspaces argument admits the workspace.
func (c *connection) covers(slug string) bool {
	if len(c.settings.Workspaces) == 0 {
		return true
	}
	for _, pattern := range c.settings.Workspaces {
		if ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(slug)); ok {
			return true
		}
	}
	return false
}

// places returns the workspaces that the scan covers: those that the query names in the column, or by the full names of
// repositories, else those that the connection names, else all that the connected user belongs to; always within what the
// connection covers.
func (s *scan) places(ctx context.Context, column string) iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		if slugs, ok := s.equals(column); ok {
			s.namedPlaces(slugs)(yield)
			return
		}
		for _, column := range []string{"full_name", "repository_full_name"} {
			if names, ok := s.equals(column); ok {
				s.namedPlaces(workspacesOf(names))(yield)
				return
			}
		}
		if slugs := s.settings.Workspaces; len(slugs) > 0 && !strings.ContainsAny(strings.Join(slugs, ""), `*?[\`) {
			s.namedPlaces(slugs)(yield)
			return
		}
		accesses, err := s.inventory(ctx)
		if err != nil {
			yield(place{}, err)
			return
		}
		for _, access := range accesses {
			p := place{workspace: access.Get("workspace")}
			if s.covers(p.slug()) && !yield(p, nil) {
				return
			}
		}
	}
}

// workspacesOf returns the slugs of the workspaces in full names of repositories, each once.
func workspacesOf(fullNames []string) []string {
	var slugs []string
	for _, name := range fullNames {
		if slug, _, ok := strings.Cut(name, "/"); ok && !slices.Contains(slugs, slug) {
			slugs = append(slugs, slug)
		}
	}
	return slugs
}

func (s *scan) namedPlaces(slugs []string) iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		for _, slug := range slugs {
			if slug != "" && s.covers(slug) && !yield(namedPlace(slug), nil) {
				return
			}
		}
	}
}

// inventory lists the workspaces that the connected user belongs to, as Bitbucket's workspace_access objects. Scans that
// ask at the same time share one request.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
func (c *connection) inventory(ctx context.Context) ([]gjson.Result, error) {
	const key = "workspaces"
	if known, ok := c.known.Get(key); ok {
		return known.([]gjson.Result), nil
	}
	asked := c.asking.DoChan(key, func() (any, error) {
		// The answer is everybody's: it must not fail because the first who asked was cancelled.
		ctx := context.WithoutCancel(ctx)
		var accesses []gjson.Result
		for access, err := range c.List(ctx, myWorkspaces()) {
			if err != nil {
				return nil, err
			}
			accesses = append(accesses, access)
		}
		c.known.SetDefault(key, accesses)
		return accesses, nil
	})
	select {
	case answer := <-asked:
		if c.settings.AccessToken != "" && (api.IsUnauthorized(answer.Err) || api.IsForbidden(answer.Err)) {
			return nil, fmt.Errorf("%w. If it is the access token of a workspace, project or repository, it belongs to no user who would have workspaces: name them in the connection, as in workspaces = [\"acme\"]", answer.Err)
		}
		if answer.Err != nil {
			return nil, answer.Err
		}
		return answer.Val.([]gjson.Result), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func myWorkspaces() api.List {
	return api.List{Path: api.Path("/2.0/user/workspaces"), Query: url.Values{}, PageLen: 100}
}

// vanished says whether a workspace that answered "not found" has gone since the inventory was taken. A scan over all
// workspaces then goes on without it; whoever named it gets the error.
func (s *scan) vanished(ctx context.Context, p place, err error) bool {
	if p.named || !api.IsNotFound(err) {
		return false
	}
	s.known.Flush()
	accesses, err := s.inventory(ctx)
	if err != nil {
		return false
	}
	for _, access := range accesses {
		if access.Get("workspace.uuid").String() == p.workspace.Get("uuid").String() {
			return false
		}
	}
	return true
}

// perWorkspace lists the children of every workspace that the scan covers.
func (s *scan) perWorkspace(ctx context.Context, children func(context.Context, place) iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	return combine(ctx, s, s.places(ctx, "workspace_slug"), func(ctx context.Context, p place) iter.Seq2[*row, error] {
		return func(yield func(*row, error) bool) {
			for r, err := range children(ctx, p) {
				if err != nil && s.vanished(ctx, p, err) {
					return
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	})
}

// listIn reads one collection of a workspace, as far as the query wants it.
func (s *scan) listIn(ctx context.Context, p place, l api.List) iter.Seq2[*row, error] {
	return s.accepted(func(yield func(*row, error) bool) {
		for item, err := range s.List(ctx, l) {
			if !yield(p.row(item), err) {
				return
			}
		}
	})
}

// quote writes a text as JSON.
func quote(s string) string {
	encoded, _ := json.Marshal(s) // a string can always be encoded
	return string(encoded)
}
