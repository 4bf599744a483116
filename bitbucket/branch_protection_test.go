package bitbucket

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// protectionKinds are the kinds of branch restrictions for each protection, and the kind of merge check that shows it.
var protectionKinds = map[string]struct {
	kinds  []string
	check  string
	counts bool
}{
	"approvals":                  {[]string{"require_approvals_to_merge"}, "minimum_approvals", true},
	"approvals_reset":            {[]string{"reset_pullrequest_approvals_on_change", "smart_reset_pullrequest_approvals"}, "", false},
	"builds":                     {[]string{"require_passing_builds_to_merge"}, "minimum_successful_builds", true},
	"changes_requested_resolved": {[]string{"require_no_changes_requested"}, "no_changes_requested", false},
	"comments_resolved":          {[]string{"require_all_comments_resolved"}, "", false},
	"commits_behind":             {[]string{"require_commits_behind"}, "maximum_commits_behind", true},
	"default_reviewer_approvals": {[]string{"require_default_reviewer_approvals_to_merge"}, "minimum_default_reviewer_approvals", true},
	"delete_denied":              {[]string{"delete"}, "", false},
	"force_denied":               {[]string{"force"}, "", false},
	"merge_checks_enforced":      {[]string{"enforce_merge_checks"}, "", false},
	"merge_restricted":           {[]string{"restrict_merges"}, "", false},
	"push_restricted":            {[]string{"push"}, "", false},
	"tasks_completed":            {[]string{"require_tasks_to_be_completed"}, "resolved_tasks", false},
}

// requiredBy returns what the rules require, or nil if they require nothing. In the fake, counting rules of one kind have the
// same value, except for one of a project.
func requiredBy(rules []*organization.BranchRestriction, kinds []string, counts bool) any {
	value := any(nil)
	for _, b := range rules {
		switch {
		case !slices.Contains(kinds, b.Kind):
		case !counts:
			value = true
		case value == nil || kinds[0] != "require_commits_behind" && int64(*b.Value) > value.(int64) || kinds[0] == "require_commits_behind" && int64(*b.Value) < value.(int64):
			value = int64(*b.Value)
		}
	}
	return value
}

// A protectedBranch is a branch of a repository, as a user sees it.
type protectedBranch struct {
	accessTruth
	r      *organization.Repository
	branch string
}

// own returns the repository's own rules for the branch.
func (g protectedBranch) own() []*organization.BranchRestriction {
	projects := g.ProjectRestrictions(g.r.Project)
	return slices.DeleteFunc(g.Rules(g.r, g.branch), func(b *organization.BranchRestriction) bool { return slices.Contains(projects, b) })
}

// opened returns the latest open pull request into the branch, or nil.
func (g protectedBranch) opened() *organization.PullRequest {
	for _, p := range g.PullRequests(g.r) {
		if p.State == "OPEN" && p.DestinationBranch == g.branch {
			return p
		}
	}
	return nil
}

// protectionTruth returns the expected columns about the branch's protection.
func (g protectedBranch) protectionTruth() map[string]any {
	p := g.opened()
	all := g.Rules(g.r, g.branch) // with those of the project
	want := merged(repositoryTruth(g.r), map[string]any{"branch_name": g.branch, "title": g.branch, "is_main": g.branch == g.r.MainBranch, "pull_request_id": nil})
	if p != nil {
		want["pull_request_id"] = int64(p.ID)
	}
	complete, contradictions := true, []string{}
	for col, of := range protectionKinds {
		own := requiredBy(g.own(), of.kinds, of.counts)
		inForce := requiredBy(all, of.kinds, of.counts)
		none := any(false)
		switch {
		case col == "commits_behind":
			none = nil
		case of.counts:
			none = int64(0)
		}
		isShown := p != nil && of.check != ""
		if col == "merge_checks_enforced" && p != nil {
			isShown = slices.ContainsFunc(g.MergeChecks(g.r, p, "admin"), func(c organization.MergeCheck) bool { return c.Kind != "" })
		}
		if inForce == nil {
			inForce = none
		}
		value, setBy, certain := own, "repository", !of.counts
		switch {
		case isShown:
			value, certain = inForce, true
			if own != inForce {
				setBy = "merge_check"
			}
			if own != inForce && (own != nil || inForce != none) {
				contradictions = append(contradictions, fmt.Sprint(col, " ", own, " ", inForce))
			}
		case own == nil:
			setBy, certain = "unknown", false
		}
		if isShown && own == nil {
			setBy = "merge_check"
		}
		want[col], want[col+"_source"] = value, setBy
		complete = complete && certain
	}
	want["is_complete"] = complete
	slices.Sort(contradictions)
	want["contradictions"] = contradictions
	return want
}

