package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableBranchProtection returns the table bitbucket_branch_protection. A row is a branch with everything that protects
// it: the main branch of a repository, or the branches that the query names.
//
// Bitbucket has no API for the rules of projects, which hold in their repositories as well. But the merge checks of an
// open pull request show what holds for its destination, wherever it was set.
//
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-branch-restrictions/#api-repositories-workspace-repo-slug-branch-restrictions-get
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-mergeability-checks-get
func tableBranchProtection() *table {
	return &table{
		name:        "bitbucket_branch_protection",
		description: "A branch with everything that protects it: the main branch of each repository, or the branches that the query names. It covers the repositories that the connected user administers.",
		scopes:      []string{"account", "repository", "repository:admin", "pullrequest"},
		columns: slices.Concat([]column{
			text("branch_name", "Name of the branch. Without a condition with = or IN, only the main branch of each repository has a row."),
			boolean("is_main", "True if it is the main branch of its repository."),
			boolean("is_complete", "True if nothing can be missing from the row. False if a rule of the project, which only Bitbucket's pages show, may require more."),
			boolean("administrators_exempt", "True if a rule on pushes or merges exempts an administrator, or a group with the permission admin. Null if there is no such rule, or if Bitbucket does not show who has the permission, for which it requires the scope project:admin.").needing("project:admin"),
			document("branch_types", "Types of the branch in the branching model: development, production, feature, bugfix, release or hotfix. Costs one more request."),
			document("contradictions", "Differences between the merge checks and the repository's own rules, each with protection, repository and merge_check. They come from a rule of the project."),
			document("exempt_administrators", "The administrators, and groups with the permission admin, that a rule on pushes or merges exempts, each with holder (user or group), id and name. Null if administrators_exempt is.").needing("project:admin"),
			document("merge_groups", "The groups that may merge, if only some may."),
			document("merge_people", "Everybody who may merge, if only some may: users named individually and members of the groups, each with uuid, display_name and group_slugs. Null if the members of a group can't be read."),
			document("merge_users", "The users who may merge, named individually, if only some may."),
			integer("pull_request_id", "Number of the pull request whose merge checks were read: the latest open one into the branch. Null if none is open."),
			document("push_groups", "The groups that may push, if only some may."),
			document("push_people", "Everybody who may push, if only some may: users named individually and members of the groups, each with uuid, display_name and group_slugs. Null if the members of a group can't be read."),
			document("push_users", "The users who may push, named individually, if only some may."),
			text("title", "Title of the protection: the name of the branch.").at("branch_name"),
		}, protectionColumns(), inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("branch_name").wider()),
		copying:    touched("branch_name").withHistory("is_complete", "pull_request_id").dependingOn("bitbucket_group_member"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			from := newAccessReader(ctx, s)
			return s.perAdministeredRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return s.accepted(branchProtectionRows(ctx, s, r, from))
			})
		},
	}
}

// A protection is one thing that can protect a branch: something that is required, restricted or denied.
type protection struct {
	column, description string
	kinds               []string               // of the branch restrictions that ask for it
	check               string                 // kind of the merge check that shows it; "" if none does
	strictest           func(a, b int64) int64 // of two numbers that rules ask for; nil if they ask for no number
	ifNull              int64                  // number of a rule without one
	none                any                    // value if nothing asks for it
}

// source returns the name of the column for where the protection is from.
func (p protection) source() string { return p.column + "_source" }

// everyCheck stands for the merge checks of all kinds, which show whether they are enforced.
const everyCheck = "*"

func largest(a, b int64) int64  { return max(a, b) }
func smallest(a, b int64) int64 { return min(a, b) }

