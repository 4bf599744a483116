package fakebitbucket

import "time"

// A PullRequest asks to merge a branch into another of its repository.
type PullRequest struct {
	ID                 int // unique in the repository
	Title, Description string
	State              string // OPEN, MERGED, DECLINED or SUPERSEDED
	Draft, Queued      *bool  // nil where the service doesn't say, as of old ones
	Author             *User  // nil if the account was deleted
	ClosedBy           *User
	Reason             string // for which it was declined; usually ""
	CloseSourceBranch  bool
	CreatedOn          time.Time
	UpdatedOn          time.Time

	SourceBranch string
	SourceCommit string      // "" if the fork was deleted
	Fork         *Repository // that has the source branch; nil: the repository itself
	ForkDeleted  bool

	DestinationBranch       string
	DestinationCommit       string // "" if the branch was deleted
	NoDestinationRepository bool   // the service leaves it out

	MergeCommit string // "" unless it was merged; 12 digits, but for a few
	Conflicts   bool   // Git can't merge it

	Reviewers    []*User
	Participants []*Participant
	Comments     []*PullRequestComment // the oldest first
	Tasks        []*PullRequestTask
	Activity     []*PullRequestEvent  // the newest first
	Commits      []*PullRequestCommit // the newest first; none if the source branch is gone
	Files        []*PullRequestFile
	Statuses     []*PullRequestStatus
}

// A Participant is a reviewer of a pull request, or somebody who commented on it or approved it.
type Participant struct {
	User           *User
	Role           string // REVIEWER or PARTICIPANT
	Approved       bool
	State          string // approved or changes_requested; "" is null
	NoState        bool   // the service leaves it out, as it used to
	ParticipatedOn *time.Time
}

// A PullRequestComment is a comment on a pull request. Deleted ones stay, without their content.
type PullRequestComment struct {
	ID                   int64
	Content              string
	User                 *User
	CreatedOn, UpdatedOn time.Time
	Deleted              bool
	Pending              *bool // nil where the service doesn't say
	Parent               *PullRequestComment
	Inline               *InlineComment
	ResolvedBy           *User
	ResolvedOn           *time.Time
}

// An InlineComment is where in a file a comment stands: at lines before or after the change, or at neither,
// which is the file as a whole. Zero is null.
type InlineComment struct {
	Path                         string
	From, To, StartFrom, StartTo int
}

// A PullRequestTask is something to be done before the merge.
type PullRequestTask struct {
	ID                   int64
	Content              string
	State                string // RESOLVED or UNRESOLVED
	Creator              *User
	Comment              *PullRequestComment // that it belongs to, if to any
	CreatedOn, UpdatedOn time.Time
	ResolvedBy           *User
	ResolvedOn           *time.Time
}

// A PullRequestEvent is an entry of the activity log: an update, approval, changes_requested or comment. One
// without a kind tells nothing but the pull request.
type PullRequestEvent struct {
	Kind    string
	Date    time.Time
	User    *User
	State   string              // after an update
	Title   string              // after an update
	Comment *PullRequestComment // of a comment
}

// A PullRequestCommit is a commit that a pull request brings.
type PullRequestCommit struct {
	Hash    string
	Date    time.Time
	Message string
	Raw     string // the author as Git has it
	Author  *User  // nil if no account has that address
	Parents []string
}

// A PullRequestFile is a file that a pull request changes.
type PullRequestFile struct {
	Status                   string // added, removed, modified, renamed or merge conflict
	OldPath, NewPath         string // "" where there is none
	LinesAdded, LinesRemoved int
}

// A PullRequestStatus is the result of a build of a pull request's last commit.
type PullRequestStatus struct {
	Key, Name, State, URL, Description string
	Refname                            *string // may be null
	NoRefname                          bool    // the service leaves it out
	CreatedOn, UpdatedOn               time.Time
}

// A MergeCheck is a condition that must hold, or should, before a pull request is merged.
type MergeCheck struct {
	Type, Status       string
	Kind               string // of a standard_merge_check
	Required, Blocking bool
	Reason             string // "" is null
	Observed, Needed   int    // what a standard check counted, and how many there must be
}