// contradictionsOf returns the contradictions in a row, as texts.
func contradictionsOf(r map[string]any) []string {
	all := []string{}
	for _, c := range r["contradictions"].([]any) {
		c := c.(map[string]any)
		all = append(all, fmt.Sprint(c["protection"], " ", c["repository"], " ", c["merge_check"]))
	}
	slices.Sort(all)
	return all
}

func TestBranchProtection(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		want := map[string]map[string]any{}
		openCount := 0
		for _, r := range o.repositories() {
			if r.MainBranch == "" {
				continue
			}
			g := protectedBranch{o, r, r.MainBranch}
			want[r.FullName()] = g.protectionTruth()
			if g.opened() != nil {
				openCount++
			}
		}
		columns := []string{"branch_name", "title", "is_main", "is_complete", "pull_request_id", "contradictions", "repository_full_name", "repository_uuid", "workspace_slug", "workspace_uuid"}
		for col := range protectionKinds {
			columns = append(columns, col, col+"_source")
		}
		fake.ResetJournal()
		got := map[string]map[string]any{}
		seen := map[string]int{}
		for _, r := range h.rows(tableQuery{table: "bitbucket_branch_protection", columns: strings.Join(columns, " ")}) {
			r["contradictions"] = contradictionsOf(r)
			got[r["repository_full_name"].(string)] = r
			seen[fmt.Sprint("complete ", r["is_complete"])]++
			for col := range protectionKinds {
				seen[fmt.Sprint(r[col+"_source"])]++
			}
			if len(r["contradictions"].([]string)) > 0 {
				seen["contradiction"]++
			}
		}
		if diff := cmp.Diff(want, columnsOf(got, columns...)); diff != "" {
			t.Errorf("protections (-want +got):\n%s", diff)
		}
		requests := requested(fake)
		if n := requests["/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/mergeability/checks"]; n != openCount {
			t.Errorf("%d requests for merge checks, want %d", n, openCount)
		}
		if n := requests["/repositories/{workspace}/{repo_slug}/branch-restrictions"]; n != len(want) {
			t.Errorf("%d requests for rules, want %d", n, len(want))
		}
		t.Logf("%d branches: %v", len(got), seen)
		for _, one := range []string{"repository", "merge_check", "unknown", "contradiction", "complete false"} {
			if len(want) > 20 && seen[one] == 0 {
				t.Errorf("the organization has no branch with %q", one)
			}
		}
	})
}

