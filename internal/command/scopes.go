package command

import (
	"fmt"
	"slices"
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
	{"account", "Account: Read", "who is connected, the workspaces and their members"},
	{"repository", "Repositories: Read", "repositories"},
	{"project", "Projects: Read", "projects"},
	{"pullrequest", "Pull requests: Read", "default reviewers"},
}

// implied are the scopes that another one includes. Bitbucket leaves them out of what it says was granted.
var implied = map[string][]string{
	"project":           {"repository"},
	"pullrequest":       {"repository"},
	"pullrequest:write": {"pullrequest", "repository", "repository:write"},
	"repository:write":  {"repository"},
	"account:write":     {"account"},
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
