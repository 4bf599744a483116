package generate

import (
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// protection lists all restrictions of a fully protected branch, with the values of the kinds that count.
var protection = []struct {
	kind  string
	value int
}{
	{"push", 0}, {"force", 0}, {"delete", 0}, {"restrict_merges", 0}, {"require_approvals_to_merge", 2},
	{"require_passing_builds_to_merge", 1}, {"require_tasks_to_be_completed", 0},
	{"require_all_comments_resolved", 0}, {"reset_pullrequest_approvals_on_change", 0}, {"require_commits_behind", 5},
	{"enforce_merge_checks", 0},
}

// morePolicies lists kinds that only some repositories use.
var morePolicies = []string{
	"require_default_reviewer_approvals_to_merge", "require_no_changes_requested",
	"reset_pullrequest_changes_requested_on_change", "allow_auto_merge_when_builds_pass",
	"smart_reset_pullrequest_approvals", "require_review_group_approvals_to_merge", "require_all_dependencies_merged",
}

// BranchRestrictions returns the restrictions of a repository. A third of the repositories fully protect the main
// branch, and a third protect it in part.
func (g *generator) BranchRestrictions(r *organization.Repository) []*organization.BranchRestriction {
	s := &restrictions{generator: g, users: g.usersOf(r.Workspace), groups: g.groupsOf(r.Workspace)}
	s.id = 20_000_000 + g.IntN(20_000_000)
	degree := g.IntN(3)
	if r.MainBranch == "" || degree == 0 {
		return nil
	}
	for _, p := range protection {
		if degree == 2 || g.IntN(3) == 0 {
			s.add(p.kind, r.MainBranch, "", p.value)
		}
	}
	switch g.IntN(3) {
	case 0:
		s.add("force", "release/*", "", 0)
		s.add("delete", "release/*", "", 0)
	case 1:
		s.add("push", "", "production", 0)
		s.add("require_approvals_to_merge", "", "release", 1)
	}
	if kind := pick(g, morePolicies); g.IntN(2) == 0 {
		value := 0
		if kind == "require_default_reviewer_approvals_to_merge" {
			value = 1
		}
		s.add(kind, r.MainBranch, "", value)
	}
	slices.Reverse(s.all)
	return s.all
}

// ProjectRestrictions returns restrictions on all branches for half of the projects.
func (g *generator) ProjectRestrictions() []*organization.BranchRestriction {
	var all []*organization.BranchRestriction
	if g.IntN(2) == 0 {
		return nil
	}
	for _, rule := range protection {
		if value := rule.value; rule.kind != "enforce_merge_checks" || g.IntN(3) > 0 {
			all = append(all, &organization.BranchRestriction{Kind: rule.kind, BranchMatchKind: "glob", Pattern: "*", Value: &value})
		}
	}
	return all
}

// restrictions collects the restrictions of one repository.
type restrictions struct {
	*generator
	users  []*organization.User
	groups []*organization.Group
	id     int
	all    []*organization.BranchRestriction
}

// add adds a restriction for branches that match a pattern or have a type. A restriction on pushes or merges exempts
// a group, and sometimes a user.
func (s *restrictions) add(kind, pattern, branchType string, value int) {
	s.id += 1 + s.IntN(3)
	b := &organization.BranchRestriction{ID: s.id, Kind: kind, BranchMatchKind: "glob", Pattern: pattern, BranchType: branchType}
	if branchType != "" {
		b.BranchMatchKind = "branching_model"
	}
	if value > 0 {
		b.Value = &value
	}
	if kind == "push" || kind == "restrict_merges" {
		if len(s.groups) > 0 {
			b.Groups = []*organization.Group{pick(s.generator, s.groups)}
		}
		if len(b.Groups) == 0 || s.IntN(3) == 0 {
			b.Users = []*organization.User{pick(s.generator, s.users)}
		}
	}
	s.all = append(s.all, b)
}
