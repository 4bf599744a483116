package organization

import "slices"

// A HookEvent is a kind of event that can trigger a webhook.
type HookEvent struct{ Category, Event, Label, Description string }

// HookEvents returns the events of a subject, which is a repository or a workspace. A workspace has the events of its
// repositories and its own.
func HookEvents(subject string) []HookEvent {
	switch subject {
	case "repository":
		return repositoryEvents
	case "workspace":
		return slices.Concat(repositoryEvents, workspaceEvents)
	}
	return nil
}

var repositoryEvents = []HookEvent{
	{"Repository", "repo:push", "Push", "Whenever a repository push occurs"},
	{"Repository", "repo:fork", "Fork", "Whenever a repository fork occurs"},
	{"Repository", "repo:updated", "Updated", "Whenever a repository is updated"},
	{"Repository", "repo:transfer", "Transfer accepted", "Whenever a repository transfer is accepted"},
	{"Repository", "repo:deleted", "Deleted", "Whenever a repository is deleted"},
	{"Repository", "repo:commit_comment_created", "Commit comment created", "Whenever a commit comment is created"},
	{"Repository", "repo:commit_status_created", "Build status created", "Whenever a build status is created"},
	{"Repository", "repo:commit_status_updated", "Build status updated", "Whenever a build status is updated"},
	{"Pull Request", "pullrequest:created", "Created", "When a new pull request is created"},
	{"Pull Request", "pullrequest:updated", "Updated", "When a pull request is updated"},
	{"Pull Request", "pullrequest:push", "Push", "When commits are pushed to a pull request"},
	{"Pull Request", "pullrequest:approved", "Approved", "When someone has approved a pull request"},
	{"Pull Request", "pullrequest:unapproved", "Approval removed", "When someone has removed an approval"},
	{"Pull Request", "pullrequest:changes_request_created", "Changes requested", "When someone has requested changes"},
	{"Pull Request", "pullrequest:changes_request_removed", "Changes request removed", "When a request is removed"},
	{"Pull Request", "pullrequest:fulfilled", "Merged", "When a pull request is merged"},
	{"Pull Request", "pullrequest:rejected", "Declined", "When a pull request is declined"},
	{"Pull Request", "pullrequest:comment_created", "Comment created", "When a comment is added to a pull request"},
	{"Pull Request", "pullrequest:comment_updated", "Comment updated", "When a comment is updated on a pull request"},
	{"Pull Request", "pullrequest:comment_deleted", "Comment deleted", "When a comment is deleted on a pull request"},
	{"Pull Request", "pullrequest:comment_resolved", "Comment resolved", "When a comment is resolved"},
	{"Pull Request", "pullrequest:comment_reopened", "Comment reopened", "When a comment is reopened"},
	{"Pipeline", "pipeline:span_created", "Span created", "When a pipeline reports a span of a trace"},
}

var workspaceEvents = []HookEvent{
	{"Repository", "repo:created", "Created", "Whenever a repository is created"},
	{"Repository", "repo:imported", "Import", "Whenever a repository import occurs"},
	{"Project", "project:updated", "Updated", "Whenever a project is updated"},
}
