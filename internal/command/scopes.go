package command

import (
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A permission is a permission of an OAuth consumer, and its use here.
type permission struct {
	scope string // its name in the API
	box   string // its checkbox on Bitbucket's page of the consumer
	use   string
}

// String returns both names.
func (p permission) String() string { return fmt.Sprintf("%s (%s)", p.scope, p.box) }

// permissions are the permissions that the tables need. login asks for all of them at once, because a consumer that
// gets another permission later must be authorized again.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
var permissions = []permission{
	{"account", "Account: Read", "who is connected, the workspaces, their members and groups"},
	{"repository", "Repositories: Read", "repositories"},
	{"project", "Projects: Read", "projects"},
	{"repository:admin", "Repositories: Admin", "grants on repositories, deploy keys, branch restrictions, whether pipelines are enabled"},
	{"project:admin", "Projects: Admin", "grants on projects, their deploy keys and default reviewers"},
	{"pullrequest", "Pull requests: Read", "pull requests, default reviewers"},
	{"webhook", "Webhooks: Read and write", "webhooks"},
	{"pipeline", "Pipelines: Read", "pipelines and deployments, and their settings"},
	{"runner", "Runners: Read", "self-hosted runners"},
	{"snippet", "Snippets: Read", "snippets"},
	{"email", "Account: Email", "the connected user's e-mail addresses"},
}

// implied are the scopes that another scope includes. Bitbucket does not list them among the granted scopes.
var implied = map[string][]string{
	"project":           {"repository"},
	"pullrequest":       {"repository"},
	"pullrequest:write": {"pullrequest", "repository", "repository:write"},
	"repository:write":  {"repository"},
	"account:write":     {"account"},
	"snippet:write":     {"snippet"},
}

// missing returns the scopes of the requirement that are neither granted nor implied.
func missing(r bitbucket.Requirement, granted []string) []string {
	return slices.DeleteFunc(slices.Clone(r.Scopes), func(scope string) bool {
		return slices.ContainsFunc(granted, func(g string) bool { return g == scope || slices.Contains(implied[g], scope) })
	})
}
