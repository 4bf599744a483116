package generate

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// The word lists for pull requests.
var (
	intentions = []string{
		"Retry failed %s", "Speed up %s", "Remove the old %s", "Fix a race in %s", "Log less in %s", "Test %s",
		"Raise the timeout of %s", "Translate %s", "Document %s", `Quote "%s" as it should be`, "Déplacer %s – enfin ✓",
	}
	reviewRemarks = []string{
		"Looks good to me.", "Why not reuse what we have?", "Please add a test.", "A typo, line %d.",
		"This reads `nil` when the list is empty.", "Done in the last push.", "> Please add a test.\n\nThere is one now.",
		"Is <b>this</b> escaped & safe?", "🚀",
	}
	chores       = []string{"Add a test", "Update the changelog", "Ask the owners", "Rename the flag", "Measure it again"}
	changedPaths = []string{
		"README.md", "cmd/server/main.go", "internal/queue/retry.go", "docs/how to release.md", "src/größe.py",
		"web/app/index.tsx", "deploy/chart/values.yaml", "Makefile", ".github/CODEOWNERS", "test/fixtures/a,b.json",
	}
	declineReasons = []string{"", "", "No longer needed.", "Done in another way."}
)

// PullRequests returns the pull requests of a repository. Most repositories have a few, some have no pull requests,
// and a few have more than one page.
func (g *generator) PullRequests(r *organization.Repository) []*organization.PullRequest {
	n := 1 + g.IntN(5)
	switch {
	case r.MainBranch == "", g.IntN(6) == 0:
		return nil
	case g.IntN(30) == 0:
		n = 55 + g.IntN(20)
	}
	days := g.now.Sub(r.CreatedOn).Hours() / 24
	created := make([]time.Time, n)
	for i := range created {
		created[i] = g.ago(days)
	}
	slices.SortFunc(created, time.Time.Compare)
	m := &pullRequestMaker{generator: g, repository: r, users: g.usersOf(r.Workspace), nextID: 100_000_000 + int64(g.IntN(500_000_000))}
	for _, fork := range g.org.RepositoriesOf(r.Workspace) {
		if fork.Parent != nil && fork.Parent.UUID == r.UUID {
			m.forks = append(m.forks, fork)
		}
	}
	all := make([]*organization.PullRequest, n)
	for i, at := range created {
		all[n-1-i] = m.pullRequest(i+1, at)
	}
	return all
}

// A pullRequestMaker makes the pull requests of one repository.
type pullRequestMaker struct {
	*generator
	repository *organization.Repository
	users      []*organization.User
	forks      []*organization.Repository
	nextID     int64 // for comments and tasks
}

func (m *pullRequestMaker) id() int64 {
	m.nextID += 1 + int64(m.IntN(90))
	return m.nextID
}

// digits returns n digits of a Git hash.
func (m *pullRequestMaker) digits(n int) string {
	b := make([]byte, 20)
	for i := range b {
		b[i] = byte(m.IntN(256))
	}
	return hex.EncodeToString(b)[:n]
}

// between returns a time after one and before another.
func (m *pullRequestMaker) between(from, to time.Time) time.Time {
	return from.Add(time.Duration(m.Float64() * float64(to.Sub(from)))).Truncate(time.Microsecond)
}

func (m *pullRequestMaker) pullRequest(id int, created time.Time) *organization.PullRequest {
	topic := pick(m.generator, domains)
	p := &organization.PullRequest{
		ID: id, Title: fmt.Sprintf(pick(m.generator, intentions), topic), CreatedOn: created, Author: pick(m.generator, m.users),
		SourceBranch: fmt.Sprintf("feature/%s-%d", topic, id), DestinationBranch: m.repository.MainBranch,
		DestinationCommit: m.digits(12), CloseSourceBranch: m.IntN(2) == 0,
	}
	if m.IntN(3) > 0 {
		p.Description = p.Title + ", as agreed.\r\n\r\n* one\n* two"
	}
	if m.IntN(40) == 0 {
		p.Author = nil
	}
	end := m.fate(p)
	m.flags(p)
	m.commits(p, end)
	m.source(p)
	m.files(p)
	m.comments(p, end)
	m.tasks(p, end)
	m.reviews(p, end)
	m.statuses(p, end)
	m.activity(p, end)
	return p
}

