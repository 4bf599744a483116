package fakebitbucket

import (
	"fmt"
	"html"
	"net/url"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// rendered returns a text with its HTML.
func rendered(raw string) object {
	o := object{
		{name: "type", value: "rendered"},
		{name: "raw", value: raw},
		{name: "markup", value: "markdown"},
		{name: "html", value: ""},
	}
	if raw != "" {
		o[3].value = "<p>" + html.EscapeString(raw) + "</p>"
	}
	return o
}

// flag returns the value of a boolean that may be null.
func flag(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

// orNullInt returns the value of an integer, or nil for zero.
func orNullInt(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// pullRequestObject returns a pull request in the form of a single object.
func pullRequestObject(r *organization.Repository, p *organization.PullRequest) object {
	o := object{
		{name: "comment_count", value: p.CommentCount()},
		{name: "task_count", value: p.OpenTasks()},
		{name: "type", value: "pullrequest"},
		{name: "id", value: p.ID},
		{name: "title", value: p.Title},
		{name: "description", value: p.Description},
		{name: "rendered", value: lazy(func() any {
			return object{
				{name: "title", value: rendered(p.Title)},
				{name: "description", value: rendered(p.Description)},
				{name: "reason", value: rendered(p.Reason)},
			}
		})},
		{name: "state", value: p.State},
		{name: "draft", value: flag(p.Draft)},
		{name: "queued", value: flag(p.Queued)},
		{name: "merge_commit", value: lazy(func() any { return pullRequestCommitEnd(r, p.MergeCommit) })},
		{name: "close_source_branch", value: p.CloseSourceBranch},
		{name: "closed_by", value: lazy(func() any { return embeddedUser(p.ClosedBy) })},
		{name: "author", value: lazy(func() any { return embeddedUser(p.Author) })},
		{name: "reason", value: p.Reason},
		{name: "created_on", value: timestampOf(p.CreatedOn)},
		{name: "updated_on", value: timestampOf(p.UpdatedOn)},
		{name: "destination", value: lazy(func() any { return pullRequestDestination(r, p) })},
		{name: "source", value: lazy(func() any { return pullRequestSource(r, p) })},
		{name: "reviewers", value: lazy(func() any { return embeddedUsers(p.Reviewers) })},
		{name: "participants", value: lazy(func() any {
			all := make([]object, len(p.Participants))
			for i, who := range p.Participants {
				all[i] = participantObject(who)
			}
			return all
		})},
		{name: "links", value: lazy(func() any { return pullRequestLinks(r, p) })},
		{name: "summary", value: lazy(func() any { return rendered(p.Description) })},
	}
	var missing []string
	if p.Draft == nil {
		missing = append(missing, "draft")
	}
	if p.Queued == nil {
		missing = append(missing, "queued")
	}
	return o.without(missing)
}

// listedPullRequest returns a pull request in the form of lists. It leaves out fields that are expensive to compute,
// unless they are requested.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#field-discovery
func listedPullRequest(r *organization.Repository, p *organization.PullRequest) object {
	o := pullRequestObject(r, p).without([]string{"rendered"})
	for i := range o {
		o[i].extra = o[i].name == "reviewers" || o[i].name == "participants"
	}
	return o
}

// embeddedPullRequest returns a pull request in the form of its comments and activity.
func embeddedPullRequest(r *organization.Repository, p *organization.PullRequest) object {
	return pullRequestObject(r, p).condensed("type", "id", "title", "draft", "links")
}

func pullRequestPath(r *organization.Repository, p *organization.PullRequest) string {
	return fmt.Sprintf("%s/repositories/%s/pullrequests/%d", linkAPI, r.FullName(), p.ID)
}

func pullRequestPage(r *organization.Repository, p *organization.PullRequest) string {
	return fmt.Sprintf("%s/%s/pull-requests/%d", linkSite, r.FullName(), p.ID)
}

func pullRequestLinks(r *organization.Repository, p *organization.PullRequest) object {
	api := pullRequestPath(r, p)
	compare := linkAPI + "/repositories/" + r.FullName()
	spec := pullRequestSpec(r, p) + fmt.Sprintf("?from_pullrequest_id=%d", p.ID)
	return linksOf(
		"self", api,
		"html", pullRequestPage(r, p),
		"commits", api+"/commits",
		"approve", api+"/approve",
		"request-changes", api+"/request-changes",
		"diff", compare+"/diff/"+spec,
		"diffstat", compare+"/diffstat/"+spec,
		"comments", api+"/comments",
		"activity", api+"/activity",
		"merge", api+"/merge",
		"decline", api+"/decline",
		"statuses", api+"/statuses",
	)
}

// pullRequestSpec returns the comparison of a pull request, escaped for an address. It contains a carriage return.
func pullRequestSpec(r *organization.Repository, p *organization.PullRequest) string {
	if p.SourceCommit == "" {
		return "None"
	}
	source := r
	if p.Fork != nil {
		source = p.Fork
	}
	return source.FullName() + ":" + p.SourceCommit + "%0D" + p.DestinationCommit
}

func pullRequestCommitLinks(r *organization.Repository, hash string) object {
	return linksOf("self", linkAPI+"/repositories/"+r.FullName()+"/commit/"+hash, "html", linkSite+"/"+r.FullName()+"/commits/"+hash)
}

// pullRequestCommitEnd returns a commit in the form of pull requests.
func pullRequestCommitEnd(r *organization.Repository, hash string) any {
	if hash == "" {
		return nil
	}
	return object{
		{name: "hash", value: hash},
		{name: "links", value: lazy(func() any { return pullRequestCommitLinks(r, hash) })},
		{name: "type", value: "commit"},
	}
}

func pullRequestDestination(r *organization.Repository, p *organization.PullRequest) object {
	o := object{
		{name: "branch", value: object{
			{name: "name", value: p.DestinationBranch},
			{name: "merge_strategies", value: []string{"merge_commit", "squash", "fast_forward"}, extra: true},
			{name: "default_merge_strategy", value: "merge_commit", extra: true},
		}},
		{name: "commit", value: lazy(func() any { return pullRequestCommitEnd(r, p.DestinationCommit) })},
	}
	if !p.NoDestinationRepository {
		o = append(o, jsonMember{name: "repository", value: lazy(func() any { return embeddedRepository(r) })})
	}
	return o
}

func pullRequestSource(r *organization.Repository, p *organization.PullRequest) object {
	source := r
	if p.Fork != nil {
		source = p.Fork
	}
	return object{
		{name: "branch", value: object{{name: "name", value: p.SourceBranch}, {name: "sync_strategies", value: syncStrategies}}},
		{name: "commit", value: lazy(func() any { return pullRequestCommitEnd(source, p.SourceCommit) })},
		{name: "repository", value: lazy(func() any {
			if p.ForkDeleted {
				return nil
			}
			return embeddedRepository(source)
		})},
	}
}

func participantObject(p *organization.Participant) object {
	o := object{
		{name: "type", value: "participant"},
		{name: "user", value: lazy(func() any { return embeddedUser(p.User) })},
		{name: "role", value: p.Role},
		{name: "approved", value: p.Approved},
		{name: "participated_on", value: orNull(p.ParticipatedOn, layoutMicro)},
	}
	if p.NoState {
		return o
	}
	state := jsonMember{name: "state"}
	if p.State != "" {
		state.value = p.State
	}
	return append(o, state)
}

func pullRequestComment(r *organization.Repository, p *organization.PullRequest, c *organization.PullRequestComment) object {
	o := object{
		{name: "id", value: c.ID},
		{name: "created_on", value: timestampOf(c.CreatedOn)},
		{name: "updated_on", value: timestampOf(c.UpdatedOn)},
		{name: "content", value: lazy(func() any { return rendered(c.Content) })},
		{name: "user", value: lazy(func() any { return embeddedUser(c.User) })},
		{name: "deleted", value: c.Deleted},
		{name: "type", value: "pullrequest_comment"},
		{name: "links", value: lazy(func() any { return pullRequestCommentLinks(r, p, c) })},
		{name: "pullrequest", value: lazy(func() any { return embeddedPullRequest(r, p) })},
	}
	if c.Pending != nil {
		o = append(o, jsonMember{name: "pending", value: *c.Pending})
	}
	if c.Inline != nil {
		o = append(o, jsonMember{name: "inline", value: object{
			{name: "from", value: orNullInt(c.Inline.From)},
			{name: "to", value: orNullInt(c.Inline.To)},
			{name: "start_from", value: orNullInt(c.Inline.StartFrom)},
			{name: "start_to", value: orNullInt(c.Inline.StartTo)},
			{name: "path", value: c.Inline.Path},
		}})
	}
	if c.Parent != nil {
		o = append(o, jsonMember{name: "parent", value: object{
			{name: "id", value: c.Parent.ID},
			{name: "links", value: lazy(func() any { return pullRequestCommentLinks(r, p, c.Parent) })},
		}})
	}
	if c.ResolvedOn != nil {
		o = append(o, jsonMember{name: "resolution", value: object{
			{name: "type", value: "comment_resolution"},
			{name: "user", value: lazy(func() any { return embeddedUser(c.ResolvedBy) })},
			{name: "created_on", value: timestampOf(*c.ResolvedOn)},
		}})
	}
	return o
}

func pullRequestCommentLinks(r *organization.Repository, p *organization.PullRequest, c *organization.PullRequestComment) object {
	return linksOf(
		"self", fmt.Sprintf("%s/comments/%d", pullRequestPath(r, p), c.ID),
		"html", fmt.Sprintf("%s/_/diff#comment-%d", pullRequestPage(r, p), c.ID),
	)
}

func pullRequestTask(r *organization.Repository, p *organization.PullRequest, t *organization.PullRequestTask) object {
	o := object{
		{name: "id", value: t.ID},
		{name: "state", value: t.State},
		{name: "content", value: rendered(t.Content)},
		{name: "creator", value: lazy(func() any { return embeddedUser(t.Creator) })},
		{name: "created_on", value: timestampOf(t.CreatedOn)},
		{name: "updated_on", value: timestampOf(t.UpdatedOn)},
		{name: "resolved_on", value: orNull(t.ResolvedOn, layoutMicro)},
		{name: "resolved_by", value: lazy(func() any { return embeddedUser(t.ResolvedBy) })},
		{name: "pending", value: false},
		{name: "links", value: lazy(func() any {
			return linksOf("self", fmt.Sprintf("%s/tasks/%d", pullRequestPath(r, p), t.ID), "html", pullRequestPage(r, p))
		})},
	}
	if t.Comment != nil {
		o = append(o, jsonMember{name: "comment", value: object{
			{name: "id", value: t.Comment.ID},
			{name: "links", value: lazy(func() any { return pullRequestCommentLinks(r, p, t.Comment) })},
		}})
	}
	return o
}

// pullRequestEvent renders an entry of the activity log. The name of the member with the data depends on the kind.
func pullRequestEvent(r *organization.Repository, p *organization.PullRequest, e *organization.PullRequestEvent) object {
	pull := jsonMember{name: "pull_request", value: lazy(func() any { return embeddedPullRequest(r, p) })}
	if e.Kind == "" {
		return object{pull}
	}
	return object{pull, {name: e.Kind, value: lazy(func() any {
		switch e.Kind {
		case "comment":
			return pullRequestComment(r, p, e.Comment)
		case "update":
			return pullRequestUpdate(r, p, e)
		}
		return object{
			{name: "date", value: timestampOf(e.Date)},
			{name: "user", value: lazy(func() any { return embeddedUser(e.User) })},
			{name: "pullrequest", value: pull.value},
		}
	})}}
}

// pullRequestUpdate renders the pull request after an update. It does not say what changed.
func pullRequestUpdate(r *organization.Repository, p *organization.PullRequest, e *organization.PullRequestEvent) object {
	then := *p
	then.SourceCommit = e.SourceCommit
	o := object{
		{name: "state", value: e.State},
		{name: "draft", value: flag(e.Draft)},
		{name: "title", value: e.Title},
		{name: "description", value: p.Description},
		{name: "reviewers", value: lazy(func() any { return embeddedUsers(e.Reviewers) })},
		{name: "changes", value: object{}},
		{name: "reason", value: p.Reason},
		{name: "author", value: lazy(func() any { return embeddedUser(e.User) })},
		{name: "date", value: timestampOf(e.Date)},
		{name: "destination", value: lazy(func() any { return pullRequestDestination(r, p) })},
		{name: "source", value: lazy(func() any { return pullRequestSource(r, &then) })},
	}
	if e.Draft == nil {
		return o.without([]string{"draft", "reviewers", "changes"})
	}
	return o
}

func embeddedUsers(users []*organization.User) []object {
	all := make([]object, len(users))
	for i, u := range users {
		all[i] = embeddedUser(u).(object)
	}
	return all
}

func pullRequestCommit(r *organization.Repository, c *organization.PullRequestCommit) object {
	author := object{{name: "type", value: "author"}, {name: "raw", value: c.Raw}}
	if c.Author != nil {
		author = append(author, jsonMember{name: "user", value: lazy(func() any { return embeddedUser(c.Author) })})
	}
	parents := make([]object, len(c.Parents))
	for i, hash := range c.Parents {
		parents[i] = pullRequestCommitEnd(r, hash).(object)
	}
	return object{
		{name: "type", value: "commit"},
		{name: "hash", value: c.Hash},
		{name: "date", value: timestampOf(c.Date)},
		{name: "author", value: author},
		{name: "message", value: c.Message},
		{name: "summary", value: lazy(func() any { return rendered(strings.TrimSpace(c.Message)) })},
		{name: "links", value: lazy(func() any { return pullRequestCommitLinks(r, c.Hash) })},
		{name: "parents", value: parents},
		{name: "repository", value: lazy(func() any { return embeddedRepository(r) })},
	}
}

func pullRequestFile(r *organization.Repository, p *organization.PullRequest, f *organization.PullRequestFile) object {
	side := func(path, hash string) any {
		if path == "" {
			return nil
		}
		escaped := (&url.URL{Path: path}).EscapedPath()
		return object{
			{name: "path", value: path},
			{name: "type", value: "commit_file"},
			{name: "escaped_path", value: escaped},
			{name: "links", value: linksOf("self", linkAPI+"/repositories/"+r.FullName()+"/src/"+hash+"/"+escaped)},
		}
	}
	return object{
		{name: "type", value: "diffstat"},
		{name: "lines_added", value: f.LinesAdded},
		{name: "lines_removed", value: f.LinesRemoved},
		{name: "status", value: f.Status},
		{name: "old", value: side(f.OldPath, p.DestinationCommit)},
		{name: "new", value: side(f.NewPath, p.SourceCommit)},
	}
}

func pullRequestStatus(r *organization.Repository, p *organization.PullRequest, s *organization.PullRequestStatus) object {
	at := linkAPI + "/repositories/" + r.FullName() + "/commit/" + p.SourceCommit
	o := object{
		{name: "key", value: s.Key},
		{name: "type", value: "build"},
		{name: "state", value: s.State},
		{name: "name", value: s.Name},
		{name: "commit", value: lazy(func() any { return pullRequestCommitEnd(r, p.SourceCommit) })},
		{name: "url", value: s.URL},
		{name: "repository", value: lazy(func() any { return embeddedRepository(r) })},
		{name: "description", value: s.Description},
		{name: "created_on", value: timestampOf(s.CreatedOn)},
		{name: "updated_on", value: timestampOf(s.UpdatedOn)},
		{name: "links", value: lazy(func() any { return linksOf("self", at+"/statuses/build/"+s.Key, "commit", at) })},
	}
	if s.NoRefname {
		return o
	}
	return append(o, jsonMember{name: "refname", value: stringOrNull(s.Refname)})
}

// mergeCheck renders a check of a pull request. The OpenAPI document does not contain merge checks.
func mergeCheck(r *organization.Repository, p *organization.PullRequest, c organization.MergeCheck) object {
	var reason any
	if c.Reason != "" {
		reason = c.Reason
	}
	o := object{
		{name: "type", value: c.Type},
		{name: "status", value: c.Status},
		{name: "required", value: c.Required},
		{name: "blocking", value: c.Blocking},
		{name: "reason", value: reason},
	}
	switch c.Type {
	case "pullrequest_state_check":
		state := p.State
		if state == "OPEN" && p.Draft != nil && *p.Draft {
			state = "DRAFT"
		}
		o = append(o, jsonMember{name: "state", value: state})
	case "git_mergeability_check":
		o = append(o, jsonMember{name: "links", value: linksOf("details", pullRequestPath(r, p)+"/conflicts")})
	case "standard_merge_check":
		counted := map[string]string{
			"minimum_approvals": "approval_count", "minimum_default_reviewer_approvals": "default_reviewer_approval_count",
			"no_changes_requested": "changes_requested_count", "resolved_tasks": "unresolved_task_count", "failed_builds": "failed_build_count",
			"minimum_successful_builds": "successful_build_count", "maximum_commits_behind": "commits_behind_count",
		}
		o = append(o,
			jsonMember{name: "check", value: object{{name: "type", value: "merge_check"}, {name: "kind", value: c.Kind}}},
			jsonMember{name: "observed", value: object{{name: counted[c.Kind], value: c.Observed}}})
		if c.Counts() {
			o = append(o, jsonMember{name: "requirement", value: object{{name: c.Kind, value: c.Needed}}})
		}
	}
	return o
}
