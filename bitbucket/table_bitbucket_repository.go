package bitbucket

import (
	"context"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableRepository returns the table bitbucket_repository. A row is a repository that the connected user can see.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get
func tableRepository() *table {
	return &table{
		name:        "bitbucket_repository",
		description: "A repository that the connected user can see, in all workspaces that the connection covers.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("full_name", "Slugs of the workspace and the repository, as in \"acme/website\"."),
			text("uuid", "Immutable id of the repository, in braces."),
			text("slug", "Short name of the repository in addresses, unique in the workspace.").at("slug").at(slugOfFullName),
		}, repositoryColumns(), []column{
			text("role", "Role of the connected user on the repository, from the query's condition: member, contributor, admin or owner. Null without a condition with = or IN.").in(queryPart, "role"),
			text("workspace_name", "Name of the workspace. Null if Bitbucket does not report it.").at("workspace.name"),
		}, workspaceColumns()),
		keyColumns: []keyColumn{
			named("workspace_slug"),
			named("role"),
			filtered("full_name", "full_name", textOperators).wider(),
			filtered("uuid", "uuid", nameOperators).wider(),
			filtered("slug", "slug", textOperators),
			filtered("name", "name", textOperators),
			filtered("project_key", "project.key", textOperators),
			filtered("language", "language", textOperators),
			filtered("is_private", "is_private", equalOperators).set(),
			filtered("fork_policy", "fork_policy", textOperators),
			filtered("created_on", "created_on", orderOperators),
			filtered("updated_on", "updated_on", orderOperators),
			filtered("size", "size", orderOperators),
		},
		ids:        map[string]string{"full_name": "", "uuid": "", "slug": "workspace_slug"},
		substitute: repositorySubstitute,
		copying:    whole("uuid").withHistory(repositoryDetails...),
		rows:       repositoryRows,
	}
}

// repositoryColumns returns the columns that bitbucket_repository and bitbucket_my_repository share, in addition to
// those that name the repository.
func repositoryColumns() []column {
	return []column{
		text("name", "Name of the repository as shown in the interface."),
		text("avatar_url", "Address of the repository's picture.").at("links.avatar.href"),
		text("clone_https_url", "Address to clone from over HTTPS.").at(`links.clone.#(name=="https").href`),
		text("clone_ssh_url", "Address to clone from over SSH.").at(`links.clone.#(name=="ssh").href`),
		timestamp("created_on", "When the repository was created.").sorted("created_on"),
		text("description", "Description of the repository."),
		text("enforced_signed_commits", "Whether the repository accepts only signed commits. Null if Bitbucket does not report it."),
		text("fork_policy", "Fork policy: allow_forks, no_public_forks (private forks only) or no_forks."),
		boolean("has_issues", "True if Bitbucket reports an issue tracker, a feature that it removed in August 2026."),
		boolean("has_wiki", "True if Bitbucket reports a wiki, a feature that it removed in August 2026."),
		text("html_url", "Address of the repository in the browser.").at("links.html.href"),
		boolean("is_private", "True if only people with access can see the repository; false if everybody can."),
		text("language", "Main programming language as set in the repository's details."),
		document("mainbranch", "The main branch. Null for a repository without commits."),
		text("mainbranch_name", "Name of the main branch. Null for a repository without commits.").at("mainbranch.name"),
		text("owner_account_id", "Atlassian account id of the owner. Null if the owner is not a person.").at("owner.account_id"),
		text("owner_display_name", "Name of the owner: the workspace, or a person.").at("owner.display_name"),
		text("owner_type", "Type of the owner: team (a workspace) or user.").at("owner.type"),
		text("owner_uuid", "Immutable id of the owner, in braces.").at("owner.uuid"),
		document("override_settings", "Which settings override the project's. Null if Bitbucket does not report it."),
		text("parent_full_name", "Full name of the repository that this one was forked from.").at("parent.full_name"),
		text("parent_uuid", "Immutable id of the repository that this one was forked from.").at("parent.uuid"),
		text("project_key", "Key of the project that the repository belongs to.").at("project.key"),
		text("project_name", "Name of the project that the repository belongs to.").at("project.name"),
		text("project_uuid", "Immutable id of the project that the repository belongs to.").at("project.uuid"),
		text("scm", "Version control system: git."),
		text("self_link", "Address of the repository in the API.").at("links.self.href"),
		integer("size", "Size of the repository in bytes.").sorted("size"),
		text("title", "Title of the repository: its name.").at("name"),
		text("type", "Type of the object: repository."),
		timestamp("updated_on", "When the repository was last changed: by a push, or in its settings.").sorted("updated_on"),
		text("website", "Website in the repository's details."),
	}
}

