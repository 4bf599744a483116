package bitbucket

import (
	"context"
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableBranchingModel: a row is the branching model that counts in a repository.
//
// The settings cost one more request, and have no part in what counts where the repository has its project's model. So they
// are asked for only if the query reads them, and only where they mean something and the connected user may see them. Those
// of projects are in bitbucket_project_branching_model.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branching-model/#api-repositories-workspace-repo-slug-effective-branching-model-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branching-model/#api-repositories-workspace-repo-slug-branching-model-settings-get
func tableBranchingModel() *table {
	const prefix = "branch_types.#(kind==%q).prefix"
	return &table{
		name:        "bitbucket_branching_model",
		description: "The branching model that counts in a repository, its own or its project's: which branch is for development, which for production, and how branches of each kind are called.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat(inRepositoryColumns()[:1], []column{
			document("branch_types", "The kinds of branches: a list of kind and prefix."),
			prefixColumn("bugfix", prefix),
			boolean("default_branch_deletion", "True if pull requests propose to delete their branch. "+settingsNote).in(detailPart, "default_branch_deletion").needing("repository:admin"),
			document("development_branch", "The branch for development with its commit. Null if there is no such branch.").at("development.branch"),
			text("development_hash", "Hash of the commit at the head of the branch for development. Null if there is no such branch.").at("development.branch.target.hash"),
			text("development_name", "Name of the branch for development. Null if that is the main branch of a repository without any commit.").at("development.name"),
			boolean("development_use_mainbranch", "True if the branch for development is the main branch, whatever its name.").at("development.use_mainbranch"),
			prefixColumn("feature", prefix),
			prefixColumn("hotfix", prefix),
			boolean("overrides_project", "True if the repository has a branching model of its own, false if its project's counts, if Bitbucket tells.").in(repositoryPart, "override_settings.branching_model"),
			document("production_branch", "The branch for production with its commit. Null if there is none, or no such branch.").at("production.branch"),
			text("production_hash", "Hash of the commit at the head of the branch for production. Null if there is none, or no such branch.").at("production.branch.target.hash"),
			text("production_name", "Name of the branch for production. Null if there is none.").at("production.name"),
			boolean("production_use_mainbranch", "True if the branch for production is the main branch, whatever its name. Null if there is none.").at("production.use_mainbranch"),
			prefixColumn("release", prefix),
			document("settings", "The repository's own model as its administrators set it, with what is disabled. "+settingsNote).in(detailPart, "@this").needing("repository:admin"),
			text("title", "Title of the branching model: the name of the repository.").in(repositoryPart, "name"),
			text("type", "Type of the object: effective_repo_branching_model."),
		}, inRepositoryColumns()[1:]),
		keyColumns: inRepositoryKeyColumns(),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return single(ctx, s, streams.Each(r), branchingModel)
			})
		},
	}
}

const settingsNote = "Only of a repository that overrides its project and that the connected user administers; costs one more request for each, and needs the scope repository:admin."

// prefixColumn is the prefix of a kind of branches, found at a path that is made of the kind.
func prefixColumn(kind, path string) column {
	return text(kind+"_prefix", "What the names of branches of the kind "+kind+" begin with. Null if the model has no such kind.").at(fmt.Sprintf(path, kind))
}

func branchingModel(ctx context.Context, s *scan, r repositoryScope) (*row, error) {
	item, err := s.getPart(ctx, r.path("/effective-branching-model"), objectPart)
	if err != nil {
		return nil, err
	}
	made := r.row(item)
	if s.needsPart(detailPart) && r.repository.Get("override_settings.branching_model").Bool() {
		settings, err := s.branchingSettings(ctx, r)
		if err != nil {
			return nil, err
		}
		made.set(detailPart, settings)
	}
	return made, nil
}

// branchingSettings asks for the settings of a repository's own model, unless the connected user may not see them.
func (s *scan) branchingSettings(ctx context.Context, r repositoryScope) (jsontree.Value, error) {
	if isAdministrator, err := s.administersRepository(ctx, r); err != nil || !isAdministrator {
		return jsontree.Value{}, err
	}
	settings, err := s.getPart(ctx, r.path("/branching-model/settings"), detailPart)
	if _, scopes := api.MissingScope(err); api.IsForbidden(err) && !scopes {
		return jsontree.Value{}, nil
	}
	return settings, err
}
