package fakebitbucket

import "slices"

// An EffectiveReviewer is proposed on every pull request of a repository.
type EffectiveReviewer struct {
	User *User
	From string // repository or project
}

// ProjectDefaultReviewers are proposed on every pull request of all repositories of a project.
func (o *Organization) ProjectDefaultReviewers(p *Project) []*User {
	return once(o, "default reviewers", p.UUID, func(g *generator) []*User {
		people := slices.DeleteFunc(g.usersOf(p.Workspace), func(u *User) bool { return u.Type != "user" })
		if len(people) == 0 || g.IntN(3) == 0 {
			return nil
		}
		return reviewersAmong(people, p.UUID)
	})
}

// EffectiveDefaultReviewers are the default reviewers of a repository and those of its project besides.
func (o *Organization) EffectiveDefaultReviewers(r *Repository) []EffectiveReviewer {
	var all []EffectiveReviewer
	for _, u := range r.DefaultReviewers {
		all = append(all, EffectiveReviewer{u, "repository"})
	}
	for _, u := range o.ProjectDefaultReviewers(r.Project) {
		if !slices.Contains(r.DefaultReviewers, u) {
			all = append(all, EffectiveReviewer{u, "project"})
		}
	}
	return all
}

func reviewerObject(e EffectiveReviewer) object {
	return object{
		{name: "type", value: "default_reviewer"},
		{name: "reviewer_type", value: e.From},
		{name: "user", value: lazy(func() any { return embeddedUser(e.User) })},
	}
}

// reviewerAmong is one of some default reviewers, or nil.
func reviewerAmong(reviewers []*User, u *User) *User {
	if u == nil || !slices.Contains(reviewers, u) {
		return nil
	}
	return u
}