// workspaceColumns returns the columns that show the workspace of an object.
func workspaceColumns() []column {
	return []column{
		text("workspace_slug", "Slug of the workspace.").at("workspace.slug").in(workspacePart, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").at("workspace.uuid").in(workspacePart, "uuid"),
	}
}

// repositoryDetails are columns of a repository that say nothing about access.
var repositoryDetails = []string{
	"clone_https_url", "clone_ssh_url", "description", "has_issues", "has_wiki", "language", "mainbranch", "name", "owner_account_id",
	"parent_full_name", "size", "updated_on", "website",
}

func repositoryRows(ctx context.Context, s *scan) rowSeq {
	roles, byRole, err := s.roles("repository", "member", "contributor", "admin", "owner")
	if err != nil {
		return streams.Fail[*row](err)
	}
	lists := func(s *scan) rowSeq {
		return s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
			return perRole(ctx, s, roles, func(ctx context.Context, role string) rowSeq {
				return repositoriesIn(ctx, s, p, role)
			})
		})
	}
	if byRole { // the repository itself does not have the role
		return lists(s)
	}
	if names, ok := s.conditions.texts("full_name"); ok {
		return s.byName(ctx, "full_name", names, repositoryByFullName, lists)
	}
	if uuids, ok := s.conditions.texts("uuid"); ok {
		if len(uuids) > fewNames && !s.isListCheaper(ctx, len(uuids)) {
			lists = nil
		}
		return s.byName(ctx, "uuid", uuids, repositoryByUUID, lists)
	}
	return lists(s)
}

// repositorySubstitute returns the list of a workspace's repositories that scans share, if it has all fields that the
// query reads and may be old enough. Else it returns nil.
func repositorySubstitute(s *scan) listRows {
	slugs, ok := s.conditions.texts("workspace_slug")
	if !ok || len(slugs) != 1 || !s.covers(slugs[0]) || s.settings.MaxAge < cacheLife || s.wants("role") {
		return nil
	}
	for _, field := range s.fields(objectPart) {
		if !slices.Contains(append(repositoryFields, "workspace.slug"), field) {
			return nil
		}
	}
	return visibleRepositories(slugs[0]).substitute(s.connection)
}

// repositoriesIn lists the repositories of one workspace, in any role if role is empty.
func repositoriesIn(ctx context.Context, s *scan, p workspaceScope, role string) rowSeq {
	l := s.collection(api.Path("/2.0/repositories/{workspace}", p.slug()), 100)
	p.query = withRole(l, role)
	return s.listIn(ctx, p, l)
}

// repositoryByFullName requests one repository, such as "acme/website".
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-get
func repositoryByFullName(ctx context.Context, s *scan, fullName string) (*row, error) {
	slug, name, err := splitFullName(fullName)
	if err != nil {
		return nil, err
	}
	if !s.covers(slug) {
		s.omitUncovered(slug)
		return nil, nil
	}
	item, err := s.getPart(ctx, api.Path("/2.0/repositories/{workspace}/{repo_slug}", slug, name), objectPart)
	if reason, ok := s.passedOver(err); ok {
		s.omitFailed(Omission{Workspace: slug, Repository: fullName, Message: "the repository " + fullName}, reason, err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := namedWorkspace(slug).row(item)
	return r, checkName(fullName, s.table.column("full_name").value(r).(string))
}

// repositoryByUUID requests one repository in any workspace: with a repository's uuid, the workspace may be empty.
// People name repositories by their names. A uuid comes from other rows, such as a fork's parent, so a repository that
// can't be seen is no error: the row joins nothing.
func repositoryByUUID(ctx context.Context, s *scan, uuid string) (*row, error) {
	item, err := s.getPart(ctx, api.Path("/2.0/repositories/{workspace}/{repo_slug}", "{}", uuid), objectPart, "full_name")
	slug, _, _ := strings.Cut(item.Get("full_name").String(), "/")
	if api.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || !s.covers(slug) {
		return nil, err
	}
	return namedWorkspace(slug).row(item), nil
}
