package bitbucket

import (
	"context"
	"regexp"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tablePullRequest returns the table bitbucket_pull_request. A row is a pull request.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-workspaces-workspace-pullrequests-selected-user-get
func tablePullRequest() *table {
	ends := endColumns()
	return &table{
		name:        "bitbucket_pull_request",
		description: "A pull request, in any state. With a condition on updated_on, created_on or state, only the matching ones are read; with one on the author and none on the repository, a single list for each workspace.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			integer("id", "Number of the pull request, unique in the repository."),
			integer("approval_count", "Number of participants who have approved.").at("participants.#(approved==true)#|#"),
			text("author_account_id", "Atlassian account id of the author. Null for an author that is not a person, or whose account is deleted.").at("author.account_id"),
			text("author_display_name", "Name of the author.").at("author.display_name"),
			text("author_kind", "Kind of an author that is not a person, such as repository_access_token. Null if Bitbucket does not report it.").at("author.kind"),
			text("author_nickname", "Name that the author chose; not unique.").at("author.nickname"),
			text("author_type", "Type of the author: user, app_user or team.").at("author.type"),
			text("author_uuid", "Immutable id of the author, in braces. Null if the account was deleted.").at("author.uuid"),
			integer("change_request_count", "Number of participants who have requested changes.").at(`participants.#(state=="changes_requested")#|#`),
			boolean("close_source_branch", "True if the merge closes the source branch."),
			text("closed_by_account_id", "Atlassian account id of the user who merged or declined the pull request.").at("closed_by.account_id"),
			text("closed_by_display_name", "Name of the user who merged or declined the pull request.").at("closed_by.display_name"),
			text("closed_by_nickname", "Name that the user who merged or declined the pull request chose; not unique.").at("closed_by.nickname"),
			text("closed_by_type", "Type of the account that merged or declined the pull request: user, app_user or team.").at("closed_by.type"),
			text("closed_by_uuid", "Immutable id of the user who merged or declined the pull request, in braces.").at("closed_by.uuid"),
		}, ends[:2], []column{
			integer("comment_count", "Number of comments."),
			timestamp("created", "The same as created_on.").at("created_on"),
			timestamp("created_on", "When the pull request was created.").sorted("created_on"),
			text("description", "Description of the pull request, as written."),
			document("destination", "Destination of the changes: branch, commit and repository."),
			text("destination_branch_name", "Name of the destination branch.").at("destination.branch.name"),
			text("destination_commit_hash", "First 12 digits of the hash of the destination's commit. Null if the branch was deleted.").at("destination.commit.hash"),
			boolean("draft", "True if the pull request is a draft. Null if Bitbucket does not report it."),
			text("html_url", "Address of the pull request in the browser.").at("links.html.href"),
			document("merge_commit", "The merge commit. Null if the pull request was not merged."),
			text("merge_commit_hash", "Hash of the merge commit, mostly its first 12 digits. Null if the pull request was not merged.").at("merge_commit.hash"),
		}, ends[2:], []column{
			document("participants", "Reviewers, and users who commented or approved, each with role and verdict. bitbucket_pull_request_participant has them as rows."),
			boolean("queued", "True if the pull request waits in a merge queue. Null if Bitbucket does not report it."),
			text("reason", "Reason why the pull request was declined, if one was given."),
			integer("reviewer_count", "Number of reviewers.").at("reviewers.#"),
			document("reviewers", "Users who were asked to review the pull request."),
			text("self_link", "Address of the pull request in the API.").at("links.self.href"),
			document("source", "Source of the changes: branch, commit and repository."),
			text("source_branch_name", "Name of the source branch.").at("source.branch.name"),
			text("source_commit_hash", "First 12 digits of the hash of the source's last commit. Null if its fork was deleted.").at("source.commit.hash"),
			text("source_repository_full_name", "Full name of the source repository: this one, or a fork. Null if it was deleted.").at("source.repository.full_name"),
			text("source_repository_uuid", "Immutable id of the source repository, in braces.").at("source.repository.uuid"),
			text("state", "State of the pull request: OPEN, MERGED, DECLINED or SUPERSEDED."),
			document("summary", "Description of the pull request, as written and as HTML."),
			integer("task_count", "Number of open tasks."),
			text("title", "Title of the pull request."),
			text("type", "Type of the object: pullrequest."),
			timestamp("updated", "The same as updated_on.").at("updated_on"),
			timestamp("updated_on", "When the pull request last changed: by a push, a comment, a verdict, or its closing.").sorted("updated_on"),
		}, inRepositoryColumns()),
		keyColumns: pullRequestKeyColumns(),
		ids:        map[string]string{"id": "repository_full_name"},
		copying:    changedSince("updated_on", "id"),
		rows:       pullRequestRows,
	}
}

// endColumns returns the columns that take a request for each closed pull request.
func endColumns() []column {
	const cost = " Costs one more request for each closed pull request."
	return []column{
		timestamp("closed_on", "When the pull request was merged, declined or superseded. Null if it is open, or Bitbucket does not show it."+cost).in(explanationPart, "closed_on"),
		text("closed_on_source", "Source of closed_on and merged_on: activity (the log of the pull request), or merge_commit (the date of its merge commit, to the second) if the log has no entry for the end."+cost).in(explanationPart, "source"),
		timestamp("merged_on", "When the pull request was merged. Null if it was not, or Bitbucket does not show it."+cost).in(explanationPart, "merged_on"),
	}
}

