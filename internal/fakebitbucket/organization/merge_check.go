package organization

import "slices"

// A MergeCheck is a condition that must or should hold before a pull request is merged.
type MergeCheck struct {
	Type, Status       string
	Kind               string // for a standard_merge_check
	Required, Blocking bool
	Reason             string // "" is null
	Observed, Needed   int    // the number that a standard check counted, and the number that it needs
}

// MergeChecks returns the checks of a pull request for a user with a permission on its repository. Some always apply.
// The others come from the rules for the destination branch.
func (o *Organization) MergeChecks(r *Repository, p *PullRequest, permission string) []MergeCheck {
	state := "PASSED"
	if p.State != "OPEN" || p.Draft != nil && *p.Draft {
		state = "FAILED"
	}
	reason := "clean"
	if p.Conflicts {
		reason = "conflicts"
	}
	checks := append([]MergeCheck{
		{Type: "pullrequest_state_check", Status: state, Required: true},
		{Type: "current_user_permission_check", Status: p.verdict(AtLeast(permission, "write")), Required: true},
		{Type: "git_mergeability_check", Status: p.verdict(!p.Conflicts), Required: true, Reason: reason},
	}, o.standardChecks(r, p)...)
	for i := range checks {
		c := &checks[i]
		c.Blocking = c.Required && c.Status != "PASSED" && c.Status != "SKIPPED"
	}
	return checks
}

// verdict returns the status of a check that holds or not.
func (p *PullRequest) verdict(holds bool) string {
	switch {
	case p.State != "OPEN":
		return "SKIPPED"
	case holds:
		return "PASSED"
	}
	return "FAILED"
}

// standardChecks returns the checks of the rules for the destination branch.
func (o *Organization) standardChecks(r *Repository, p *PullRequest) (checks []MergeCheck) {
	builds := map[string]int{}
	for _, s := range p.Statuses {
		builds[s.State]++
	}
	demanded, enforced := map[string]int{}, false
	for _, rule := range o.Rules(r, p.DestinationBranch) {
		value := 0
		if rule.Value != nil {
			value = *rule.Value
		}
		demanded[rule.Kind] = max(demanded[rule.Kind], value)
		enforced = enforced || rule.Kind == "enforce_merge_checks"
	}
	add := func(rule, kind string, observed int, holds bool) {
		needed, set := demanded[rule]
		if !set {
			return
		}
		c := MergeCheck{Type: "standard_merge_check", Kind: kind, Status: p.verdict(holds), Required: enforced, Observed: observed}
		if c.Counts() {
			c.Needed = needed
		}
		if kind == "failed_builds" && p.State == "OPEN" && builds["INPROGRESS"] > 0 {
			c.Status = "PENDING"
		}
		checks = append(checks, c)
	}
	atLeast := func(rule, kind string, observed int) { add(rule, kind, observed, observed >= demanded[rule]) }
	none := func(rule, kind string, observed int) { add(rule, kind, observed, observed == 0) }
	atLeast("require_approvals_to_merge", "minimum_approvals", p.Approvals())
	atLeast("require_default_reviewer_approvals_to_merge", "minimum_default_reviewer_approvals", o.defaultReviewerApprovals(r, p))
	atLeast("require_passing_builds_to_merge", "minimum_successful_builds", builds["SUCCESSFUL"])
	none("require_passing_builds_to_merge", "failed_builds", builds["FAILED"]+builds["STOPPED"])
	none("require_tasks_to_be_completed", "resolved_tasks", p.OpenTasks())
	none("require_no_changes_requested", "no_changes_requested", p.changeRequests())
	add("require_commits_behind", "maximum_commits_behind", 0, true)
	return checks
}

// counting holds the kinds of checks that have a least or greatest number.
var counting = map[string]bool{
	"minimum_approvals": true, "minimum_default_reviewer_approvals": true, "minimum_successful_builds": true, "maximum_commits_behind": true,
}

// defaultReviewerApprovals returns how many default reviewers have approved a pull request.
func (o *Organization) defaultReviewerApprovals(r *Repository, p *PullRequest) int {
	n := 0
	for _, who := range p.Participants {
		isDefault := func(e EffectiveReviewer) bool { return e.User == who.User }
		if who.Approved && slices.ContainsFunc(o.EffectiveDefaultReviewers(r), isDefault) {
			n++
		}
	}
	return n
}

// changeRequests returns how many participants have requested changes.
func (p *PullRequest) changeRequests() int {
	n := 0
	for _, who := range p.Participants {
		if who.State == "changes_requested" {
			n++
		}
	}
	return n
}

// Counts reports whether a check has a least or greatest number.
func (c MergeCheck) Counts() bool { return counting[c.Kind] }
