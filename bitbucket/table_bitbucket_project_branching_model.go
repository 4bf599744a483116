package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableProjectBranchingModel returns the table bitbucket_project_branching_model. A row is the branching model of a
// project, as its administrators set it.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branching-model/#api-workspaces-workspace-projects-project-key-branching-model-settings-get
func tableProjectBranchingModel() *table {
	const prefix = "branch_types.#(kind==%q)#|#(enabled==true).prefix"
	return &table{
		name:        "bitbucket_project_branching_model",
		description: "The branching model of a project, which is in force in its repositories without a model of their own. It covers the projects that the connected user administers.",
		scopes:      []string{"account", "project", "project:admin", "repository"},
		columns: slices.Concat(inProjectColumns()[:1], []column{
			document("branch_types", "Branch types, as a list of kind, prefix, and whether the type is enabled."),
			prefixColumn("bugfix", prefix),
			boolean("default_branch_deletion", "True if the option to delete the source branch is on by default in pull requests."),
			text("development_name", "Name of the development branch. Null if it is the main branch.").at("development.name"),
			boolean("development_use_mainbranch", "True if the development branch is the main branch, whatever its name.").at("development.use_mainbranch"),
			prefixColumn("feature", prefix),
			prefixColumn("hotfix", prefix),
			boolean("production_enabled", "True if there is a production branch.").at("production.enabled"),
			text("production_name", "Name of the production branch. Null if it is the main branch, or none is set.").at("production.name"),
			boolean("production_use_mainbranch", "True if the production branch is the main branch, whatever its name.").at("production.use_mainbranch"),
			prefixColumn("release", prefix),
			text("title", "Title of the branching model: the name of the project.").in(projectPart, "name"),
			text("type", "Type of the object: branching_model_settings."),
		}, inProjectColumns()[1:]),
		keyColumns: inProjectKeyColumns(),
		copying:    whole("project_uuid").withHistory(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perAdministeredProject(ctx, func(ctx context.Context, p projectScope) rowSeq {
				return single(ctx, s, streams.Each(p), projectBranchingModel)
			})
		},
	}
}

func projectBranchingModel(ctx context.Context, s *scan, p projectScope) (*row, error) {
	item, err := s.getPart(ctx, p.path("/branching-model/settings"), objectPart)
	if err != nil {
		return nil, err
	}
	return p.row(item), nil
}
