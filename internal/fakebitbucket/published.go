package fakebitbucket

import "slices"

// A HookEvent is a kind of event that a webhook can be called for.
type HookEvent struct{ Category, Event, Label, Description string }

// HookEvents are the events that happen to a subject: a repository or a workspace. Those of a workspace are the ones of
// all its repositories, and its own.
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

// SystemKeys are the public GPG keys of the service, as it hands them out to a workspace: one, or two while they are
// being replaced.
func (o *Organization) SystemKeys(w *Workspace) []string {
	return once(o, "system keys", w.UUID, func(g *generator) []string {
		keys := []string{g.armoredKey()}
		if w == o.Workspaces[0] {
			keys = append(keys, g.armoredKey())
		}
		return keys
	})
}

// oidcIssuer is the address of a workspace's identity provider for pipelines.
func oidcIssuer(w *Workspace) string {
	return linkAPI + "/workspaces/" + w.Slug + "/pipelines-config/identity/oidc"
}

func oidcConfiguration(w *Workspace) object {
	return object{
		{name: "issuer", value: oidcIssuer(w)},
		{name: "jwks_uri", value: oidcIssuer(w) + "/keys.json"},
		{name: "subject_types_supported", value: []string{"public"}},
		{name: "response_types_supported", value: []string{"id_token"}},
		{name: "id_token_signing_alg_values_supported", value: []string{"RS256"}},
		{name: "scopes_supported", value: []string{"openid"}},
		{name: "claims_supported", value: []string{
			"sub", "iss", "iat", "exp", "aud", "branchName", "deploymentEnvironmentUuid", "pipelineUuid",
			"repositoryUuid", "stepUuid", "workspaceUuid",
		}},
	}
}

// OIDCKeyIDs are the ids of the keys with which a workspace's identity provider signs.
func (o *Organization) OIDCKeyIDs(w *Workspace) []string {
	return once(o, "OIDC keys", w.UUID, func(g *generator) []string { return []string{g.digest()[:16], g.digest()[:16]} })
}

func oidcKey(id string) object {
	return object{
		{name: "kty", value: "RSA"}, {name: "use", value: "sig"}, {name: "alg", value: "RS256"}, {name: "kid", value: id},
		{name: "e", value: "AQAB"}, {name: "n", value: "u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0"},
	}
}
