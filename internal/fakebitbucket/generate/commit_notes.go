package generate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// Statuses returns builds of several systems. Some failed, some never ended, and some commits were not built at all.
func (g *generator) Statuses(r *organization.Repository, c *organization.Commit) []*organization.CommitStatus {
	var all []*organization.CommitStatus
	for i := range min(g.IntN(5), 3) {
		s := &organization.CommitStatus{State: pick(g, []string{"SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL", "FAILED", "STOPPED"})}
		s.CreatedOn = c.Date.Add(time.Duration(1+i) * time.Minute).Add(time.Duration(g.IntN(999_999)) * time.Microsecond)
		s.UpdatedOn = s.CreatedOn.Add(time.Duration(g.IntN(1800)) * time.Second)
		if g.IntN(12) == 0 {
			s.State, s.UpdatedOn = "INPROGRESS", s.CreatedOn
		}
		switch i {
		case 0:
			s.Key = fmt.Sprint(700_000_000 + g.IntN(90_000_000))
			s.Name = fmt.Sprintf("Pipeline #%d for %s", 1+g.IntN(900), r.MainBranch)
			s.URL = fmt.Sprintf("%s/%s/addon/pipelines/home#!/results/%d", site, r.FullName(), 1+g.IntN(900))
			s.Refname = &r.MainBranch
		case 1:
			s.Key = fmt.Sprintf("%016x%016x", g.Uint64(), g.Uint64())
			s.Name = fmt.Sprintf("%s » test #%d", r.Slug, 1+g.IntN(900))
			s.URL = "https://builds.example.com/job/" + r.Slug + "/display/redirect?page=a&b=%2F"
			s.Description = map[string]string{
				"FAILED": "There was a failure building this commit.", "SUCCESSFUL": "This commit looks good.",
			}[s.State]
		case 2:
			s.Key, s.Name = "quality/gate", "Quality gate"
			s.URL = "https://quality.example.com/" + r.Slug
			s.Description = fmt.Sprintf("%d new issues", g.IntN(9))
		}
		s.CreatedOn, s.UpdatedOn = earliest(s.CreatedOn, g.now), earliest(s.UpdatedOn, g.now)
		all = append(all, s)
	}
	return all
}

// CommitComments returns the comments on a commit: on lines, on files, on the whole commit, and answers.
func (g *generator) CommitComments(r *organization.Repository, c *organization.Commit) []*organization.CommitComment {
	var all []*organization.CommitComment
	users, changes := g.usersOf(r.Workspace), c.Changes()
	at := c.Date
	for range max(0, g.IntN(7)-4) * (1 + g.IntN(3)) {
		at = g.after(at)
		comment := &organization.CommitComment{
			ID: 1_000_000 + g.Int64N(1<<40), User: pick(g, users), Text: pick(g, remarks), CreatedOn: at, UpdatedOn: at,
		}
		if g.IntN(3) == 0 {
			comment.UpdatedOn = g.after(at)
		}
		switch g.IntN(5) {
		case 0:
			if len(changes) > 0 {
				g.anchor(comment, pick(g, changes))
			}
		case 1:
			if len(all) > 0 {
				comment.Parent = pick(g, all)
				comment.Path, comment.From, comment.To = comment.Parent.Path, comment.Parent.From, comment.Parent.To
			}
		case 2:
			if g.IntN(2) == 0 {
				comment.Deleted, comment.Text = true, ""
			} else {
				comment.User = nil
			}
		}
		all = append(all, comment)
	}
	return all
}

// anchor puts a comment on a line of a file's old or new version, or on the whole file.
func (g *generator) anchor(comment *organization.CommitComment, at organization.Change) {
	comment.Path = at.Path()
	line := 1 + g.IntN(30)
	switch g.IntN(3) {
	case 0:
		comment.From = &line
	case 1:
		comment.To = &line
	}
}

// Approvals returns the approvals of a commit. Most commits have no approvals.
func (g *generator) Approvals(r *organization.Repository, c *organization.Commit) []organization.Approval {
	var approvals []organization.Approval
	for range max(0, g.IntN(5)-2) {
		approvals = append(approvals, organization.Approval{User: pick(g, g.usersOf(r.Workspace)), On: g.after(c.Date)})
	}
	return approvals
}

