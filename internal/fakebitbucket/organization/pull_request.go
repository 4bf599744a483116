package organization

import (
	"slices"
	"strings"
	"time"
)

// A PullRequest is a request to merge a branch into another branch of the repository.
type PullRequest struct {
	ID                 int // unique in the repository
	Title, Description string
	State              string // OPEN, MERGED, DECLINED or SUPERSEDED
	Draft, Queued      *bool  // nil if the service does not return it, as for old ones
	Author             *User  // nil if the account was deleted
	ClosedBy           *User
	Reason             string // for declining it; usually ""
	CloseSourceBranch  bool
	CreatedOn          time.Time
	UpdatedOn          time.Time

	SourceBranch string
	SourceCommit string      // "" if the fork was deleted
	Fork         *Repository // the repository of the source branch; nil: the repository itself
	ForkDeleted  bool

	DestinationBranch       string
	DestinationCommit       string // "" if the branch was deleted
	NoDestinationRepository bool   // the service leaves it out

	MergeCommit string // "" unless it was merged; usually 12 digits
	Conflicts   bool   // Git can't merge it

	Reviewers    []*User
	Participants []*Participant
	Comments     []*PullRequestComment // the oldest first
	Tasks        []*PullRequestTask
	Activity     []*PullRequestEvent  // the newest first
	Commits      []*PullRequestCommit // the newest first; empty if the source branch is gone
	Files        []*PullRequestFile
	Statuses     []*PullRequestStatus
}

// A Participant is a reviewer of a pull request, or a user who commented on it or approved it.
type Participant struct {
	User           *User
	Role           string // REVIEWER or PARTICIPANT
	Approved       bool
	State          string // approved or changes_requested; "" is null
	NoState        bool   // the service leaves it out, as it did in the past
	ParticipatedOn *time.Time
}

// A PullRequestComment is a comment on a pull request. Deleted comments remain, without their content.
type PullRequestComment struct {
	ID                   int64
	Content              string
	User                 *User
	CreatedOn, UpdatedOn time.Time
	Deleted              bool
	Pending              *bool // nil if the service does not return it
	Parent               *PullRequestComment
	Inline               *InlineComment
	ResolvedBy           *User
	ResolvedOn           *time.Time
}

// An InlineComment is the position of a comment in a file: lines of the old version, lines of the new version, or the
// whole file. Zero is null.
type InlineComment struct {
	Path                         string
	From, To, StartFrom, StartTo int
}

// A PullRequestTask is something to do before the merge.
type PullRequestTask struct {
	ID                   int64
	Content              string
	State                string // RESOLVED or UNRESOLVED
	Creator              *User
	Comment              *PullRequestComment // the comment to which it belongs, if any
	CreatedOn, UpdatedOn time.Time
	ResolvedBy           *User
	ResolvedOn           *time.Time
}

// A PullRequestEvent is an entry of the activity log: an update, approval, changes_requested or comment. An entry
// without a kind contains only the pull request.
type PullRequestEvent struct {
	Kind    string
	Date    time.Time
	User    *User
	Comment *PullRequestComment // for a comment

	// The pull request after an update.
	State, Title, SourceCommit string
	Draft                      *bool // nil if the service does not return it, nor the reviewers, as for old ones
	Reviewers                  []*User
}

// ClosedOn returns when the pull request was closed, according to its activity, or nil.
func (p *PullRequest) ClosedOn() *time.Time {
	for _, e := range p.Activity {
		if e.Kind == "update" && e.State == p.State && p.State != "OPEN" {
			return &e.Date
		}
	}
	return nil
}

// A PullRequestCommit is a commit of a pull request.
type PullRequestCommit struct {
	Hash    string
	Date    time.Time
	Message string
	Raw     string // the author as Git stores it
	Author  *User  // nil if no account has that address
	Parents []string
}

// A PullRequestFile is a file that a pull request changes.
type PullRequestFile struct {
	Status                   string // added, removed, modified, renamed or merge conflict
	OldPath, NewPath         string // "" if it does not exist
	LinesAdded, LinesRemoved int
}

// A PullRequestStatus is the result of a build of a pull request's last commit.
type PullRequestStatus struct {
	Key, Name, State, URL, Description string
	Refname                            *string // may be null
	NoRefname                          bool    // the service leaves it out
	CreatedOn, UpdatedOn               time.Time
}

// PullRequests returns the pull requests of a repository in all states, the newest first.
func (o *Organization) PullRequests(r *Repository) []*PullRequest {
	return once(o, pullRequestKind, r.UUID, func(g Generator) []*PullRequest { return g.PullRequests(r) })
}

const pullRequestKind = "pull requests"

// PullRequest returns a pull request of a repository, or nil if it does not exist.
func (o *Organization) PullRequest(r *Repository, id int) *PullRequest {
	for _, p := range o.PullRequests(r) {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Approvals returns how many participants have approved.
func (p *PullRequest) Approvals() int {
	n := 0
	for _, who := range p.Participants {
		if who.Approved {
			n++
		}
	}
	return n
}

// CommentCount returns how many comments there are, without the deleted ones.
func (p *PullRequest) CommentCount() int {
	n := 0
	for _, c := range p.Comments {
		if !c.Deleted {
			n++
		}
	}
	return n
}

// OpenTasks returns how many tasks are unresolved.
func (p *PullRequest) OpenTasks() int {
	n := 0
	for _, t := range p.Tasks {
		if t.State == "UNRESOLVED" {
			n++
		}
	}
	return n
}

// PullRequestsWith returns the pull requests with a commit, which is named by the beginning of its hash.
func (o *Organization) PullRequestsWith(r *Repository, hash string) []*PullRequest {
	var all []*PullRequest
	for _, p := range o.PullRequests(r) {
		if slices.ContainsFunc(p.Commits, func(x *PullRequestCommit) bool { return strings.HasPrefix(x.Hash, hash) }) {
			all = append(all, p)
		}
	}
	return all
}