// fate decides how a pull request ends. It returns the time of its last activity.
func (m *pullRequestMaker) fate(p *organization.PullRequest) time.Time {
	age := m.now.Sub(p.CreatedOn)
	end := p.CreatedOn.Add(time.Duration((0.1 + m.ExpFloat64()*4) * 24 * float64(time.Hour))).Truncate(time.Microsecond)
	if end.After(m.now) {
		end = m.between(p.CreatedOn, m.now)
	}
	recent := age < 21*24*time.Hour
	switch chance := m.IntN(100); {
	case recent && chance < 60, !recent && chance < 15: // old open ones were forgotten
		p.State = "OPEN"
		return end
	case chance < 80:
		p.State, p.ClosedBy, p.MergeCommit = "MERGED", pick(m.generator, m.users), m.digits(12)
		switch m.IntN(12) {
		case 0:
			p.ClosedBy = p.Author // without a review by another user
		case 1:
			p.MergeCommit = p.MergeCommit[:7]
		case 2:
			p.MergeCommit = m.digits(40)
		}
	case chance < 93:
		p.State, p.ClosedBy, p.Reason = "DECLINED", pick(m.generator, m.users), pick(m.generator, declineReasons)
	default:
		p.State, p.ClosedBy = "SUPERSEDED", p.Author
	}
	return end
}

// flags sets the fields that the service has had only for some years.
func (m *pullRequestMaker) flags(p *organization.PullRequest) {
	open := p.State == "OPEN"
	if age := m.now.Sub(p.CreatedOn); age < 2*365*24*time.Hour {
		draft, queued := m.IntN(5) == 0, open && m.IntN(12) == 0
		p.Draft = &draft
		if age < 365*24*time.Hour {
			p.Queued = &queued
		}
	}
	p.Conflicts = open && m.IntN(5) == 0
	if open && m.IntN(15) == 0 {
		p.DestinationCommit = "" // the branch is gone
	}
	p.NoDestinationRepository = m.IntN(60) == 0
}

func (m *pullRequestMaker) commits(p *organization.PullRequest, end time.Time) {
	parent := m.digits(40)
	from := p.CreatedOn.Add(-48 * time.Hour)
	times := m.times(1+m.IntN(4), from, end)
	if m.IntN(60) == 0 {
		times = m.times(120, from, end)
	}
	for i, at := range times {
		c := &organization.PullRequestCommit{
			Hash: m.digits(40), Date: at.Truncate(time.Second), Message: fmt.Sprintf("%s (%d)\n", p.Title, i+1),
			Author: p.Author, Parents: []string{parent},
		}
		if c.Author == nil || m.IntN(4) == 0 {
			c.Author, c.Raw = nil, "Somebody Else <somebody@elsewhere.example>"
			if m.IntN(4) == 0 {
				c.Raw = "builder"
			}
		} else {
			c.Raw = fmt.Sprintf("%s <%s>", c.Author.DisplayName, c.Author.Email)
		}
		parent = c.Hash
		p.Commits = append(p.Commits, c)
	}
	slices.Reverse(p.Commits)
	p.SourceCommit = p.Commits[0].Hash[:12]
}

