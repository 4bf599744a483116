package fakebitbucket

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A BranchRestriction is a rule about branches: who may do something with them, or what a pull request must have before
// it is merged into them.
type BranchRestriction struct {
	ID              int
	Kind            string
	BranchMatchKind string // glob or branching_model
	Pattern         string // of a glob; else ""
	BranchType      string // of the branching model; else ""
	Value           *int   // of kinds that count
	Users           []*User
	Groups          []*Group
}

// BranchRestrictions are the branch restrictions of a repository, the latest first.
func (o *Organization) BranchRestrictions(r *Repository) []*BranchRestriction {
	return once(o, "branch restrictions", r.UUID, func(g *generator) []*BranchRestriction {
		return g.branchRestrictions(r)
	})
}

// ProjectRestrictions are the branch restrictions of a project, which hold in all of its repositories. No endpoint reads
// them: only the merge checks of a pull request show what they ask for.
func (o *Organization) ProjectRestrictions(p *Project) []*BranchRestriction {
	return once(o, "branch restrictions", p.UUID, func(g *generator) []*BranchRestriction {
		var all []*BranchRestriction
		if g.IntN(2) == 0 {
			return nil
		}
		for _, rule := range protection {
			if value := rule.value; rule.kind != "enforce_merge_checks" || g.IntN(3) > 0 {
				all = append(all, &BranchRestriction{Kind: rule.kind, BranchMatchKind: "glob", Pattern: "*", Value: &value})
			}
		}
		return all
	})
}

// Rules are the branch restrictions for a branch of a repository: its own, and those of its project.
func (o *Organization) Rules(r *Repository, branch string) []*BranchRestriction {
	return slices.DeleteFunc(slices.Concat(o.BranchRestrictions(r), o.ProjectRestrictions(r.Project)), func(b *BranchRestriction) bool {
		return !o.isAbout(r, branch, b)
	})
}

// isAbout tells whether a restriction is about a branch: by a pattern, or by the part that the branch plays.
func (o *Organization) isAbout(r *Repository, branch string, b *BranchRestriction) bool {
	if b.BranchMatchKind == "glob" {
		return matchesGlob(branch, b.Pattern)
	}
	model := o.EffectiveBranchingModel(r)
	for kind, role := range map[string]BranchRole{"production": model.Production, "development": model.Development} {
		if kind == b.BranchType && role.Enabled && (branch == role.Name || role.Name == "" && branch == r.MainBranch) {
			return true
		}
	}
	return slices.ContainsFunc(model.Types, func(t BranchType) bool {
		return t.Kind == b.BranchType && t.Enabled && strings.HasPrefix(branch, t.Prefix)
	})
}

// matchesGlob compares a name with a pattern, in which * stands for any text.
func matchesGlob(name, pattern string) bool {
	before, after, found := strings.Cut(pattern, "*")
	if !found {
		return name == pattern
	}
	rest, ok := strings.CutPrefix(name, before)
	for i := 0; ok && i <= len(rest); i++ {
		if matchesGlob(rest[i:], after) {
			return true
		}
	}
	return false
}

// protection is everything that guards a branch, and what the kinds that count ask for.
var protection = []struct {
	kind  string
	value int
}{
	{"push", 0}, {"force", 0}, {"delete", 0}, {"restrict_merges", 0}, {"require_approvals_to_merge", 2},
	{"require_passing_builds_to_merge", 1}, {"require_tasks_to_be_completed", 0},
	{"require_all_comments_resolved", 0}, {"reset_pullrequest_approvals_on_change", 0}, {"require_commits_behind", 5},
	{"enforce_merge_checks", 0},
}

// morePolicies are kinds that only some use.
var morePolicies = []string{
	"require_default_reviewer_approvals_to_merge", "require_no_changes_requested",
	"reset_pullrequest_changes_requested_on_change", "allow_auto_merge_when_builds_pass",
	"smart_reset_pullrequest_approvals", "require_review_group_approvals_to_merge", "require_all_dependencies_merged",
}

// branchRestrictions guard the main branch of a third of the repositories with everything, of a third with something.
func (g *generator) branchRestrictions(r *Repository) []*BranchRestriction {
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

// restrictions collects the restrictions of one repository.
type restrictions struct {
	*generator
	users  []*User
	groups []*Group
	id     int
	all    []*BranchRestriction
}

// add adds a restriction for branches that match a pattern, or that are of a type. Those who are exempt from one on
// pushes and merges are a group, and now and then a user.
func (s *restrictions) add(kind, pattern, branchType string, value int) {
	s.id += 1 + s.IntN(3)
	b := &BranchRestriction{ID: s.id, Kind: kind, BranchMatchKind: "glob", Pattern: pattern, BranchType: branchType}
	if branchType != "" {
		b.BranchMatchKind = "branching_model"
	}
	if value > 0 {
		b.Value = &value
	}
	if kind == "push" || kind == "restrict_merges" {
		if len(s.groups) > 0 {
			b.Groups = []*Group{pick(s.generator, s.groups)}
		}
		if len(b.Groups) == 0 || s.IntN(3) == 0 {
			b.Users = []*User{pick(s.generator, s.users)}
		}
	}
	s.all = append(s.all, b)
}

// restrictionsAskedFor are the restrictions of a repository of the kind and with the pattern that were asked for.
func restrictionsAskedFor(c *call) []*BranchRestriction {
	asked := func(name, value string) bool { return !c.query.Has(name) || c.query.Get(name) == value }
	var wanted []*BranchRestriction
	for _, b := range c.org.BranchRestrictions(c.repository) {
		if asked("kind", b.Kind) && asked("pattern", b.Pattern) {
			wanted = append(wanted, b)
		}
	}
	return wanted
}

func (b *BranchRestriction) id() string { return strconv.Itoa(b.ID) }

// branchRestriction renders the branch restrictions of a repository.
func branchRestriction(r *Repository) func(*BranchRestriction) object {
	return func(b *BranchRestriction) object {
		users, groups := make([]object, len(b.Users)), make([]object, len(b.Groups))
		for i, u := range b.Users {
			users[i] = embeddedUser(u).(object)
		}
		for i, x := range b.Groups {
			groups[i] = groupObject(x).without([]string{"default_permission", "workspace"}).
				condensed("type", "name", "slug", "full_slug", "account_privilege", "owner", "links")
		}
		var value any
		if b.Value != nil {
			value = *b.Value
		}
		o := object{
			{name: "type", value: "branchrestriction"},
			{name: "id", value: b.ID},
			{name: "kind", value: b.Kind},
			{name: "branch_match_kind", value: b.BranchMatchKind},
			{name: "pattern", value: b.Pattern},
			{name: "value", value: value},
			{name: "users", value: users},
			{name: "groups", value: groups},
			{name: "links", value: links("self",
				fmt.Sprintf("%s/!api/2.0/repositories/%s/branch-restrictions/%d", linkSite, r.FullName(), b.ID))},
		}
		if b.BranchType != "" {
			o = append(o, member{name: "branch_type", value: b.BranchType})
		}
		return o
	}
}