// pullRequestKeyColumns returns the key columns by which Bitbucket lists fewer pull requests.
func pullRequestKeyColumns() []keyColumn {
	return append(inRepositoryKeyColumns(),
		named("id"),
		filtered("author_account_id", "author.account_id", nameOperators),
		filtered("author_nickname", "author.nickname", textOperators),
		filtered("author_uuid", "author.uuid", nameOperators),
		filtered("created", "created_on", orderOperators),
		filtered("created_on", "created_on", orderOperators),
		filtered("destination_branch_name", "destination.branch.name", textOperators),
		filtered("draft", "draft", equalOperators),
		filtered("source_branch_name", "source.branch.name", textOperators),
		filtered("source_repository_full_name", "source.repository.full_name", textOperators),
		filtered("state", "state", equalOperators),
		filtered("title", "title", textOperators),
		filtered("updated", "updated_on", orderOperators),
		filtered("updated_on", "updated_on", orderOperators),
	)
}

func pullRequestRows(ctx context.Context, s *scan) rowSeq {
	_, byRepository := s.conditions.texts("repository_full_name")
	for _, columnName := range []string{"author_uuid", "author_account_id"} {
		if users, ok := s.conditions.texts(columnName); ok && !byRepository && len(users) <= fewNames {
			return s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
				return s.accepted(combine(ctx, s, streams.Each(users...), func(ctx context.Context, user string) rowSeq {
					return pullRequestsBy(ctx, s, p, columnName, user)
				}))
			})
		}
	}
	return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
		return pullRequestsIn(ctx, s, r)
	})
}

// pullRequestsIn returns the pull requests of a repository with all that the query reads.
func pullRequestsIn(ctx context.Context, s *scan, r repositoryScope) rowSeq {
	return withEnds(ctx, s, pullRequestsAsListed(ctx, s, r))
}

// pullRequestsAsListed lists the pull requests of a repository, or requests the ones whose numbers the query names.
func pullRequestsAsListed(ctx context.Context, s *scan, r repositoryScope) rowSeq {
	ids, ok := s.conditions.integers("id")
	if !ok || len(ids) > fewNames {
		return s.listIn(ctx, r, s.pullRequestList(r.path("/pullrequests")))
	}
	return s.sorted(single(ctx, s, streams.Each(ids...), func(ctx context.Context, s *scan, id int64) (*row, error) {
		item, err := s.getPart(ctx, pullRequestNumbered(r, id).path(""), objectPart, append(s.endFields(), "id")...)
		if isUnknown(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return r.row(item), nil
	}))
}

// pullRequestsBy lists the pull requests of one author in a workspace. If Bitbucket has no list for the account, it
// reads the lists of the repositories.
func pullRequestsBy(ctx context.Context, s *scan, p workspaceScope, columnName, user string) rowSeq {
	p, err := p.identified(ctx, s)
	if err != nil {
		return streams.Fail[*row](err)
	}
	l := s.pullRequestList(api.Path("/2.0/workspaces/{workspace}/pullrequests/{selected_user}", p.slug(), user))
	for _, field := range repositoryFields {
		l.Fields = append(l.Fields, "destination.repository."+field)
	}
	l.Fields = append(l.Fields, "links.self.href")
	return s.accepted(withEnds(ctx, s, func(yield func(*row, error) bool) {
		for item, err := range s.List(ctx, l) {
			if isUnknown(err) {
				pullRequestsInEach(ctx, s, p, columnName, user)(yield)
				return
			}
			r, err := destinationOf(ctx, s, p, item, err)
			if !yield(r.row(item), err) || err != nil {
				return
			}
		}
	}))
}

// pullRequestsInEach lists the pull requests of one author in each repository of a workspace.
func pullRequestsInEach(ctx context.Context, s *scan, p workspaceScope, columnName, user string) rowSeq {
	author := s.table.column(columnName)
	return func(yield func(*row, error) bool) {
		pullRequests := func(ctx context.Context, r repositoryScope) rowSeq { return pullRequestsAsListed(ctx, s, r) }
		for r, err := range s.inEachRepository(ctx, p.repositories(ctx, s), pullRequests) {
			if err == nil && author.value(r) != user { // the query names other authors as well
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// fromAddress matches the repository in the address of a pull request.
var fromAddress = regexp.MustCompile(`/repositories/([^/]+/[^/]+)/pullrequests/`)

// destinationOf returns the destination repository of a pull request from the author's list. Sometimes Bitbucket leaves
// it out.
func destinationOf(ctx context.Context, s *scan, p workspaceScope, item jsontree.Value, err error) (repositoryScope, error) {
	if err != nil {
		return repositoryScope{}, err
	}
	r := repositoryScope{workspaceScope: p, repository: item.Field("destination").Field("repository")}
	name := r.fullName()
	if found := fromAddress.FindStringSubmatch(item.Get("links.self.href").String()); name == "" && found != nil {
		name = found[1]
	}
	isIdentified := r.repository.Get("workspace.uuid").Exists() || p.workspace.Get("uuid").Exists() || !s.wants("workspace_uuid")
	if name != "" && (name != r.fullName() || !isIdentified) {
		return s.repository(ctx, name)
	}
	if home := r.ownWorkspace(); name != "" && home.slug() != p.slug() {
		r.workspaceScope = home
	}
	return r, nil
}
