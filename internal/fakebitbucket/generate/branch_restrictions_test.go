package generate

import (
	"slices"
	"testing"
)

// TestProtection finds repositories whose main branch is protected fully, in part and not at all.
func TestProtection(t *testing.T) {
	t.Parallel()
	o := Organization(Options{})
	degrees := map[string]int{}
	for _, r := range o.Repositories {
		guards := map[string]bool{}
		for _, b := range o.BranchRestrictions(r) {
			if b.Pattern == r.MainBranch {
				guards[b.Kind] = true
			}
			counts := slices.Contains([]string{"require_approvals_to_merge", "require_passing_builds_to_merge", "require_commits_behind", "require_default_reviewer_approvals_to_merge"}, b.Kind)
			if counts != (b.Value != nil) || (b.BranchMatchKind == "glob") == (b.Pattern == "") || (b.BranchType == "") != (b.BranchMatchKind == "glob") {
				t.Errorf("%s: %+v contradicts itself", r.FullName(), b)
			}
		}
		all := true
		for _, p := range protection {
			all = all && guards[p.kind]
		}
		switch {
		case len(guards) == 0:
			degrees["nothing"]++
		case all:
			degrees["everything"]++
		default:
			degrees["something"]++
		}
	}
	if degrees["everything"] < 10 || degrees["something"] < 10 || degrees["nothing"] < 30 {
		t.Errorf("%v", degrees)
	}
}
