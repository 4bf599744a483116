package bitbucket

import (
	"context"
	"iter"
	"slices"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin/quals"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tablePullRequestMergeCheck: a row is a condition that must hold, or should, before an open pull request is merged.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-mergeability-checks-get
func tablePullRequestMergeCheck() *table {
	return &table{
		name:        "bitbucket_pull_request_merge_check",
		description: "A condition that must hold, or should, before an open pull request is merged, and whether it does. Costs one request for each open pull request that the conditions leave, and Bitbucket allows fewer of these than of others.",
		scopes:      []string{"account", "repository", "pullrequest"},
		columns: slices.Concat([]column{
			text("type", "What is checked: pullrequest_state_check, current_user_permission_check, git_mergeability_check, merge_queue_check, or a check that was set up, standard_merge_check, custom_pre_merge_check or custom_on_merge_check."),
			text("kind", "What a standard check is about, such as minimum_approvals or resolved_tasks.").at("check.kind"),
			text("status", "PASSED, FAILED, PENDING, SKIPPED or UNKNOWN."),
			boolean("blocking", "True if the pull request can't be merged because of this check."),
			text("details_url", "Address in the API of what there is to say about the check.").at("links.details.href"),
			text("message", "What a custom check says."),
			text("name", "Name of a custom check.").at("check.name"),
			document("observed", "What the check has counted, such as the approvals there are."),
			text("reason", "Why Git could or could not merge: clean, conflicts or merge_impossible."),
			boolean("required", "True if the check must pass before the merge."),
			document("requirement", "What the check demands, such as the approvals there must be."),
			text("state", "State of the pull request, where that is checked: OPEN or DRAFT."),
			text("title", "Title of the check: its name, kind or type.").at("check.name").at("check.kind").at("type"),
			boolean(intoMain, "True if the pull request is the latest of the open ones into the main branch of its repository: what its checks demand is in force there, whoever set it.").in(parentPart, intoMain),
		}, inPullRequestColumns()),
		keyColumns: append(inPullRequestKeyColumns(), keyColumn{column: intoMain, operators: equalOperators}),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["pull_request_state"] = true
			open := newCondition(s.table.column("pull_request_state"), quals.QualOperatorEqual, "OPEN")
			open.field = "state"
			s.conditions = append(s.conditions, open)
			checks := func(ctx context.Context, p pullRequestScope) rowSeq {
				// They come all at once.
				return s.childrenIn(ctx, p, s.withConditionsOn(objectPart).collection(p.path("/mergeability/checks"), 0))
			}
			if s.wants(intoMain) {
				return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
					return s.accepted(combine(ctx, s, s.openPullRequests(ctx, r), checks))
				})
			}
			return s.perPullRequest(ctx, checks)
		},
	}
}

// intoMain says of a pull request that what guards the main branch shows in it. One for each repository is enough to see
// that, where all would cost a request each.
const intoMain = "pull_request_is_latest_into_main"

// openPullRequests returns the open pull requests of a repository that the scan covers, which know whether they are the latest into
// the main branch. That takes all of them, whatever other conditions would leave.
func (s *scan) openPullRequests(ctx context.Context, r repositoryScope) iter.Seq2[pullRequestScope, error] {
	on := s.withConditionsOn(parentPart)
	all := *on
	all.conditions = slices.DeleteFunc(slices.Clone(on.conditions), func(c condition) bool { return c.value != "OPEN" })
	return func(yield func(pullRequestScope, error) bool) {
		var pulls []pullRequestScope
		latest := int64(0)
		for p, err := range all.listedPullRequests(ctx, r, []string{"destination.branch.name"}) {
			if err != nil {
				yield(pullRequestScope{}, err)
				return
			}
			pulls = append(pulls, p)
			if r.mainBranch() == p.request.Get("destination.branch.name").String() {
				latest = max(latest, p.request.Get("id").Int())
			}
		}
		for _, p := range pulls {
			known := map[string]any{intoMain: p.request.Get("id").Int() == latest}
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
