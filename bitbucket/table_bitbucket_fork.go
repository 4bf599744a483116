package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableFork returns the table bitbucket_fork. A row is a fork of a repository. It may be in any workspace, for example
// in a personal one.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-forks-get
func tableFork() *table {
	return &table{
		name:        "bitbucket_fork",
		description: "A fork, in any workspace, of a repository that the connected user can see. Costs one request for each repository that may have forks.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("full_name", "Slugs of the fork's workspace and the fork, as in \"somebody/website\"."),
			text("uuid", "Immutable id of the fork, in braces."),
			text("slug", "Short name of the fork in addresses, unique in its workspace.").at("slug").at(slugOfFullName),
		}, unsorted(repositoryColumns()), []column{
			text("role", "Role of the connected user on the fork, from the query's condition: member, contributor, admin or owner. Null without a condition with = or IN.").in(queryPart, "role"),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(),
			named("role"),
			filtered("uuid", "uuid", nameOperators),
			filtered("name", "name", textOperators),
			filtered("is_private", "is_private", equalOperators).set(),
			filtered("created_on", "created_on", orderOperators),
			filtered("updated_on", "updated_on", orderOperators),
			filtered("size", "size", orderOperators),
		),
		ids:     map[string]string{"uuid": ""},
		copying: touched("uuid"),
		rows:    forkRows,
	}
}

func forkRows(ctx context.Context, s *scan) rowSeq {
	roles, _, err := s.roles("fork", "member", "contributor", "admin", "owner")
	if err != nil {
		return streams.Fail[*row](err)
	}
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return perRole(ctx, s, roles, func(ctx context.Context, role string) rowSeq {
			l := s.collection(r.path("/forks"), 100)
			r.query = withRole(l, role)
			return s.listIn(ctx, r, l)
		})
	})
}
