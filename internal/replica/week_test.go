package replica

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// soak makes a test use an organization of the size that it is about: `make soak`.
var soak = flag.Bool("soak", false, "test with 500 repositories")

// A night is what happens in an organization on one day.
type night struct {
	what   string
	change func(fake *fakebitbucket.Server, repositories []string)
}

// touch moves the time at which a repository was last changed, as Bitbucket does for a change of its settings.
func touch(fake *fakebitbucket.Server, fullName string) {
	fake.ChangeRepository(fullName, func(r *organization.Repository) { r.UpdatedOn = time.Now() })
}

var nights = []night{
	{"nothing", func(*fakebitbucket.Server, []string) {}},
	{"pushes", func(fake *fakebitbucket.Server, in []string) {
		fake.Push(in[0], "main", organization.Commit{Message: "one\n"}, organization.Commit{Message: "two\n"})
		fake.Push(in[1], "feature/new", organization.Commit{Message: "on a new branch\n"})
		fake.DeleteBranch(in[1], "feature/new")
		fake.Push(in[1], "feature/newer", organization.Commit{Message: "on a newer branch\n"})
	}},
	{"pull requests", func(fake *fakebitbucket.Server, in []string) {
		p := fake.AddPullRequest(in[2], organization.PullRequest{Title: "New"})
		fake.AddPullRequest(in[3], organization.PullRequest{Title: "Other"})
		fake.ChangePullRequest(in[2], p.ID, func(p *organization.PullRequest) {
			user := fake.Organization().Users[0]
			p.UpdatedOn = time.Now()
			p.Comments = append(p.Comments, &organization.PullRequestComment{ID: 99887766, Content: "Late", User: user, CreatedOn: p.UpdatedOn, UpdatedOn: p.UpdatedOn})
			p.Participants = append(p.Participants, &organization.Participant{User: user, Role: "PARTICIPANT"})
		})
	}},
	{"access", func(fake *fakebitbucket.Server, in []string) {
		o := fake.Organization()
		fake.GrantRepository(in[0], o.Users[1].UUID, "admin")
		fake.RevokeRepository(in[0], o.Users[1].UUID)
		fake.GrantRepository(in[4], o.Users[2].UUID, "write")
		w := o.Repository(in[0]).Workspace
		fake.AddGroupMember(w.Slug, o.GroupsOf(w)[0].Slug, o.Users[3].UUID)
	}},
	{"repositories", func(fake *fakebitbucket.Server, in []string) {
		fake.RemoveRepository(in[5])
		w := fake.Organization().Repository(in[0]).Workspace
		made := fake.AddRepository(organization.Repository{Workspace: w, Slug: "brand-new", MainBranch: "main"})
		fake.GrantRepository(made.FullName(), fake.Organization().Connected.UUID, "admin")
		fake.ChangeRepository(in[6], func(r *organization.Repository) { r.Slug, r.UpdatedOn = "renamed", time.Now() })
	}},
	{"settings", func(fake *fakebitbucket.Server, in []string) {
		fake.AddWebhook(in[7], organization.Webhook{UUID: "{11111111-2222-3333-4444-555555555555}", URL: "https://hooks.example.com/x", Active: true, Events: []string{"repo:push"}})
		touch(fake, in[7])
	}},
}

// After each night of a week, the copy equals a fresh one.
func TestCopyWeek(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 16, Projects: 3, Users: 8, Groups: 3, OneWorkspace: true})
	c := &copier{TB: t, fake: fake}
	to := newMemory()
	full := c.copy(to, weekly)
	in := withCommits(fake)
	for _, n := range nights {
		t.Run(n.what, func(t *testing.T) {
			c.TB = t
			n.change(fake, in)
			o := weekly
			var plan Plan
			o.Announce = func(p Plan) { plan = p }
			summary := c.copy(to, o)
			if plan.Requests > summary.Run.Requests {
				t.Errorf("the plan needs at least %d requests, and the run sent %d", plan.Requests, summary.Run.Requests)
			}
			if summary.Run.IsFull {
				t.Error("the run was full")
			}
			t.Logf("%d requests of %d, %d rows", summary.Run.Requests, full.Run.Requests, summary.Rows)
			c.compare(to)
		})
	}
}

// withCommits returns the full names of repositories of the first workspace that have a main branch and pull requests.
func withCommits(fake *fakebitbucket.Server) (names []string) {
	o := fake.Organization()
	for _, r := range o.VisibleRepositories(o.Connected) {
		if r.Workspace == o.Workspaces[0] && o.Branch(r, "main") != nil && len(o.PullRequests(r)) > 0 {
			names = append(names, r.FullName())
		}
	}
	if len(names) < 8 {
		panic(fmt.Sprintf("only %d repositories have what the test needs", len(names)))
	}
	return names
}

// A nightly run of an organization in which one repository of twelve was touched takes at most a tenth of the requests of
// a full run.
func TestNightCostsATenth(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	repositories := 120
	if *soak {
		repositories = 500
	}
	yesterday := time.Now().Add(-24 * time.Hour)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: repositories, Projects: 10, Users: 12, Groups: 4, OneWorkspace: true, Now: func() time.Time { return yesterday }})
	c := &copier{TB: t, fake: fake}
	to := newMemory()
	full := c.copy(to, weekly).Run.Requests
	in := withCommits(fake)
	touched := repositories * 40 / 500
	for i, name := range in[:touched] {
		if i%2 == 0 {
			fake.Push(name, "main", organization.Commit{Message: "one\n", Date: time.Now()})
			touch(fake, name)
		} else {
			fake.AddPullRequest(name, organization.PullRequest{Title: "New", CreatedOn: time.Now(), UpdatedOn: time.Now()})
		}
	}
	nightly := c.copy(to, weekly).Run.Requests
	t.Logf("%d repositories, %d touched: %d requests of %d, %.1f %%", repositories, touched, nightly, full, float64(nightly)*100/float64(full))
	if nightly*10 > full {
		t.Errorf("%d requests for the night, %d for all: more than a tenth", nightly, full)
	}
}
