package organization

import "slices"

// An EffectiveReviewer is a reviewer who is proposed on every pull request of a repository.
type EffectiveReviewer struct {
	User *User
	From string // repository or project
}

// ProjectDefaultReviewers returns the users who are proposed on every pull request in all repositories of a project.
func (o *Organization) ProjectDefaultReviewers(p *Project) []*User {
	return once(o, "default reviewers", p.UUID, func(g Generator) []*User { return g.ProjectDefaultReviewers(p) })
}

// EffectiveDefaultReviewers returns the default reviewers of a repository, followed by those of its project.
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
