package bitbucket

import (
	"context"
	"slices"
)

// tableBranch returns the table bitbucket_branch. A row is a branch of a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-branches-get
func tableBranch() *table {
	return &table{
		name:        "bitbucket_branch",
		description: "A branch of a repository, with the commit at its head.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("name", "Name of the branch."),
			text("default_merge_strategy", "Default merge strategy of pull requests to this branch: merge_commit, squash, fast_forward, squash_fast_forward, rebase_fast_forward or rebase_merge."),
			text("html_url", "Address of the branch in the browser.").at("links.html.href"),
			document("links", "Addresses of the branch and its commits."),
			text("mainbranch_name", "Name of the repository's main branch. It may be this branch.").in(repositoryPart, "mainbranch.name"),
			document("merge_strategies", "Merge strategies allowed for pull requests to this branch."),
			text("self_link", "Address of the branch in the API.").at("links.self.href"),
			document("sync_strategies", "Ways to update a branch from its destination before a merge, such as merge_commit and rebase. Null if Bitbucket does not report them."),
			document("target", "The commit at the head of the branch."),
		}, signatureColumns("target_author", "target.author", "the author of the commit at the head"), []column{
			timestamp("target_date", "Date of the commit at the head of the branch. It shows whether the branch is active or stale.").at("target.date").sorted("target.date"),
			text("target_hash", "Hash of the commit at the head of the branch.").at("target.hash"),
			text("target_message", "Message of the commit at the head of the branch.").at("target.message"),
			text("title", "Title of the branch: its name.").at("name"),
			text("type", "Type of the object: branch."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(),
			filtered("name", "name", textOperators),
			filtered("target_date", "target.date", orderOperators),
			filtered("target_hash", "target.hash", nameOperators),
		),
		ids:     map[string]string{"name": "repository_full_name"},
		copying: touched("name"),
		rows:    func(ctx context.Context, s *scan) rowSeq { return refRows(ctx, s, "/refs/branches") },
	}
}

// refRows lists the branches or the tags of repositories.
func refRows(ctx context.Context, s *scan, path string) rowSeq {
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return s.listIn(ctx, r, s.collection(r.path(path), 100))
	})
}