// times returns n times in order.
func (m *pullRequestMaker) times(n int, from, to time.Time) []time.Time {
	all := make([]time.Time, n)
	for i := range all {
		all[i] = m.between(from, to)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// source decides where the commits are: in the repository, in a fork, or deleted.
func (m *pullRequestMaker) source(p *organization.PullRequest) {
	switch {
	case m.IntN(25) == 0:
		p.ForkDeleted, p.SourceCommit, p.Commits = true, "", nil
	case len(m.forks) > 0 && m.IntN(2) == 0:
		p.Fork = pick(m.generator, m.forks)
	case p.State == "DECLINED" && m.IntN(3) == 0:
		p.Commits = nil // the branch was deleted
	}
}

func (m *pullRequestMaker) files(p *organization.PullRequest) {
	if p.ForkDeleted {
		return
	}
	n := 1 + m.IntN(5)
	switch m.IntN(150) {
	case 0:
		n = 620
	case 1, 2, 3:
		n = 40
	}
	for i := range n {
		path := changedPaths[(i+p.ID)%len(changedPaths)]
		if i >= len(changedPaths) {
			path = fmt.Sprintf("generated/%03d/%s", i, path)
		}
		f := &organization.PullRequestFile{
			Status: "modified", OldPath: path, NewPath: path, LinesAdded: m.IntN(80), LinesRemoved: m.IntN(40),
		}
		switch m.IntN(9) {
		case 0:
			f.Status, f.OldPath, f.LinesRemoved = "added", "", 0
		case 1:
			f.Status, f.NewPath, f.LinesAdded = "removed", "", 0
		case 2:
			f.Status, f.OldPath = "renamed", "old/"+path
		case 3:
			if p.Conflicts {
				f.Status = "merge conflict"
			}
		}
		p.Files = append(p.Files, f)
	}
}

func (m *pullRequestMaker) comments(p *organization.PullRequest, end time.Time) {
	n := m.IntN(5)
	if m.IntN(100) == 0 {
		n = 120
	}
	for _, at := range m.times(n, p.CreatedOn, end) {
		c := &organization.PullRequestComment{
			ID: m.id(), Content: pick(m.generator, reviewRemarks), User: pick(m.generator, m.users), CreatedOn: at, UpdatedOn: at,
		}
		if strings.Contains(c.Content, "%d") {
			c.Content = fmt.Sprintf(c.Content, 1+m.IntN(200))
		}
		if m.IntN(6) == 0 {
			c.UpdatedOn = m.between(at, end)
		}
		if m.now.Sub(at) < 2*365*24*time.Hour {
			c.Pending = new(bool)
		}
		if len(p.Comments) > 0 && m.IntN(3) == 0 {
			c.Parent = pick(m.generator, p.Comments)
		}
		c.Inline = m.inline(p, c)
		if c.Parent == nil && m.IntN(5) == 0 {
			resolved := m.between(at, end)
			c.ResolvedBy, c.ResolvedOn = pick(m.generator, m.users), &resolved
		}
		if m.IntN(12) == 0 {
			c.Deleted, c.Content = true, ""
		}
		p.Comments = append(p.Comments, c)
	}
}

// inline returns the position of a comment in a file, or nil for a comment on the whole pull request.
func (m *pullRequestMaker) inline(p *organization.PullRequest, c *organization.PullRequestComment) *organization.InlineComment {
	if c.Parent != nil {
		return c.Parent.Inline
	}
	if len(p.Files) == 0 || m.IntN(2) == 0 {
		return nil
	}
	f := pick(m.generator, p.Files)
	at := &organization.InlineComment{Path: f.NewPath}
	if at.Path == "" {
		at.Path = f.OldPath
	}
	line := 1 + m.IntN(300)
	switch m.IntN(4) {
	case 0: // the whole file
	case 1:
		at.From = line
	case 2:
		at.To = line
	case 3:
		at.StartTo, at.To = line, line+3
	}
	return at
}

func (m *pullRequestMaker) tasks(p *organization.PullRequest, end time.Time) {
	n := max(0, m.IntN(5)-2)
	if m.IntN(120) == 0 {
		n = 110
	}
	for _, at := range m.times(n, p.CreatedOn, end) {
		t := &organization.PullRequestTask{
			ID: m.id(), Content: pick(m.generator, chores), State: "UNRESOLVED", Creator: pick(m.generator, m.users),
			CreatedOn: at, UpdatedOn: at,
		}
		if len(p.Comments) > 0 && m.IntN(2) == 0 {
			t.Comment = pick(m.generator, p.Comments)
		}
		if m.IntN(2) == 0 {
			resolved := m.between(at, end)
			t.State, t.UpdatedOn, t.ResolvedOn, t.ResolvedBy = "RESOLVED", resolved, &resolved, pick(m.generator, m.users)
		}
		p.Tasks = append(p.Tasks, t)
	}
}

// reviews makes the reviewers and participants: first the reviewers, then those who only commented or approved.
func (m *pullRequestMaker) reviews(p *organization.PullRequest, end time.Time) {
	take := func(u *organization.User, role string) {
		if u == nil || slices.ContainsFunc(p.Participants, func(who *organization.Participant) bool { return who.User == u }) {
			return
		}
		who := &organization.Participant{User: u, Role: role, NoState: m.now.Sub(p.CreatedOn) > 3*365*24*time.Hour}
		for _, c := range p.Comments {
			if c.User == u {
				who.ParticipatedOn = &c.CreatedOn
			}
		}
		verdict := m.IntN(10)
		if at := m.between(p.CreatedOn, end); verdict < 5 {
			who.Approved, who.State, who.ParticipatedOn = true, "approved", &at
		} else if verdict == 9 {
			who.State, who.ParticipatedOn = "changes_requested", &at
		}
		p.Participants = append(p.Participants, who)
	}
	if m.IntN(4) > 0 {
		reviewers := append(slices.Clone(m.repository.DefaultReviewers), pick(m.generator, m.users))
		for _, u := range reviewers {
			if u != p.Author {
				take(u, "REVIEWER")
			}
		}
		for _, who := range p.Participants {
			p.Reviewers = append(p.Reviewers, who.User)
		}
	}
	for _, c := range p.Comments {
		take(c.User, "PARTICIPANT")
	}
}

func (m *pullRequestMaker) statuses(p *organization.PullRequest, end time.Time) {
	n := m.IntN(4)
	if p.ForkDeleted {
		n = 0
	}
	for i := range n {
		at := m.between(p.CreatedOn, end)
		s := &organization.PullRequestStatus{
			Key: fmt.Sprint(700_000_000 + m.IntN(90_000_000)), Name: fmt.Sprintf("Pipeline #%d", 1+m.IntN(900)), State: "SUCCESSFUL",
			URL:       fmt.Sprintf("%s/%s/pipelines/results/%d#!/steps", site, m.repository.FullName(), 1+m.IntN(900)),
			CreatedOn: at, UpdatedOn: m.between(at, end), Refname: &p.SourceBranch,
		}
		if i > 0 {
			s.Key, s.Name = fmt.Sprintf("SCAN-%d", i), "Security scan"
			s.URL, s.Description = "https://scan.example.com/?a=1&b=2", "Nothing found."
			s.Refname, s.NoRefname = nil, i == 1
		}
		switch m.IntN(6) {
		case 0:
			s.State, s.Description = "FAILED", "There was a failure."
		case 1:
			if p.State == "OPEN" {
				s.State = "INPROGRESS"
			}
		case 2:
			if i > 0 {
				s.State = "STOPPED"
			}
		}
		p.Statuses = append(p.Statuses, s)
	}
}

// activity sets the activity of a pull request, the newest first. The pull request was last updated at the time of
// the newest entry.
func (m *pullRequestMaker) activity(p *organization.PullRequest, end time.Time) {
	add := func(e organization.PullRequestEvent) { p.Activity = append(p.Activity, &e) }
	p.Activity = m.updates(p, end)
	for _, c := range p.Comments {
		add(organization.PullRequestEvent{Kind: "comment", Date: c.CreatedOn, User: c.User, Comment: c})
	}
	for _, who := range p.Participants {
		if who.Approved {
			add(organization.PullRequestEvent{Kind: "approval", Date: *who.ParticipatedOn, User: who.User})
		} else if who.State == "changes_requested" {
			add(organization.PullRequestEvent{Kind: "changes_requested", Date: *who.ParticipatedOn, User: who.User})
		}
	}
	if m.IntN(40) == 0 {
		add(organization.PullRequestEvent{Date: m.between(p.CreatedOn, end)})
	}
	slices.SortStableFunc(p.Activity, func(a, b *organization.PullRequestEvent) int { return b.Date.Compare(a.Date) })
	p.UpdatedOn = end
}
