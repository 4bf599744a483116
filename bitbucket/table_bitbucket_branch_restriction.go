package bitbucket

import (
	"context"
	"slices"
)

// tableBranchRestriction returns the table bitbucket_branch_restriction. A row is a rule about branches of a
// repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branch-restrictions/#api-repositories-workspace-repo-slug-branch-restrictions-get
func tableBranchRestriction() *table {
	return &table{
		name:        "bitbucket_branch_restriction",
		description: "A rule about some branches of a repository: who may push, merge or delete, or what a pull request needs before it can be merged. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "repository:admin"},
		columns: slices.Concat([]column{
			integer("id", "Number of the rule."),
			text("kind", "What the rule is about: push, force, delete, restrict_merges, require_approvals_to_merge, enforce_merge_checks and more."),
			text("pattern", "Pattern of the branches' names if branch_match_kind is glob. An asterisk matches any text, including slashes."),
			text("branch_match_kind", "How the rule selects branches: glob (by pattern) or branching_model (by branch_type)."),
			text("branch_type", "Type of the branches in the branching model if branch_match_kind is branching_model: feature, bugfix, release, hotfix, development or production."),
			document("groups", "The groups that the rule does not restrict."),
			text("self_link", "Address of the rule in the API.").at("links.self.href"),
			text("title", "Title of the rule: its kind.").at("kind"),
			text("type", "Type of the object: branchrestriction."),
			document("users", "The users that the rule does not restrict."),
			integer("value", "The number, if the kind requires a number of approvals, builds or commits."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("kind"), named("pattern")),
		copying:    touched("id").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				l := s.collection(r.path("/branch-restrictions"), 100)
				for _, parameter := range []string{"kind", "pattern"} {
					if values, ok := s.conditions.texts(parameter); ok && len(values) == 1 {
						l.Query.Set(parameter, values[0])
					}
				}
				return s.listIn(ctx, r, l)
			})
		},
	}
}
