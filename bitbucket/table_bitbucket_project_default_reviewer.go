package bitbucket

import (
	"context"
	"slices"
)

// tableProjectDefaultReviewer returns the table bitbucket_project_default_reviewer. A row is a user who becomes a
// reviewer of each new pull request in a project.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-default-reviewers-get
func tableProjectDefaultReviewer() *table {
	return &table{
		name:        "bitbucket_project_default_reviewer",
		description: "A user who becomes a reviewer of each new pull request in the repositories of a project. It covers the projects that the connected user administers.",
		scopes:      []string{"account", "project", "project:admin", "repository"},
		columns: slices.Concat(userColumns(), []column{
			text("reviewer_type", "Where the reviewer is set: project."),
			text("title", "Title of the reviewer: the name of the user.").at("user.display_name"),
			text("type", "Type of the object: default_reviewer."),
		}, inProjectColumns()),
		keyColumns: inProjectKeyColumns(),
		copying:    whole("project_uuid", "user_uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredProject(ctx, func(ctx context.Context, p projectScope) rowSeq {
				return s.listIn(ctx, p, s.collection(p.path("/default-reviewers"), 100))
			})
		},
	}
}
