package bitbucket

import (
	"context"
	"errors"
	"iter"
	"math"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A repositoryList is a list of the repositories of a workspace, which scans share.
type repositoryList struct {
	key    string      // in the cache
	path   string      // of the list
	filter bbql.Filter // that the list always has
	at     string      // path of the repository in an item; empty if the items are repositories
}

// list describes the list, or the part of it that also passes another filter.
func (i *repositoryList) list(only bbql.Filter) api.List {
	l := api.List{Path: i.path, Query: url.Values{}, PageLen: 100}
	for _, field := range repositoryFields {
		l.Fields = append(l.Fields, i.at+field)
	}
	if q := bbql.And(i.filter, only).String(); q != "" {
		l.Query.Set("q", q)
	}
	return l
}

// repository returns the repository in an item of the list.
func (i *repositoryList) repository(item jsontree.Value) jsontree.Value {
	if i.at == "" {
		return item
	}
	return item.Field(strings.TrimSuffix(i.at, "."))
}

// visibleRepositories returns the list of the repositories of a workspace that the connected user can see.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get
func visibleRepositories(slug string) *repositoryList {
	return &repositoryList{key: "repositories " + strings.ToLower(slug), path: api.Path("/2.0/repositories/{workspace}", slug)}
}

// administeredRepositories returns the list of the repositories of a workspace that the connected user administers.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-workspace-permissions-repositories-get
func administeredRepositories(slug string) *repositoryList {
	return &repositoryList{
		key:    "administered repositories " + strings.ToLower(slug),
		path:   api.Path("/2.0/user/workspaces/{workspace}/permissions/repositories", slug),
		filter: bbql.Compare("permission", "=", "admin"),
		at:     "repository.",
	}
}

// repositoryFields are the fields that are known of each repository.
var repositoryFields = []string{"full_name", "uuid", "name", "project.key", "mainbranch.name", "workspace.uuid", "override_settings.branching_model"}

// countGranted returns the number of repositories of a workspace on which the connected user has a permission, if
// Bitbucket reports it. That takes a request of a few bytes, and is cached for half a minute.
func (c *connection) countGranted(ctx context.Context, slug string) (n int, known bool) {
	n, err := cache.Get(ctx, c.places().answers, "number of repositories of "+slug, func(ctx context.Context) (int, error) {
		page, err := c.places().Get(ctx, administeredRepositories(slug).path, url.Values{"pagelen": {"1"}}, "size")
		size := page.Get("size")
		if err == nil && !size.Exists() {
			err = errNoSize
		}
		return int(size.Int()), err
	})
	return n, err == nil
}

var errNoSize = errors.New("the list does not say how many items it has")

// repositories returns the repositories in the list, which is one of the workspace p.
func (i *repositoryList) repositories(ctx context.Context, s *scan, p workspaceScope) iter.Seq2[repositoryScope, error] {
	l := i.list(bbql.Filter{})
	if s.limit >= 0 {
		l.Wanted = int64(l.PageLen) // fetch no page before the limit is known to need it
	}
	_, byQuery := s.namedWorkspaces()
	return func(yield func(repositoryScope, error) bool) {
		checked := !byQuery
		for item, err := range s.places().shared(ctx, i.key, l) {
			r := repositoryScope{workspaceScope: p, repository: i.repository(item), from: i}
			if err == nil && p.named { // the connection may spell the workspace's name differently
				r.workspaceScope = r.ownWorkspace()
				if byQuery {
					err, checked = checkName(p.slug(), r.slug()), true
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if !checked && p.named {
			if err := s.checkWorkspace(ctx, p.slug()); err != nil {
				yield(repositoryScope{}, err)
			}
		}
	}
}

// find returns the repository with a full name, if it is in the part of the list that was read. After the first few
// names it pays to read the list.
func (i *repositoryList) find(ctx context.Context, c *connection, fullName string) (repositoryScope, bool) {
	for found := range c.places().directories.find(ctx, i.lookup(c, fullName)) {
		return ofRow(found), true
	}
	return repositoryScope{}, false
}

// kept returns the repository with a full name, if it is in the part of the list that was read.
func (i *repositoryList) kept(ctx context.Context, c *connection, fullName string) (repositoryScope, bool) {
	rows, ok := c.places().directories.kept(ctx, i.lookup(c, fullName))
	if !ok || len(rows) == 0 {
		return repositoryScope{}, false
	}
	return ofRow(rows[0]), true
}

// lookup returns the lookup of a repository by its full name.
func (i *repositoryList) lookup(c *connection, fullName string) lookup {
	return lookup{
		directory: i.key, kind: i.key, life: cacheLife, name: fullName, isUnique: true, hasOmissions: new(atomic.Bool), list: i.substitute(c),
		nameOf: func(r *row) any { return repositoryScope{repository: r.part(objectPart)}.fullName() },
	}
}

// ofRow returns the repository that is a row's object.
func ofRow(r *row) repositoryScope {
	of := repositoryScope{repository: r.part(objectPart)}
	of.workspaceScope = of.ownWorkspace()
	return of
}

// substitute returns the list as rows of the repositories.
func (i *repositoryList) substitute(c *connection) listRows {
	return func(ctx context.Context, most int) rowSeq {
		l := i.list(bbql.Filter{})
		if most < math.MaxInt {
			l.Wanted = int64(most)
		}
		return func(yield func(*row, error) bool) {
			for item, err := range c.places().shared(ctx, i.key, l) {
				found := repositoryScope{repository: i.repository(item)}
				if !yield(found.ownWorkspace().row(found.repository), err) || err != nil {
					return
				}
			}
		}
	}
}
