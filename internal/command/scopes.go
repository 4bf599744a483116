package command

import "slices"

// A permission is one that an OAuth consumer can have, and what it is for here.
type permission struct {
	scope string
	need  need
	use   string
}

// A need is how much a permission is needed.
type need string

const (
	required need = "needed"
	useful   need = "for tables to come"
	optional need = "optional"
)

// permissions are those that an OAuth consumer should have. A consumer that gets another one later has to be authorized
// again, so the whole set is asked for at once.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
var permissions = []permission{
	{"account", required, "who is connected, the workspaces, their members and groups"},
	{"repository", required, "repositories, branches, tags and commits"},
	{"project", required, "projects"},
	{"pullrequest", required, "pull requests and default reviewers"},
	{"webhook", useful, "webhooks (Bitbucket has no narrower permission: it allows changes too)"},
	{"pipeline", useful, "pipelines, deployments and environments"},
	{"runner", useful, "the runners of pipelines"},
	{"repository:admin", useful, "who was granted what on a repository, and branch restrictions (allows changes too)"},
	{"project:admin", useful, "who was granted what on a project (allows changes too)"},
	{"snippet", optional, "snippets"},
	{"email", optional, "the e-mail address of the connected user"},
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

// A requirement is the scopes without which a table, or a column of it, stays empty-handed.
type requirement struct {
	table  string
	column string // empty for the whole table
	scopes []string
}

// requirements has each table before its columns.
var requirements = []requirement{
	{table: "bitbucket_my_repository", scopes: []string{"account", "repository"}},
	{table: "bitbucket_my_repository", column: "default_reviewers", scopes: []string{"pullrequest"}},
	{table: "bitbucket_my_workspace", scopes: []string{"account"}},
	{table: "bitbucket_project", scopes: []string{"account", "project"}},
	{table: "bitbucket_rate_limit", scopes: []string{"account"}},
	{table: "bitbucket_repository", scopes: []string{"account", "repository"}},
	{table: "bitbucket_repository", column: "default_reviewers", scopes: []string{"pullrequest"}},
	{table: "bitbucket_user", scopes: []string{"account"}},
	{table: "bitbucket_workspace", scopes: []string{"account"}},
	{table: "bitbucket_workspace_member", scopes: []string{"account"}},
}

// missing returns the scopes of the requirement that the granted ones neither are nor include.
func (r requirement) missing(granted []string) []string {
	return slices.DeleteFunc(slices.Clone(r.scopes), func(scope string) bool {
		return slices.ContainsFunc(granted, func(g string) bool { return g == scope || slices.Contains(implied[g], scope) })
	})
}

// String names the table, and the column if it is only that.
func (r requirement) String() string {
	if r.column != "" {
		return r.table + "." + r.column
	}
	return r.table
}
