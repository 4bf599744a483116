package bitbucket

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableRepositoryPermission: a row is the effective permission of a user on a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-get
func tableRepositoryPermission() *table {
	return &table{
		name:        "bitbucket_repository_permission",
		description: "The highest permission that a user holds on a repository, by whatever way. It covers the workspaces that the connected user administers, elsewhere the repositories that the user administers, and what the query names.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("repository_full_name", "Slug of the workspace and slug of the repository, as in \"acme/website\".").at("repository.full_name"),
		}, userColumns(), []column{
			text("permission", "The highest permission of the user on the repository: read, write or admin."),
			text("repository_name", "Name of the repository as shown in the interface.").at("repository.name"),
			text("repository_uuid", "Immutable id of the repository, in braces.").at("repository.uuid"),
			text("title", "Title of the permission: the name of the user.").at("user.display_name"),
			text("type", "Type of the object: repository_permission."),
			text("workspace_slug", "Slug of the workspace.").in(workspace, "slug"),
			text("workspace_uuid", "Immutable id of the workspace, in braces.").at("repository.workspace.uuid").in(workspace, "uuid"),
		}),
		quals: append(repositoryPermissionQuals(), filtered("repository_name", "repository.name", opsText)),
		rows: func(ctx context.Context, s *scan) iter.Seq2[*row, error] {
			return combine(ctx, s, s.permissionLists(ctx), func(ctx context.Context, l permissionList) iter.Seq2[*row, error] {
				return s.permissionsIn(ctx, l)
			})
		},
	}
}

// repositoryPermissionQuals are the conditions by which Bitbucket can filter effective permissions.
func repositoryPermissionQuals() []qual {
	return []qual{
		named("workspace_slug"),
		filtered("repository_full_name", "repository.full_name", opsText),
		filtered("repository_uuid", "repository.uuid", opsName),
		filtered("user_uuid", "user.uuid", opsName),
		filtered("user_account_id", "user.account_id", opsName),
		filtered("permission", "permission", opsEqual),
	}
}

// A permissionList is a list of effective permissions: those on one repository, or on all of a workspace.
type permissionList struct {
	place
	repo *repo  // that the inventory has, or nil
	name string // slug of the repository; empty for all of the workspace
}

func (l permissionList) path() string {
	const all = "/2.0/workspaces/{workspace}/permissions/repositories"
	if l.name == "" {
		return api.Path(all, l.slug())
	}
	return api.Path(all+"/{repo_slug}", l.slug(), l.name)
}

// permissionLists returns the lists that have the effective permissions which the query asks for: those of the repositories
// that it names; else that of each workspace that the connected user administers, and in the others those of the
// repositories that the user administers.
func (s *scan) permissionLists(ctx context.Context) iter.Seq2[permissionList, error] {
	names, byName := s.equals("repository_full_name")
	switch {
	case byName && len(names) <= fewNames:
		return s.permissionsByName(names)
	case byName:
		return s.permissionsOfMany(ctx, names)
	}
	return func(yield func(permissionList, error) bool) {
		for p, err := range s.places(ctx) {
			isAdministrator := false
			if err == nil {
				isAdministrator, err = s.administers(ctx, p)
			}
			if err != nil || isAdministrator {
				if !yield(permissionList{place: p}, err) || err != nil {
					return
				}
				continue
			}
			for r, err := range s.administeredIn(ctx, p) {
				if !yield(permissionList{place: r.place, repo: &r, name: r.name()}, err) || err != nil {
					return
				}
			}
		}
	}
}

// permissionsByName returns the list of each repository that the query names.
func (s *scan) permissionsByName(names []string) iter.Seq2[permissionList, error] {
	return func(yield func(permissionList, error) bool) {
		for _, full := range names {
			slug, name, _ := strings.Cut(full, "/")
			if isSlug(slug) && isSlug(name) && s.covers(slug) && !yield(permissionList{place: namedPlace(slug), name: name}, nil) {
				return
			}
		}
	}
}

// permissionsOfMany returns the lists for more names than one would ask for one by one: the whole workspace's, which can be
// filtered by them, where the connected user administers it.
func (s *scan) permissionsOfMany(ctx context.Context, names []string) iter.Seq2[permissionList, error] {
	return func(yield func(permissionList, error) bool) {
		listed := map[string]bool{}
		for r, err := range s.namedRepositories(ctx, names) {
			isAdministrator := false
			if err == nil {
				isAdministrator, err = s.administers(ctx, r.place)
			}
			l := permissionList{place: r.place, name: r.name()}
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

// permissionsIn reads a list of effective permissions, with more fields than the query's columns need.
func (s *scan) permissionsIn(ctx context.Context, l permissionList, more ...string) iter.Seq2[*row, error] {
	list := s.collection(l.path(), 100)
	list.Fields = append(list.Fields, more...)
	return func(yield func(*row, error) bool) {
		for r, err := range s.listIn(ctx, l, list) {
			if err != nil && (l.repo != nil && s.lost(ctx, *l.repo, err) || l.name == "" && s.vanished(ctx, l.place, err)) {
				return
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
