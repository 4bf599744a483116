package bitbucket

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableRepositoryPermission returns the table bitbucket_repository_permission. A row is the effective permission of a
// user on a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-get
func tableRepositoryPermission() *table {
	return &table{
		name:        "bitbucket_repository_permission",
		description: "The highest permission that a user has on a repository, from any source. It covers the workspaces that the connected user administers, and in other workspaces the repositories that the user administers.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("repository_full_name", "Slugs of the workspace and the repository, as in \"acme/website\".").at("repository.full_name"),
		}, userColumns(), []column{
			text("permission", "The highest permission of the user on the repository: read, write or admin."),
			text("repository_name", "Name of the repository as shown in the interface.").at("repository.name"),
			text("repository_uuid", "Immutable id of the repository, in braces.").at("repository.uuid"),
			text("title", "Title of the permission: the name of the user.").at("user.display_name"),
			text("type", "Type of the object: repository_permission."),
			text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
			text("workspace_uuid", "Immutable id of the workspace, in braces.").at("repository.workspace.uuid").in(workspacePart, "uuid"),
		}),
		keyColumns: append(repositoryPermissionKeyColumns(), filtered("repository_name", "repository.name", textOperators)),
		copying:    whole("repository_uuid", "user_uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return combine(ctx, s, permissionLists(ctx, s), func(ctx context.Context, l permissionList) rowSeq {
				return l.rows(ctx, s)
			})
		},
	}
}

// repositoryPermissionKeyColumns returns the key columns by which Bitbucket can filter effective permissions.
func repositoryPermissionKeyColumns() []keyColumn {
	return []keyColumn{
		named("workspace_slug"),
		filtered("repository_full_name", "repository.full_name", textOperators),
		filtered("repository_uuid", "repository.uuid", nameOperators),
		filtered("user_uuid", "user.uuid", nameOperators),
		filtered("user_account_id", "user.account_id", nameOperators),
		filtered("permission", "permission", equalOperators).among("read", "write", "admin"),
	}
}

// A permissionList is a list of effective permissions: on one repository, or on all repositories of a workspace.
type permissionList struct {
	workspaceScope
	repo     *repositoryScope // from the list of repositories, or nil
	name     string           // slug of the repository; "" for all of the workspace
	isCalled bool             // the name in the query was checked, if Bitbucket was asked for it
}

func (l permissionList) path() string {
	const all = "/2.0/workspaces/{workspace}/permissions/repositories"
	if l.name == "" {
		return api.Path(all, l.slug())
	}
	return api.Path(all+"/{repo_slug}", l.slug(), l.name)
}

// omission returns the omission to record if the list is left out.
func (l permissionList) omission() Omission {
	one := l.workspaceScope.omission()
	if l.name != "" {
		one.Repository = l.slug() + "/" + l.name
		one.Message = "the repository " + one.Repository
	}
	return one
}

// permissionLists returns the lists of the effective permissions that the query asks for. If it names repositories,
// these are their lists. Otherwise these are the list of each workspace that the connected user administers, and in
// other workspaces the lists of the repositories that the user administers.
func permissionLists(ctx context.Context, s *scan) iter.Seq2[permissionList, error] {
	names, byName := s.conditions.texts("repository_full_name")
	switch {
	case byName && len(names) <= fewNames:
		return permissionsByName(s, names)
	case byName:
		return permissionsOfMany(ctx, s, names)
	}
	return func(yield func(permissionList, error) bool) {
		for p, err := range s.workspaces(ctx) {
			isAdministrator := false
			if err == nil {
				p, isAdministrator, err = p.administered(ctx, s)
			}
			if err != nil || isAdministrator {
				if !yield(permissionList{workspaceScope: p}, err) || err != nil {
					return
				}
				continue
			}
			for r, err := range wholeOrNone(&s.omitter, p.omission(), p.administeredRepositories(ctx, s)) {
				if !yield(permissionList{workspaceScope: r.workspaceScope, repo: &r, name: r.name(), isCalled: true}, err) || err != nil {
					return
				}
			}
		}
	}
}

