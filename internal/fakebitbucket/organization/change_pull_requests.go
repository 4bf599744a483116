package organization

import (
	"fmt"
	"slices"
)

// AddPullRequest adds an open pull request with the next number to a repository. Other empty fields get simple
// values.
func (c *Current) AddPullRequest(fullName string, p PullRequest) *PullRequest {
	c.changePullRequests(fullName, func(o *Organization, r *Repository, all []*PullRequest) []*PullRequest {
		p.ID = 1
		if len(all) > 0 {
			p.ID = all[0].ID + 1
		}
		if p.State == "" {
			p.State = "OPEN"
		}
		if p.Title == "" {
			p.Title = fmt.Sprintf("Pull request %d", p.ID)
		}
		if p.CreatedOn.IsZero() {
			p.CreatedOn, p.UpdatedOn = c.now(), c.now()
		}
		g := o.generator(o, uint64(p.ID), r.UUID)
		if p.SourceBranch == "" {
			p.SourceBranch, p.SourceCommit = fmt.Sprintf("feature/%d", p.ID), g.Hash()[:12]
		}
		if p.DestinationBranch == "" {
			p.DestinationBranch, p.DestinationCommit = r.MainBranch, g.Hash()[:12]
		}
		return append([]*PullRequest{&p}, all...)
	})
	return &p
}

// ChangePullRequest replaces a pull request with a changed copy.
func (c *Current) ChangePullRequest(fullName string, id int, change func(*PullRequest)) {
	c.changePullRequests(fullName, func(_ *Organization, _ *Repository, all []*PullRequest) []*PullRequest {
		i := slices.IndexFunc(all, func(p *PullRequest) bool { return p.ID == id })
		if i < 0 {
			panic(fmt.Sprintf("fakebitbucket: no pull request %d in %s", id, fullName))
		}
		changed := *all[i]
		change(&changed)
		all[i] = &changed
		return all
	})
}

func (c *Current) changePullRequests(fullName string, change func(*Organization, *Repository, []*PullRequest) []*PullRequest) {
	c.change.Lock()
	defer c.change.Unlock()
	o := c.Organization()
	r := Must(o.Repository(fullName), "repository", fullName)
	replace(o, pullRequestKind, r.UUID, change(o, r, slices.Clone(o.PullRequests(r))))
}
