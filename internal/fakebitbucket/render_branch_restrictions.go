package fakebitbucket

import (
	"fmt"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// requestedRestrictions returns the restrictions of a repository with the requested kind and pattern.
func requestedRestrictions(c *call) []*organization.BranchRestriction {
	matches := func(name, value string) bool { return !c.query.Has(name) || c.query.Get(name) == value }
	var restrictions []*organization.BranchRestriction
	for _, b := range c.org.BranchRestrictions(c.repository) {
		if matches("kind", b.Kind) && matches("pattern", b.Pattern) {
			restrictions = append(restrictions, b)
		}
	}
	return restrictions
}

// branchRestriction renders the branch restrictions of a repository.
func branchRestriction(r *organization.Repository) func(*organization.BranchRestriction) object {
	return func(b *organization.BranchRestriction) object {
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
			{name: "links", value: linksOf("self",
				fmt.Sprintf("%s/!api/2.0/repositories/%s/branch-restrictions/%d", linkSite, r.FullName(), b.ID))},
		}
		if b.BranchType != "" {
			o = append(o, jsonMember{name: "branch_type", value: b.BranchType})
		}
		return o
	}
}
