package fakebitbucket

import (
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func reviewerObject(e organization.EffectiveReviewer) object {
	return object{
		{name: "type", value: "default_reviewer"},
		{name: "reviewer_type", value: e.From},
		{name: "user", value: lazy(func() any { return embeddedUser(e.User) })},
	}
}

// reviewerAmong returns the user if they are one of the default reviewers, or nil.
func reviewerAmong(reviewers []*organization.User, u *organization.User) *organization.User {
	if u == nil || !slices.Contains(reviewers, u) {
		return nil
	}
	return u
}