// TestBranchProtectionOfNamedBranches checks that named branches have rows if they exist, whatever kinds of rules apply to
// them.
func TestBranchProtectionOfNamedBranches(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		names := []string{"develop", "production", "main", "release/2.x", "nobody-has-this"}
		want := map[string]map[string]any{}
		typed := 0
		for _, r := range o.repositories() {
			for _, b := range o.Branches(r) {
				if slices.Contains(names, b.Name) {
					g := protectedBranch{o, r, b.Name}
					want[r.FullName()+" "+b.Name] = columnsOf(map[string]map[string]any{"": g.protectionTruth()}, "branch_name", "approvals", "approvals_source", "push_restricted", "is_main")[""]
					if slices.ContainsFunc(g.own(), func(b *organization.BranchRestriction) bool { return b.BranchType != "" }) {
						typed++
					}
				}
			}
		}
		rows := h.rows(tableQuery{table: "bitbucket_branch_protection", columns: "repository_full_name branch_name approvals approvals_source push_restricted is_main", where: []*proto.Qual{where("branch_name", "=", names)}})
		got := rowsByKey(t, rows, "repository_full_name", "branch_name")
		if diff := cmp.Diff(want, columnsOf(got, "branch_name", "approvals", "approvals_source", "push_restricted", "is_main")); diff != "" {
			t.Errorf("protections (-want +got):\n%s", diff)
		}
		if len(want) > 20 && typed == 0 {
			t.Error("the organization has no rule for a type of branches")
		}
	})
}

// TestBranchPatterns checks that patterns match the same branches as in Bitbucket.
func TestBranchPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, branch string
		want            bool
	}{
		{"main", "main", true}, {"main", "Main", false}, {"main", "main2", false}, {"main", "domain", false},
		{"*", "feature/a/b", true}, {"*", "", true}, {"release/*", "release/1.0", true}, {"release/*", "release/", true},
		{"release/*", "releases/1.0", false}, {"*/fix", "a/b/fix", true}, {"a*c*e", "abcde", true}, {"a*c*e", "abde", false},
		{"v1.0", "v1x0", false}, {"[ab]", "a", false}, {"[ab]", "[ab]", true}, {"a?", "ab", false}, {"**", "x/y", true}, {"(x|y)*", "x", false},
	} {
		if got := matchesBranch(test.pattern, test.branch); got != test.want {
			t.Errorf("%q matches %q: %t, want %t", test.pattern, test.branch, got, test.want)
		}
	}
}

// peopleTruth returns the expected columns about those whom the repository's rules of one kind don't restrict: users, groups
// and everybody, as texts. They are nil if there is no rule of this kind, or if the user can't see this.
func (g protectedBranch) peopleTruth(kind string) (users, groups, everyone any) {
	us, gs, everybody := []string{}, []string{}, map[string][]string{}
	restricted, unknown := false, false
	for _, b := range g.own() {
		if b.Kind != kind {
			continue
		}
		restricted = true
		for _, u := range b.Users {
			us = append(us, u.UUID+" "+u.DisplayName)
			everybody[u.UUID+" "+u.DisplayName] = append(everybody[u.UUID+" "+u.DisplayName], "")
		}
		for _, group := range b.Groups {
			gs = append(gs, group.Slug+" "+group.Name)
			unknown = unknown || !g.Administers(g.r.Workspace, g.user) || g.GroupsClosed(g.r.Workspace) != 0
			for _, u := range group.Members {
				everybody[u.UUID+" "+u.DisplayName] = append(everybody[u.UUID+" "+u.DisplayName], group.Slug)
			}
		}
	}
	if !restricted {
		return nil, nil, nil
	}
	all := []string{}
	for who, through := range everybody {
		slices.Sort(through)
		all = append(all, strings.TrimSpace(who+" "+strings.Join(slices.DeleteFunc(slices.Compact(through), func(s string) bool { return s == "" }), ",")))
	}
	users, groups, everyone = distinct(us), distinct(gs), distinct(all)
	if unknown {
		everyone = nil
	}
	return users, groups, everyone
}

func distinct(all []string) []string { return slices.Compact(sorted(all)) }