var protections = []protection{
	{"approvals", "Number of approvals that a pull request needs before it is merged. Null if unknown.", []string{"require_approvals_to_merge"}, "minimum_approvals", largest, 1, int64(0)},
	{"approvals_reset", "True if a change of a pull request dismisses its approvals. Null if unknown.", []string{"reset_pullrequest_approvals_on_change", "smart_reset_pullrequest_approvals"}, "", nil, 0, false},
	{"builds", "Number of builds that must have passed before a pull request is merged. Null if unknown.", []string{"require_passing_builds_to_merge"}, "minimum_successful_builds", largest, 1, int64(0)},
	{"changes_requested_resolved", "True if no change may be requested when a pull request is merged. Null if unknown.", []string{"require_no_changes_requested"}, "no_changes_requested", nil, 0, false},
	{"comments_resolved", "True if all comments must be resolved before a pull request is merged. Null if unknown.", []string{"require_all_comments_resolved"}, "", nil, 0, false},
	{"commits_behind", "Highest number of commits that a branch may be behind when it is merged. Null if there is no limit, or it is unknown.", []string{"require_commits_behind"}, "maximum_commits_behind", smallest, 0, nil},
	{"default_reviewer_approvals", "Number of approvals by default reviewers that a pull request needs before it is merged. Null if unknown.", []string{"require_default_reviewer_approvals_to_merge"}, "minimum_default_reviewer_approvals", largest, 1, int64(0)},
	{"delete_denied", "True if nobody can delete the branch. Null if unknown.", []string{"delete"}, "", nil, 0, false},
	{"force_denied", "True if nobody can rewrite the history of the branch. Null if unknown.", []string{"force"}, "", nil, 0, false},
	{"merge_checks_enforced", "True if a pull request can't be merged as long as a merge check fails, false if it only warns. Null if unknown.", []string{"enforce_merge_checks"}, everyCheck, nil, 0, false},
	{"merge_restricted", "True if only some users and groups may merge. Null if unknown.", []string{"restrict_merges"}, "", nil, 0, false},
	{"push_restricted", "True if only some users and groups may push, or nobody. Null if unknown.", []string{"push"}, "", nil, 0, false},
	{"tasks_completed", "True if all tasks must be completed before a pull request is merged. Null if unknown.", []string{"require_tasks_to_be_completed"}, "resolved_tasks", nil, 0, false},
}

// protectionColumns returns a column for each protection, and one for where it is from.
func protectionColumns() []column {
	var all []column
	for _, p := range protections {
		newOne := boolean
		if p.strictest != nil {
			newOne = integer
		}
		all = append(all, newOne(p.column, p.description),
			text(p.source(), "Where "+p.column+" is from: repository (its own rules), merge_check (of the open pull request, so a rule of the project may ask for it), or unknown."))
	}
	return all
}

// branchProtectionRows returns the rows of a repository: the main branch, or the branches that the query names and the
// repository has.
func branchProtectionRows(ctx context.Context, s *scan, r repositoryScope, from *accessReader) rowSeq {
	names, byName := s.conditions.texts("branch_name")
	if !byName && r.mainBranch() != "" {
		names = []string{r.mainBranch()}
	}
	return func(yield func(*row, error) bool) {
		if len(names) == 0 {
			return
		}
		all, err := r.branchRules(ctx, s.connection)
		for _, name := range names {
			exists := err == nil
			if exists && name != r.mainBranch() {
				exists, err = r.hasBranch(ctx, s.connection, name)
			}
			var made *row
			if exists {
				made, err = branchProtectionRow(ctx, s, r, from, all, name)
			}
			if err == nil && !exists {
				continue
			}
			if !yield(made, err) || err != nil {
				return
			}
		}
	}
}

// hasBranch reports whether a repository has a branch.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-branches-name-get
func (r repositoryScope) hasBranch(ctx context.Context, c *connection, name string) (bool, error) {
	_, err := c.Get(ctx, r.path("/refs/branches/{name}", name), nil, "name")
	if isUnknown(err) {
		return false, nil
	}
	return err == nil, err
}

// branchProtectionRow returns the row of one branch.
func branchProtectionRow(ctx context.Context, s *scan, r repositoryScope, from *accessReader, all *branchRules, name string) (*row, error) {
	b := &branchProtection{scan: s, repository: r, name: name, said: map[string]any{"branch_name": name, "is_main": name == r.mainBranch()}}
	var err error
	if b.rules, err = all.on(ctx, name); err != nil {
		return nil, err
	}
	if s.wants("branch_types") {
		if b.said["branch_types"], err = all.typesOf(ctx, name); err != nil {
			return nil, err
		}
	}
	if err := b.addProtections(ctx); err != nil {
		return nil, err
	}
	if err := b.addPeople(ctx, from); err != nil {
		return nil, err
	}
	return r.row(jsontree.Of(b.said)), nil
}

// latestInto returns the latest open pull request into a branch, if there is one. Scans share the list of those that
// are open.
func latestInto(ctx context.Context, s *scan, r repositoryScope, branch string) (latest pullRequestScope, found bool, err error) {
	const into = "destination.branch.name"
	isOpen := newCondition(text("state", ""), opEqual, "OPEN")
	isOpen.field = "state"
	openOnly := s.query
	openOnly.conditions, openOnly.limit, openOnly.order = conditions{isOpen}, -1, nil
	for p, err := range r.listedPullRequests(ctx, s.with(openOnly), []string{into}) {
		if err != nil {
			return latest, false, err
		}
		if p.request.Get(into).String() == branch && (!found || p.request.Get("id").Int() > latest.request.Get("id").Int()) {
			latest, found = p, true
		}
	}
	return latest, found, nil
}
