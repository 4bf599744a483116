package generate

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// updates returns the updates of a pull request, the oldest first: its creation, its changes, and its end. Each
// update contains the pull request at that time.
func (m *pullRequestMaker) updates(p *organization.PullRequest, end time.Time) []*organization.PullRequestEvent {
	first := &organization.PullRequestEvent{
		Kind: "update", Date: p.CreatedOn, User: p.Author, State: "OPEN", Title: p.Title, SourceCommit: p.SourceCommit,
		Draft: p.Draft, Reviewers: p.Reviewers,
	}
	changes := append(pushes(p, first), edits(Seeded(uint64(p.ID), "updates in "+m.repository.UUID), p, first, end)...)
	if m.IntN(4) == 0 { // no answer shows the change
		changes = append(changes, change{m.between(p.CreatedOn, end), func(*organization.PullRequestEvent) {}})
	}
	if p.State != "OPEN" {
		changes = append(changes, change{end, func(e *organization.PullRequestEvent) { e.User, e.State = p.ClosedBy, p.State }})
	}
	slices.SortStableFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	all := []*organization.PullRequestEvent{first}
	for _, c := range changes {
		next := *all[len(all)-1]
		next.Date = c.at
		c.apply(&next)
		all = append(all, &next)
	}
	return all
}

// A change is the difference between an update and the one before.
type change struct {
	at    time.Time
	apply func(*organization.PullRequestEvent)
}

// pushes returns the pushes after the creation of a pull request. A few bring many commits. It also sets the last
// commit at the creation.
func pushes(p *organization.PullRequest, first *organization.PullRequestEvent) []change {
	if len(p.Commits) == 0 {
		return nil // the commits are no longer known
	}
	later := slices.DeleteFunc(slices.Clone(p.Commits), func(c *organization.PullRequestCommit) bool { return !c.Date.After(p.CreatedOn) })
	later = later[:min(len(later), len(p.Commits)-1)]
	first.SourceCommit = p.Commits[len(later)].Hash[:12]
	var all []change
	for i := 0; i < len(later); i += 1 + len(later)/5 {
		all = append(all, change{later[i].Date, func(e *organization.PullRequestEvent) { e.SourceCommit = later[i].Hash[:12] }})
	}
	return all
}

// edits returns changes to the title, the draft flag and the reviewers of some pull requests. It also sets their
// values at the creation.
func edits(chance *rand.Rand, p *organization.PullRequest, first *organization.PullRequestEvent, end time.Time) (all []change) {
	edit := func(apply func(*organization.PullRequestEvent)) {
		at := p.CreatedOn.Add(time.Duration(chance.Float64() * float64(end.Sub(p.CreatedOn)))).Truncate(time.Microsecond)
		all = append(all, change{at, apply})
	}
	if chance.IntN(6) == 0 {
		first.Title = "WIP: " + p.Title
		edit(func(e *organization.PullRequestEvent) { e.Title = p.Title })
	}
	if p.Draft != nil && !*p.Draft && chance.IntN(4) == 0 {
		yes := true
		first.Draft = &yes
		edit(func(e *organization.PullRequestEvent) { e.Draft = p.Draft })
	}
	if n := len(p.Reviewers); n > 0 && chance.IntN(4) == 0 {
		first.Reviewers = p.Reviewers[:n-1]
		edit(func(e *organization.PullRequestEvent) { e.Reviewers = p.Reviewers })
	}
	return all
}
