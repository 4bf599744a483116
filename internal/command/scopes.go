package command

import (
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A permission is one that an OAuth consumer can have, and what it is for here.
type permission struct {
	scope string // as the API calls it
	box   string // to tick on Bitbucket's page of the consumer
	use   string
}

// String has both names.
func (p permission) String() string { return fmt.Sprintf("%s (%s)", p.scope, p.box) }

// permissions are those that the tables need. A consumer that gets another one later has to be authorized again, so the
// whole set is asked for at once.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
var permissions = []permission{
	{"account", "Account: Read", "who is connected, the workspaces, their members and groups"},
	{"repository", "Repositories: Read", "repositories"},
	{"project", "Projects: Read", "projects"},
	{"repository:admin", "Repositories: Admin", "who was granted what on repositories; deploy keys, branch restrictions, whether pipelines are on"},
	{"project:admin", "Projects: Admin", "who was granted what on projects; their deploy keys and default reviewers"},
	{"pullrequest", "Pull requests: Read", "pull requests, default reviewers"},
	{"webhook", "Webhooks: Read and write", "webhooks"},
	{"pipeline", "Pipelines: Read", "pipelines, deployments, and what they are set up with"},
	{"runner", "Runners: Read", "self-hosted runners"},
	{"snippet", "Snippets: Read", "snippets"},
	{"email", "Account: Email", "the connected user's e-mail addresses"},
}

// implied are the scopes that another one includes. Bitbucket leaves them out of what it says was granted.
var implied = map[string][]string{
	"project":           {"repository"},
	"pullrequest":       {"repository"},
	"pullrequest:write": {"pullrequest", "repository", "repository:write"},
	"repository:write":  {"repository"},
	"account:write":     {"account"},
	"snippet:write":     {"snippet"},
}

// missing returns the scopes of the requirement that the granted ones neither are nor include.
func missing(r bitbucket.Requirement, granted []string) []string {
	return slices.DeleteFunc(slices.Clone(r.Scopes), func(scope string) bool {
		return slices.ContainsFunc(granted, func(g string) bool { return g == scope || slices.Contains(implied[g], scope) })
	})
}