// PullRequests are the pull requests of a repository in all states, the newest first, as they are listed.
func (o *Organization) PullRequests(r *Repository) []*PullRequest {
	return once(o, pullRequestKind, r.UUID, func(g *generator) []*PullRequest { return g.pullRequests(r) })
}

const pullRequestKind = "pull requests"

// PullRequest finds a pull request of a repository. It is nil if there is none.
func (o *Organization) PullRequest(r *Repository, id int) *PullRequest {
	for _, p := range o.PullRequests(r) {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Approvals are how many participants have approved.
func (p *PullRequest) Approvals() int {
	n := 0
	for _, who := range p.Participants {
		if who.Approved {
			n++
		}
	}
	return n
}

// CommentCount is how many comments there are, without the deleted ones.
func (p *PullRequest) CommentCount() int {
	n := 0
	for _, c := range p.Comments {
		if !c.Deleted {
			n++
		}
	}
	return n
}

// OpenTasks are how many tasks are unresolved.
func (p *PullRequest) OpenTasks() int {
	n := 0
	for _, t := range p.Tasks {
		if t.State == "UNRESOLVED" {
			n++
		}
	}
	return n
}

// MergeChecks are the checks of a pull request for somebody who has a permission on its repository: what must hold always,
// and what the rules for its destination ask for.
func (o *Organization) MergeChecks(r *Repository, p *PullRequest, permission string) []MergeCheck {
	open := p.State == "OPEN"
	verdict := func(holds bool) string {
		switch {
		case !open:
			return "SKIPPED"
		case holds:
			return "PASSED"
		}
		return "FAILED"
	}
	draft := p.Draft != nil && *p.Draft
	builds := map[string]int{}
	for _, s := range p.Statuses {
		builds[s.State]++
	}
	state := "PASSED"
	if !open || draft {
		state = "FAILED"
	}
	reason := "clean"
	if p.Conflicts {
		reason = "conflicts"
	}
	checks := []MergeCheck{
		{Type: "pullrequest_state_check", Status: state, Required: true},
		{Type: "current_user_permission_check", Status: verdict(atLeast(permission, "write")), Required: true},
		{Type: "git_mergeability_check", Status: verdict(!p.Conflicts), Required: true, Reason: reason},
	}
	demanded, enforced := map[string]int{}, false
	for _, rule := range o.Rules(r, p.DestinationBranch) {
		value := 0
		if rule.Value != nil {
			value = *rule.Value
		}
		demanded[rule.Kind] = max(demanded[rule.Kind], value)
		enforced = enforced || rule.Kind == "enforce_merge_checks"
	}
	standard := func(rule, kind string, observed int, holds bool) {
		needed, set := demanded[rule]
		if !set {
			return
		}
		c := MergeCheck{Type: "standard_merge_check", Kind: kind, Status: verdict(holds), Required: enforced, Observed: observed}
		if requirements[kind] {
			c.Needed = needed
		}
		if kind == "failed_builds" && open && builds["INPROGRESS"] > 0 {
			c.Status = "PENDING"
		}
		checks = append(checks, c)
	}
	failed := builds["FAILED"] + builds["STOPPED"]
	standard("require_approvals_to_merge", "minimum_approvals", p.Approvals(), p.Approvals() >= demanded["require_approvals_to_merge"])
	standard("require_passing_builds_to_merge", "minimum_successful_builds", builds["SUCCESSFUL"],
		builds["SUCCESSFUL"] >= demanded["require_passing_builds_to_merge"])
	standard("require_passing_builds_to_merge", "failed_builds", failed, failed == 0)
	standard("require_tasks_to_be_completed", "resolved_tasks", p.OpenTasks(), p.OpenTasks() == 0)
	standard("require_commits_behind", "maximum_commits_behind", 0, true)
	for i := range checks {
		c := &checks[i]
		c.Blocking = c.Required && c.Status != "PASSED" && c.Status != "SKIPPED"
	}
	return checks
}

// requirements are the kinds of checks that say how many there must be, or may be.
var requirements = map[string]bool{"minimum_approvals": true, "minimum_successful_builds": true, "maximum_commits_behind": true}
