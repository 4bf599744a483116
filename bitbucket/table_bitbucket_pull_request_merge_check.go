package bitbucket

import (
	"context"
	"iter"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tablePullRequestMergeCheck returns the table bitbucket_pull_request_merge_check. A row is a check of an open pull
// request before its merge.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-mergeability-checks-get
func tablePullRequestMergeCheck() *table {
	return &table{
		name:        "bitbucket_pull_request_merge_check",
		description: "A check, required or recommended, before the merge of an open pull request, with its result. Costs one request for each open pull request that meets the conditions, and Bitbucket allows fewer of these requests than of others.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			text("type", "Type of the check: pullrequest_state_check, current_user_permission_check, git_mergeability_check, merge_queue_check, or for checks that were set up: standard_merge_check, custom_pre_merge_check or custom_on_merge_check."),
			positionColumn("Position of the check among those of the pull request, from 1, as Bitbucket lists them."),
			text("kind", "Kind of a standard check, such as minimum_approvals or resolved_tasks.").at("check.kind"),
			text("status", "Result of the check: PASSED, FAILED, PENDING, SKIPPED or UNKNOWN."),
			boolean("blocking", "True if the pull request can't be merged because of this check."),
			text("details_url", "Address of the check's details in the API.").at("links.details.href"),
			text("message", "Message of a custom check."),
			text("name", "Name of a custom check.").at("check.name"),
			document("observed", "Values that the check found, such as the number of approvals."),
			text("reason", "Reason for Git's result: clean, conflicts or merge_impossible."),
			boolean("required", "True if the check must pass before the merge."),
			document("requirement", "Values that the check requires, such as the number of approvals."),
			text("state", "State of the pull request, for the check of its state: OPEN or DRAFT."),
			text("title", "Title of the check: its name, kind or type.").at("check.name").at("check.kind").at("type"),
			boolean(intoMain, "True if the pull request is the latest open one into the main branch of its repository: its checks show all rules that apply there, wherever they come from.").in(parentPart, intoMain),
		}, inPullRequestColumns()),
		keyColumns: append(inPullRequestKeyColumns(), keyColumn{column: intoMain, operators: equalOperators}),
		copying:    touched("pull_request_id", "number"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["pull_request_state"] = true
			isOpen := newCondition(s.table.column("pull_request_state"), opEqual, "OPEN")
			isOpen.field = "state"
			s.conditions = append(s.conditions, isOpen)
			checks := func(ctx context.Context, p pullRequestScope) rowSeq {
				on := s.with(s.narrowedTo(objectPart))
				// Bitbucket returns all of them at once.
				return on.accepted(numbered(on.rowsIn(ctx, p, on.collection(p.path("/mergeability/checks"), 0))))
			}
			if s.wants(intoMain) {
				return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
					return s.accepted(combine(ctx, s, openPullRequests(ctx, s, r), checks))
				})
			}
			return s.perPullRequest(ctx, checks)
		},
	}
}

// intoMain is the column for the pull request whose checks show what guards the main branch. One for each repository is
// enough to see that; all of them would take a request each.
const intoMain = "pull_request_is_latest_into_main"

// openPullRequests returns the open pull requests of a repository that the scan covers, each with whether it is the
// latest into the main branch. It reads all of them, whatever other conditions exclude.
func openPullRequests(ctx context.Context, s *scan, r repositoryScope) iter.Seq2[pullRequestScope, error] {
	on := s.narrowedTo(parentPart)
	all := on
	all.conditions = slices.DeleteFunc(slices.Clone(on.conditions), func(c condition) bool { return c.value != "OPEN" })
	return func(yield func(pullRequestScope, error) bool) {
		var pulls []pullRequestScope
		newest := int64(0)
		for p, err := range r.listedPullRequests(ctx, s.with(all), []string{"destination.branch.name"}) {
			if err != nil {
				yield(pullRequestScope{}, err)
				return
			}
			pulls = append(pulls, p)
			if r.mainBranch() == p.request.Get("destination.branch.name").String() {
				newest = max(newest, p.request.Get("id").Int())
			}
		}
		for _, p := range pulls {
			known := map[string]any{intoMain: p.request.Get("id").Int() == newest}
			for _, field := range pullRequestFields {
				known[field] = p.request.Get(field).Value()
			}
			p.request = jsontree.Of(known)
			if on.accepts(p.row(jsontree.Value{})) && !yield(p, nil) {
				return
			}
		}
	}
}