// permissionsByName returns the list of each repository that the query names.
func permissionsByName(s *scan, names []string) iter.Seq2[permissionList, error] {
	return func(yield func(permissionList, error) bool) {
		for _, full := range names {
			slug, name, _ := strings.Cut(full, "/")
			if !s.covers(slug) {
				s.omitUncovered(slug)
			} else if !yield(permissionList{workspaceScope: namedWorkspace(slug), name: name}, nil) {
				return
			}
		}
	}
}

// permissionsOfMany returns the lists for too many names to request one by one: the list of the whole workspace,
// filtered by the names, if the connected user administers the workspace.
func permissionsOfMany(ctx context.Context, s *scan, names []string) iter.Seq2[permissionList, error] {
	return func(yield func(permissionList, error) bool) {
		listed := map[string]bool{}
		for r, err := range s.namedRepositories(ctx, names) {
			isAdministrator := false
			if err == nil {
				_, isAdministrator, err = r.workspaceScope.administered(ctx, s)
			}
			l := permissionList{workspaceScope: r.workspaceScope, name: r.name(), isCalled: true}
			if isAdministrator {
				l.name = ""
				if listed[r.slug()] {
					continue
				}
				listed[r.slug()] = true
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// rows reads a list of effective permissions, with more fields than the query's columns need.
func (l permissionList) rows(ctx context.Context, s *scan, more ...string) rowSeq {
	list := s.collection(l.path(), 100)
	list.Fields = append(list.Fields, more...)
	return wholeOrNone(&s.omitter, l.omission(), func(yield func(*row, error) bool) {
		if _, known := cache.Peek[[]jsontree.Value](s.places().answers, workspacesKey); known && l.repo == nil && l.name != "" { // no need to be refused first
			isAdministrator, err := l.isAdministered(ctx, s)
			if err != nil {
				yield(nil, err)
			}
			if !isAdministrator {
				return
			}
		}
		isCalled := l.isCalled || l.name == ""
		for r, err := range s.listIn(ctx, l, list) {
			if err != nil && (l.repo != nil && l.repo.isGone(ctx, s.connection, err) || l.name == "" && l.workspaceScope.isGone(ctx, s.connection, err)) {
				return
			}
			if isRefused(err) && l.name != "" {
				if err = l.omitRefused(ctx, s, err); err == nil {
					return
				}
			}
			isCalled = true
			if !yield(r, err) || err != nil {
				return
			}
		}
		if isCalled {
			return
		}
		if _, err := s.repositoryCalled(ctx, l.slug()+"/"+l.name); err != nil {
			yield(nil, err)
		}
	})
}

// isAdministered reports whether the connected user administers a repository that the query names. If not, it records
// an omission.
func (l permissionList) isAdministered(ctx context.Context, s *scan) (bool, error) {
	if isAdministrator, err := s.administers(ctx, l.workspaceScope); isAdministrator || err != nil {
		return isAdministrator, err
	}
	name := l.slug() + "/" + l.name
	if _, ok := administeredRepositories(l.slug()).find(ctx, s.connection, name); ok {
		return true, nil
	}
	r, err := s.repositoryCalled(ctx, name)
	if err != nil {
		return false, err
	}
	isAdministrator, err := s.administersRepository(ctx, r)
	if err == nil && !isAdministrator {
		err = s.notAdministered(l.omission())
	}
	return isAdministrator, err
}

// omitRefused records that the effective permissions on a repository are refused. If the user does not administer the
// workspace, that is no error: Bitbucket may show them only to the workspace's administrators, even if somebody else
// administers the repository.
func (l permissionList) omitRefused(ctx context.Context, s *scan, refused error) error {
	isAdministrator, err := s.administers(ctx, l.workspaceScope)
	if isAdministrator || err != nil {
		return cmp.Or(err, refused)
	}
	if _, err := s.repositoryCalled(ctx, l.slug()+"/"+l.name); err != nil {
		return err
	}
	return s.notAdministered(l.omission())
}
