package organization

import "time"

// Data about a commit that is not in Git: statuses, reports, comments and approvals.

// A CommitStatus is the result of a build system for a commit.
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
	Parent               *CommitComment // set for a reply
	Path                 string         // "" if the comment is on the commit as a whole
	From, To             *int           // lines; both null for a whole file
	Deleted              bool
	CreatedOn, UpdatedOn time.Time
}

// An Approval is one user's approval of a commit.
type Approval struct {
	User *User
	On   time.Time
}

// A Report is the result of an analysis of a commit.
type Report struct {
	UUID, ExternalID, Title, Details, Reporter string
	Link, LogoURL                              string // left out if ""
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
	Path                                     string // "" if the finding is not in a file
	Line                                     int    // 0 if it is not in a line
	Severity, Result                         string // left out if ""
	Link                                     string // left out if ""
	CreatedOn, UpdatedOn                     time.Time
}

// commitID returns the key for the data of a commit of a repository.
func commitID(r *Repository, c *Commit) string { return r.UUID + " " + c.Hash }

// Statuses returns the statuses of a commit, the oldest first.
func (o *Organization) Statuses(r *Repository, c *Commit) []*CommitStatus {
	return once(o, "statuses", commitID(r, c), func(g Generator) []*CommitStatus { return g.Statuses(r, c) })
}

// CommitComments returns the comments on a commit, the oldest first.
func (o *Organization) CommitComments(r *Repository, c *Commit) []*CommitComment {
	return once(o, "comments", commitID(r, c), func(g Generator) []*CommitComment { return g.CommitComments(r, c) })
}

// Approvals returns the approvals of a commit.
func (o *Organization) Approvals(r *Repository, c *Commit) []Approval {
	return once(o, "approvals", commitID(r, c), func(g Generator) []Approval { return g.Approvals(r, c) })
}

// Reports returns the reports on a commit.
func (o *Organization) Reports(r *Repository, c *Commit) []*Report {
	return once(o, "reports", commitID(r, c), func(g Generator) []*Report { return g.Reports(c) })
}
