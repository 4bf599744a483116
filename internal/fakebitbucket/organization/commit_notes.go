package organization

import "time"

// What is kept beside a commit, and not in Git: statuses, reports, comments and approvals.

// A CommitStatus is what a build system says about a commit.
type CommitStatus struct {
	Key, Name, State     string // FAILED, INPROGRESS, STOPPED or SUCCESSFUL
	URL, Description     string
	Refname              *string // may be null
	CreatedOn, UpdatedOn time.Time
}

// A CommitComment is a comment on a commit, or on a line of it.
type CommitComment struct {
	ID                   int64
	User                 *User // nil after the account was deleted
	Text                 string
	Parent               *CommitComment // of a reply
	Path                 string         // "" if the comment is on the commit as a whole
	From, To             *int           // lines; both null on a whole file
	Deleted              bool
	CreatedOn, UpdatedOn time.Time
}

// An Approval is that somebody approved a commit.
type Approval struct {
	User *User
	On   time.Time
}

// A Report is what an analysis found in a commit.
type Report struct {
	UUID, ExternalID, Title, Details, Reporter string
	Link, LogoURL                              string // "" is left out
	Type                                       string // SECURITY, COVERAGE, TEST or BUG
	Result                                     string // PASSED, FAILED or PENDING
	RemoteLinkEnabled                          bool
	Data                                       []ReportValue
	Annotations                                []*Annotation
	CreatedOn, UpdatedOn                       time.Time
}

// A ReportValue is a value that a report shows.
type ReportValue struct {
	Title, Type string
	Value       any // an int, a bool or a ReportLink
}

// A ReportLink is a link that a report shows.
type ReportLink struct{ Text, Address string }

// An Annotation is one finding of a report.
type Annotation struct {
	UUID, ExternalID, Type, Summary, Details string
	Path                                     string // "" if the finding is in no file
	Line                                     int    // 0 if it is in no line
	Severity, Result                         string // "" is left out
	Link                                     string // "" is left out
	CreatedOn, UpdatedOn                     time.Time
}

// commitID names what belongs to a commit of a repository.
func commitID(r *Repository, c *Commit) string { return r.UUID + " " + c.Hash }

// Statuses are the statuses of a commit, the oldest first.
func (o *Organization) Statuses(r *Repository, c *Commit) []*CommitStatus {
	return once(o, "statuses", commitID(r, c), func(g Generator) []*CommitStatus { return g.Statuses(r, c) })
}

// CommitComments are the comments on a commit, the oldest first.
func (o *Organization) CommitComments(r *Repository, c *Commit) []*CommitComment {
	return once(o, "comments", commitID(r, c), func(g Generator) []*CommitComment { return g.CommitComments(r, c) })
}

// Approvals are who approved a commit.
func (o *Organization) Approvals(r *Repository, c *Commit) []Approval {
	return once(o, "approvals", commitID(r, c), func(g Generator) []Approval { return g.Approvals(r, c) })
}

// Reports are the reports on a commit.
func (o *Organization) Reports(r *Repository, c *Commit) []*Report {
	return once(o, "reports", commitID(r, c), func(g Generator) []*Report { return g.Reports(c) })
}
