package bitbucket

import (
	"context"
	"iter"
	"slices"
)

// tableRepositoryAccess returns the table bitbucket_repository_access. A row is a user's access to a repository,
// explained: the effective permission, and every path that leads to it. The permission comes from the same lists as in
// bitbucket_repository_permission. The paths come from the explicit grants on the repository and on its project, the
// members of groups, and the roles in the workspace (access_paths.go).
func tableRepositoryAccess() *table {
	return &table{
		name:        "bitbucket_repository_access",
		description: "A user's access to a repository: the highest permission, and every path that leads to it. It covers what bitbucket_repository_permission covers, and costs two requests for each repository and each project, in addition to those for the permissions.",
		scopes:      []string{"account", "repository", "repository:admin", "project:admin"},
		columns: slices.Concat([]column{
			text("repository_full_name", "Slugs of the workspace and the repository, as in \"acme/website\".").at("repository.full_name"),
		}, userColumns(), []column{
			text("permission", "The highest permission of the user on the repository: read, write or admin."),
			boolean("is_direct", "True if the user has a direct grant on the repository or on its project.").in(explanationPart, "is_direct"),
			boolean("is_explained", "True if the known paths explain the permission. False if the access comes from something that Bitbucket's API does not show. Null if something that could not be read may explain it.").in(explanationPart, "is_explained"),
			boolean("is_member", "True if the user is a member of the workspace. Null if the members could not be read.").in(explanationPart, "is_member"),
			boolean("is_workspace_owner", "True if the user administers the whole workspace. Null if the roles could not be read.").in(explanationPart, "is_workspace_owner"),
			document("paths", "The paths to the permission. Each has the place of the grant (on: repository, project or workspace), who has it (holder: user or group), the group, and the granted permission. A group whose members could not be read has the membership unknown.").in(explanationPart, "paths"),
			text("project_key", "Key of the project that the repository belongs to.").at("repository.project.key").in(explanationPart, "project_key"),
			text("repository_uuid", "Immutable id of the repository, in braces.").at("repository.uuid"),
			text("title", "Title of the access: the name of the user.").at("user.display_name"),
			document("unreadable", "Sources that the connected user's role can't read, and that may have more paths: groups, project, workspace. Empty if everything was read.").in(explanationPart, "unreadable"),
			boolean("via_group", "True if a group of the user has a grant on the repository or its project. Null if unknown.").in(explanationPart, "via_group"),
			boolean("via_project", "True if a path has its grant on the project. Null if unknown.").in(explanationPart, "via_project"),
			text("workspace_permission", "The user's role in the workspace: owner, create-project, member or collaborator. Null for a user who is not a member.").in(explanationPart, "workspace_permission"),
			text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
			text("workspace_uuid", "Immutable id of the workspace, in braces.").at("repository.workspace.uuid").in(workspacePart, "uuid"),
		}),
		keyColumns: repositoryPermissionKeyColumns(),
		copying:    touched("user_uuid").withHistory().dependingOn("bitbucket_group_member", "bitbucket_project_group_permission", "bitbucket_project_user_permission", "bitbucket_workspace_member"),
		rows:       accessRows,
	}
}

func accessRows(ctx context.Context, s *scan) rowSeq {
	if !s.needsPart(explanationPart) {
		return combine(ctx, s, permissionLists(ctx, s), func(ctx context.Context, l permissionList) rowSeq {
			return l.rows(ctx, s)
		})
	}
	from := newAccessReader(ctx, s)
	if s.rehearses != nil {
		return from.rehearsed(ctx)
	}
	return combine(ctx, s, permissionLists(ctx, s), func(ctx context.Context, l permissionList) rowSeq {
		rows := l.rows(ctx, s, "user.uuid", "permission", "repository.uuid", "repository.full_name", "repository.project.key")
		return combine(ctx, s, runs(rows, sameRepository), func(ctx context.Context, held []*row) rowSeq {
			return from.explained(ctx, held)
		})
	})
}

// rehearsed asks for everything that explains the access to each repository: a rehearsal has no list of permissions.
func (f *accessReader) rehearsed(ctx context.Context) rowSeq {
	s := f.scan
	lists := combine(ctx, s, permissionLists(ctx, s), func(ctx context.Context, l permissionList) rowSeq { return l.rows(ctx, s) })
	return func(yield func(*row, error) bool) {
		for _, err := range lists {
			if err != nil {
				yield(nil, err)
				return
			}
		}
		for r, err := range s.repositories(ctx, workspaceScope.administeredRepositories) {
			if err == nil {
				_, err = f.read(ctx, r)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

func sameRepository(a, b *row) bool {
	const uuid = "repository.uuid"
	return a.part(objectPart).Get(uuid).String() == b.part(objectPart).Get(uuid).String()
}

// longestRun is the maximum number of rows of one repository that are held at a time.
const longestRun = 100

// runs groups rows that follow each other and belong together.
func runs(rows rowSeq, together func(a, b *row) bool) iter.Seq2[[]*row, error] {
	return func(yield func([]*row, error) bool) {
		var run []*row
		for r, err := range rows {
			if len(run) > 0 && (err != nil || len(run) == longestRun || !together(run[0], r)) {
				if !yield(run, nil) {
					return
				}
				run = nil
			}
			if err != nil {
				yield(nil, err)
				return
			}
			run = append(run, r)
		}
		if len(run) > 0 {
			yield(run, nil)
		}
	}
}

// explained adds the explanation to the access of some users to one repository. If the repository was deleted in the
// meantime, there are no rows.
func (f *accessReader) explained(ctx context.Context, held []*row) rowSeq {
	return func(yield func(*row, error) bool) {
		r := repositoryScope{repository: held[0].part(objectPart).Field("repository")}
		r.workspaceScope = r.ownWorkspace()
		r.from = visibleRepositories(r.slug())
		known, err := f.read(ctx, r)
		if err != nil {
			if !r.isGone(ctx, f.scan.connection, err) {
				yield(nil, err)
			}
			return
		}
		for _, h := range held {
			h.set(explanationPart, known.explain(h.part(objectPart).Get("user.uuid").String(), h.part(objectPart).Get("permission").String()))
			if !yield(h, nil) {
				return
			}
		}
	}
}
