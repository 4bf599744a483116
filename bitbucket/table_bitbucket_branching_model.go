package bitbucket

import (
	"context"
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableBranchingModel returns the table bitbucket_branching_model. A row is the branching model that counts in a
// repository.
//
// The settings take one more request, and do not matter in a repository that uses its project's model. So they are
// requested only if the query reads them, and only where they are in force and the connected user may see them. The
// settings of projects are in bitbucket_project_branching_model.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branching-model/#api-repositories-workspace-repo-slug-effective-branching-model-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branching-model/#api-repositories-workspace-repo-slug-branching-model-settings-get
func tableBranchingModel() *table {
	const prefix = "branch_types.#(kind==%q).prefix"
	return &table{
		name:        "bitbucket_branching_model",
		description: "The branching model in force in a repository, its own or its project's: the development branch, the production branch, and how branches of each kind are named.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat(inRepositoryColumns()[:1], []column{
			document("branch_types", "Branch types, as a list of kind and prefix."),
			prefixColumn("bugfix", prefix),
			boolean("default_branch_deletion", "True if the option to delete the source branch is on by default in pull requests. "+settingsNote).in(detailPart, "default_branch_deletion").needing("repository:admin"),
			document("development_branch", "Development branch with its commit. Null if it does not exist.").at("development.branch"),
			text("development_hash", "Hash of the commit at the head of the development branch. Null if the branch does not exist.").at("development.branch.target.hash"),
			text("development_name", "Name of the development branch. Null if it is the main branch of a repository without commits.").at("development.name"),
			boolean("development_use_mainbranch", "True if the development branch is the main branch, whatever its name.").at("development.use_mainbranch"),
			prefixColumn("feature", prefix),
			prefixColumn("hotfix", prefix),
			boolean("overrides_project", "True if the repository has its own branching model, false if it uses its project's. Null if Bitbucket does not report it.").in(repositoryPart, "override_settings.branching_model"),
			document("production_branch", "Production branch with its commit. Null if none is set, or it does not exist.").at("production.branch"),
			text("production_hash", "Hash of the commit at the head of the production branch. Null if none is set, or it does not exist.").at("production.branch.target.hash"),
			text("production_name", "Name of the production branch. Null if none is set.").at("production.name"),
			boolean("production_use_mainbranch", "True if the production branch is the main branch, whatever its name. Null if none is set.").at("production.use_mainbranch"),
			prefixColumn("release", prefix),
			document("settings", "The repository's own model as its administrators set it, including disabled parts. "+settingsNote).in(detailPart, "@this").needing("repository:admin"),
			text("title", "Title of the branching model: the name of the repository.").in(repositoryPart, "name"),
			text("type", "Type of the object: effective_repo_branching_model."),
		}, inRepositoryColumns()[1:]),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched().withHistory("development_branch", "development_hash", "production_branch", "production_hash").dependingOn("bitbucket_project_branching_model"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return single(ctx, s, streams.Each(r), branchingModel)
			})
		},
	}
}

const settingsNote = "Only for repositories that override their project's model and that the connected user administers. Costs one more request for each of them, and needs the scope repository:admin."

// prefixColumn returns the column with the prefix of a branch type, found at a path that contains the type.
func prefixColumn(kind, path string) column {
	return text(kind+"_prefix", "Prefix of the names of "+kind+" branches. Null if the model has no such type.").at(fmt.Sprintf(path, kind))
}

func branchingModel(ctx context.Context, s *scan, r repositoryScope) (*row, error) {
	item, err := s.getPart(ctx, r.path("/effective-branching-model"), objectPart)
	if err != nil {
		return nil, err
	}
	made := r.row(item)
	if s.needsPart(detailPart) && r.repository.Get("override_settings.branching_model").Bool() {
		settings, err := branchingSettings(ctx, s, r)
		if err != nil {
			return nil, err
		}
		made.set(detailPart, settings)
	}
	return made, nil
}

// branchingSettings requests the settings of a repository's own model, unless the connected user may not see them.
func branchingSettings(ctx context.Context, s *scan, r repositoryScope) (jsontree.Value, error) {
	if isAdministrator, err := s.administersRepository(ctx, r); err != nil || !isAdministrator {
		return jsontree.Value{}, err
	}
	settings, err := s.getPart(ctx, r.path("/branching-model/settings"), detailPart)
	if _, scopes := api.MissingScope(err); api.IsForbidden(err) && !scopes {
		return jsontree.Value{}, nil
	}
	return settings, err
}