// Reports returns the results of analyses of a commit.
func (g *generator) Reports(c *organization.Commit) []*organization.Report {
	var all []*organization.Report
	first := g.IntN(len(reportKinds))
	for i := range max(0, g.IntN(6)-2) {
		kind := reportKinds[(first+i)%len(reportKinds)]
		created := earliest(g.now, c.Date.Add(time.Duration(60+g.IntN(3600*1000))*time.Millisecond))
		report := &organization.Report{
			UUID: g.UUID(), ExternalID: fmt.Sprintf("%s-%03d", kind.reporter, 1+g.IntN(999)), Title: kind.title,
			Details: kind.details, Reporter: kind.reporter, Type: kind.name, Link: "https://" + kind.reporter + ".example.com/run?id=1",
			Result: pick(g, []string{"PASSED", "PASSED", "FAILED", "PENDING"}), CreatedOn: created,
			UpdatedOn: earliest(g.now, created.Add(time.Duration(g.IntN(600))*time.Second)),
		}
		report.Data = []organization.ReportValue{
			{Title: "Duration", Type: "DURATION", Value: 1000 + g.IntN(900_000)},
			{Title: "Safe to merge?", Type: "BOOLEAN", Value: report.Result == "PASSED"},
			{Title: "Log", Type: "LINK", Value: organization.ReportLink{Text: "Log", Address: report.Link + "#log"}},
		}
		switch kind.name {
		case "COVERAGE":
			report.Data = append(report.Data, organization.ReportValue{Title: "Coverage", Type: "PERCENTAGE", Value: g.IntN(101)})
			report.RemoteLinkEnabled = true
		case "TEST":
			report.Link, report.Data = "", nil
		default:
			report.Annotations = g.annotations(report, c)
		}
		all = append(all, report)
	}
	return all
}

// annotations returns some findings, which sometimes fill more than one page.
func (g *generator) annotations(report *organization.Report, c *organization.Commit) []*organization.Annotation {
	names := make([]string, 0, len(c.Files))
	for name := range c.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	n := g.IntN(6)
	if g.IntN(15) == 0 {
		n = 120
	}
	var all []*organization.Annotation
	for i := range n {
		kind := pick(g, []string{"VULNERABILITY", "CODE_SMELL", "BUG"})
		a := &organization.Annotation{
			UUID: g.UUID(), ExternalID: fmt.Sprintf("%s-%d", report.ExternalID, i+1), Type: kind,
			Summary: pick(g, findings[kind]), Details: strings.Repeat("More about it. ", g.IntN(3)),
			Severity: pick(g, []string{"CRITICAL", "HIGH", "MEDIUM", "LOW"}),
			Result:   pick(g, []string{"FAILED", "FAILED", "PASSED", "SKIPPED", "IGNORED", ""}),
			Link:     report.Link, CreatedOn: report.CreatedOn, UpdatedOn: report.UpdatedOn,
		}
		if len(names) > 0 && g.IntN(5) > 0 {
			a.Path, a.Line = pick(g, names), g.IntN(40)
		}
		all = append(all, a)
	}
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// The word lists of the notes on commits.
var (
	remarks = []string{
		"Looks good.", "Why not **bold**?", "This breaks <nothing>, I hope & believe.", "See the line above.\n\nIt is better there.",
		"Größer als nötig ✓", "`go vet` says otherwise.",
	}

	reportKinds = []struct{ name, reporter, title, details string }{
		{"SECURITY", "scanner", "Security scan report", "This commit has 3 vulnerable dependencies."},
		{"COVERAGE", "coverage", "Coverage report", "Lines that tests run."},
		{"BUG", "linter", "Static analysis", "What the linter found."},
		{"TEST", "tests", "Test report", ""},
	}

	findings = map[string][]string{
		"VULNERABILITY": {"A dependency has a known vulnerability.", "A secret in the code", "SQL that is put together from text"},
		"CODE_SMELL":    {"This function is too long.", "A name that says nothing"},
		"BUG":           {"This pointer may be nil.", "The error is ignored."},
	}
)