// fieldTexts returns the objects of a list as sorted texts of some of their fields, or nil if there is no list.
func fieldTexts(list any, fields ...string) any {
	if list == nil {
		return nil
	}
	all := []string{}
	for _, one := range list.([]any) {
		var texts []string
		for _, field := range fields {
			switch v := one.(map[string]any)[field].(type) {
			case string:
				texts = append(texts, v)
			case []any:
				var slugs []string
				for _, slug := range v {
					slugs = append(slugs, slug.(string))
				}
				texts = append(texts, strings.Join(sorted(slugs), ","))
			}
		}
		all = append(all, strings.TrimSpace(strings.Join(texts, " ")))
	}
	return sorted(all)
}

func TestBranchProtectionPeople(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		seen := map[string]int{}
		want, got := map[string][]any{}, map[string][]any{}
		for _, r := range o.repositories() {
			if r.MainBranch == "" {
				continue
			}
			g := protectedBranch{o, r, r.MainBranch}
			pushUsers, pushGroups, pushPeople := g.peopleTruth("push")
			mergeUsers, mergeGroups, mergePeople := g.peopleTruth("restrict_merges")
			exempt, names := g.exemptTruth()
			want[r.FullName()] = []any{pushUsers, pushGroups, pushPeople, mergeUsers, mergeGroups, mergePeople, exempt, names}
			seen[fmt.Sprint("exempt ", exempt)]++
			seen[fmt.Sprint("people unknown ", pushUsers != nil && pushPeople == nil)]++
		}
		fake.ResetJournal()
		for _, r := range h.rows(tableQuery{table: "bitbucket_branch_protection"}) {
			var values []any
			for _, prefix := range []string{"push", "merge"} {
				values = append(values, fieldTexts(r[prefix+"_users"], "uuid", "display_name"), fieldTexts(r[prefix+"_groups"], "slug", "name"), fieldTexts(r[prefix+"_people"], "uuid", "display_name", "group_slugs"))
			}
			got[r["repository_full_name"].(string)] = append(values, r["administrators_exempt"], fieldTexts(r["exempt_administrators"], "holder", "id", "name"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("people (-want +got):\n%s", diff)
		}
		t.Log(seen)
		if len(want) > 20 && (seen["exempt true"] == 0 || seen["exempt <nil>"] == 0) {
			t.Errorf("no branch exempts administrators, or none does not: %v", seen)
		}
		fake.ResetJournal()
		h.rows(tableQuery{table: "bitbucket_branch_protection", columns: "force_denied"})
		for endpoint, n := range requested(fake) {
			if strings.Contains(endpoint, "pullrequests") || strings.Contains(endpoint, "permissions-config") || strings.Contains(endpoint, "groups") {
				t.Errorf("%d requests for %s, but the column only needs the rules", n, endpoint)
			}
		}
	})
}

// exemptTruth reports whether the repository's rules on pushes and merges exempt an administrator, and returns the names.
func (g protectedBranch) exemptTruth() (exempt, names any) {
	all, restricted, unsure := []string{}, false, false
	projectShown := g.AdministersProject(g.r.Project, g.user)
	for _, b := range g.own() {
		if b.Kind != "push" && b.Kind != "restrict_merges" {
			continue
		}
		restricted = true
		unsure = unsure || len(b.Groups) > 0 && !projectShown
		for _, u := range b.Users {
			if g.EffectivePermission(g.r, u) == "admin" {
				all = append(all, "user "+u.UUID+" "+u.DisplayName)
			}
		}
		for _, group := range b.Groups {
			administers := slices.ContainsFunc(g.RepositoryGrants, func(x *organization.RepositoryGrant) bool {
				return x.Repository == g.r && x.Group == group && x.Permission == "admin"
			}) || projectShown && slices.ContainsFunc(g.ProjectGrants, func(x *organization.ProjectGrant) bool {
				return x.Project == g.r.Project && x.Group == group && x.Permission == "admin"
			})
			if administers {
				all = append(all, "group "+group.Slug+" "+group.Name)
			}
		}
	}
	switch {
	case !restricted:
		return nil, nil
	case len(all) > 0:
		return true, distinct(all)
	case unsure:
		return nil, nil
	}
	return false, []string{}
}
