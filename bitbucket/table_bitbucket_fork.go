package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableFork: a row is a repository that was forked from another one. It may be in any workspace, a personal one for
// example.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-forks-get
func tableFork() *table {
	return &table{
		name:        "bitbucket_fork",
		description: "A repository that was forked from one that the connected user can see, in whatever workspace the fork is. Costs one request for each repository that may have been forked.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("full_name", "Slugs of the fork's own workspace and of the fork, as in \"somebody/website\"."),
			text("uuid", "Immutable id of the fork, in braces."),
			text("slug", "Short name of the fork as it stands in addresses, unique in its workspace."),
		}, unsorted(repositoryColumns()), []column{
			text("role", "The role by which the connected user must hold the fork, as asked for in the query: member, contributor, admin or owner. Null if the query does not ask, with = or IN.").in(queryPart, "role"),
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
		ids:  map[string]string{"uuid": ""},
		rows: forkRows,
	}
}

func forkRows(ctx context.Context, s *scan) rowSeq {
	roles, _, err := s.roles("fork", "member", "contributor", "admin", "owner")
	if err != nil {
		return streams.Fail[*row](err)
	}
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return s.perRole(ctx, roles, func(ctx context.Context, role string) rowSeq {
			l := s.collection(r.path("/forks"), 100)
			r.query = withRole(l, role)
			return s.listIn(ctx, r, l)
		})
	})
}
