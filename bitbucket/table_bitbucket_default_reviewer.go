package bitbucket

import (
	"context"
	"slices"
)

// tableDefaultReviewer returns the table bitbucket_default_reviewer. A row is a user who becomes a reviewer of each new
// pull request of a repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-effective-default-reviewers-get
func tableDefaultReviewer() *table {
	return &table{
		name:        "bitbucket_default_reviewer",
		description: "A user who becomes a reviewer of each new pull request of a repository, set in the repository or in its project.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat(userColumns(), []column{
			text("reviewer_type", "Where the reviewer is set: repository or project."),
			text("title", "Title of the reviewer: the name of the user.").at("user.display_name"),
			text("type", "Type of the object: default_reviewer."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("user_uuid", "reviewer_type").withHistory().dependingOn("bitbucket_project_default_reviewer"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return s.listIn(ctx, r, s.collection(r.path("/effective-default-reviewers"), 100))
			})
		},
	}
}
