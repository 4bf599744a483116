package bitbucket

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableMyRepository returns the table bitbucket_my_repository. A row is a repository on which the connected user has a
// permission, with the permission. Repositories that the user sees only because they are public are not included.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-workspace-permissions-repositories-get
func tableMyRepository() *table {
	return &table{
		name:        "bitbucket_my_repository",
		description: "A repository on which the connected user has a permission, with the highest one. Columns other than the permission, the names and the uuid come from the list of repositories, with one more request per hundred repositories.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("full_name", "Slugs of the workspace and the repository, as in \"acme/website\".").at("repository.full_name"),
			text("repository_full_name", "The same as full_name, under the column name of other tables.").at("repository.full_name"),
			text("uuid", "Immutable id of the repository, in braces.").at("repository.uuid"),
			text("permission", "The highest permission of the connected user: read, write or admin."),
			text("name", "Name of the repository as shown in the interface.").at("repository.name"),
			text("slug", "Short name of the repository in addresses, unique in the workspace.").in(detailPart, "slug").at("repository." + slugOfFullName),
			text("title", "Title of the repository: its name.").at("repository.name"),
		}, in(detailPart, slices.DeleteFunc(unsorted(repositoryColumns()), func(c column) bool {
			return c.name == "name" || c.name == "title"
		})...), []column{
			text("workspace_name", "Name of the workspace. Null if Bitbucket does not report it.").in(detailPart, "workspace.name"),
			text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
			text("workspace_uuid", "Immutable id of the workspace, in braces.").in(workspacePart, "uuid"),
		}),
		keyColumns: []keyColumn{
			named("workspace_slug"),
			filtered("full_name", "repository.full_name", nameOperators),
			filtered("repository_full_name", "repository.full_name", nameOperators),
			filtered("permission", "permission", equalOperators).among("read", "write", "admin"),
		},
		ids:     map[string]string{"full_name": "", "repository_full_name": ""},
		copying: whole("uuid").withHistory(repositoryDetails...),
		rows:    myRepositoryRows,
	}
}

func myRepositoryRows(ctx context.Context, s *scan) rowSeq {
	return withCheckedNames(ctx, s, s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
		return myRepositoriesIn(ctx, s, p)
	}))
}

// withCheckedNames returns the rows. It then returns an error if the query names a repository without a row that does
// not exist, or is spelled differently.
func withCheckedNames(ctx context.Context, s *scan, rows rowSeq) rowSeq {
	var missing []string
	for _, columnName := range []string{"full_name", "repository_full_name"} {
		names, _ := s.conditions.texts(columnName)
		missing = append(missing, names...)
	}
	if len(missing) == 0 {
		return rows
	}
	key := s.table.column("full_name")
	s.wanted["full_name"] = true
	return func(yield func(*row, error) bool) {
		for r, err := range rows {
			if err == nil {
				found := key.value(r)
				missing = slices.DeleteFunc(missing, func(name string) bool { return found == name })
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		for _, err := range s.namedRepositories(ctx, missing) {
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

func myRepositoriesIn(ctx context.Context, s *scan, p workspaceScope) rowSeq {
	l := s.collection(api.Path("/2.0/user/workspaces/{workspace}/permissions/repositories", p.slug()), 100)
	l.Fields = append(l.Fields, "repository.full_name", "repository.uuid")
	if !s.needsPart(detailPart) {
		return s.listIn(ctx, p, l)
	}
	all := s.query
	all.limit = -1 // it counts the rows with details
	rows := s.with(all).listIn(ctx, p, l)
	_, isNamed := s.conditions.texts("full_name")
	_, alsoNamed := s.conditions.texts("repository_full_name")
	if s.limit > 0 && s.limit <= fewNames { // one by one, as a repository that is gone does not count
		return s.accepted(rowsWithDetails(ctx, s, rows, nil))
	}
	if isNamed || alsoNamed {
		return single(ctx, s, rows, func(ctx context.Context, s *scan, r *row) (*row, error) { return rowWithDetails(ctx, s, r, nil) })
	}
	return s.accepted(withListedDetails(ctx, s, p, rows))
}

// withListedDetails adds the details to each repository. It lists them, a hundred in one request, and requests one by
// one only those of repositories that were created between the two lists.
func withListedDetails(ctx context.Context, s *scan, p workspaceScope, rows rowSeq) rowSeq {
	return func(yield func(*row, error) bool) {
		details := map[string]jsontree.Value{}
		l := api.List{
			Path:    api.Path("/2.0/repositories/{workspace}", p.slug()),
			Query:   url.Values{"role": {"member"}},
			Fields:  append(s.fields(detailPart), "uuid"),
			PageLen: 100,
		}
		for item, err := range s.List(ctx, l) {
			if err != nil {
				yield(nil, err)
				return
			}
			details[item.Get("uuid").String()] = item
		}
		rowsWithDetails(ctx, s, rows, details)(yield)
	}
}

// rowsWithDetails adds the details to the repositories, one after the other.
func rowsWithDetails(ctx context.Context, s *scan, rows rowSeq, details map[string]jsontree.Value) rowSeq {
	return func(yield func(*row, error) bool) {
		for r, err := range rows {
			if err == nil {
				r, err = rowWithDetails(ctx, s, r, details)
			}
			if r == nil && err == nil {
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// rowWithDetails adds the details to one repository, from the known ones or by a request. There is no row for a
// repository that the user lost since the permissions were listed.
func rowWithDetails(ctx context.Context, s *scan, r *row, details map[string]jsontree.Value) (*row, error) {
	repository := r.part(objectPart).Field("repository")
	known, ok := details[repository.Get("uuid").String()]
	if !ok {
		var err error
		slug, name, _ := strings.Cut(repository.Get("full_name").String(), "/")
		known, err = s.getPart(ctx, api.Path("/2.0/repositories/{workspace}/{repo_slug}", slug, name), detailPart)
		if api.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	r.set(detailPart, known)
	return r, nil
}
