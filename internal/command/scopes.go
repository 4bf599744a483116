package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// A permission is a permission of an OAuth consumer, and its use here.
type permission struct {
	scope string // its name in the API
	box   string // its checkbox on Bitbucket's page of the consumer
	goal  goal   // the first that needs it
	use   string
}

// String returns both names.
func (p permission) String() string { return fmt.Sprintf("%s (%s)", p.scope, p.box) }

// A goal is what a user wants to see. Each includes the goals before it.
type goal int

const (
	goalAccess goal = iota
	goalAudit
	goalAll
)

// goals are the goals by the value of --for, in their order.
var goals = []struct{ name, what string }{
	goalAccess: {"access", "To see what the dedicated user can access"},
	goalAudit:  {"audit", "For the audit"},
	goalAll:    {"all", "For all tables"},
}

// goalNamed returns the goal of --for. Without a name it is everything.
func goalNamed(name string) (goal, bool) {
	if name == "" {
		return goalAll, true
	}
	for i, g := range goals {
		if g.name == name {
			return goal(i), true
		}
	}
	return 0, false
}

func goalNames() string {
	var names []string
	for _, g := range goals {
		names = append(names, g.name)
	}
	return strings.Join(names, ", ")
}

// permissions are the permissions that the tables need, by goal.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
var permissions = []permission{
	{"account", "Account: Read", goalAccess, "who is connected, the workspaces, their members and groups"},
	{"repository", "Repositories: Read", goalAccess, "repositories"},
	{"project", "Projects: Read", goalAudit, "projects"},
	{"repository:admin", "Repositories: Admin", goalAudit, "grants on repositories, deploy keys, branch restrictions"},
	{"project:admin", "Projects: Admin", goalAudit, "grants on projects, their deploy keys and default reviewers"},
	{"pullrequest", "Pull requests: Read", goalAudit, "pull requests, default reviewers"},
	{"webhook", "Webhooks: Read and write", goalAudit, "webhooks"},
	{"pipeline", "Pipelines: Read", goalAudit, "pipelines and deployments, and their settings"},
	{"runner", "Runners: Read", goalAudit, "self-hosted runners"},
	{"snippet", "Snippets: Read", goalAll, "snippets"},
	{"email", "Account: Email", goalAll, "the connected user's e-mail addresses"},
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

// missingScopes returns the scopes of the requirement that are neither granted nor implied.
func missingScopes(r bitbucket.Requirement, granted []string) []string {
	return slices.DeleteFunc(slices.Clone(r.Scopes), func(scope string) bool { return includes(granted, scope) })
}

// includes reports whether the granted scopes include a scope, or imply it.
func includes(granted []string, scope string) bool {
	return slices.ContainsFunc(granted, func(g string) bool { return g == scope || slices.Contains(implied[g], scope) })
}

// An unavailable is the tables and columns that can't be read without a permission.
type unavailable struct {
	permission permission
	tables     []string
}

// unavailableWithout returns what the granted scopes leave out, by the first missing permission of each table.
func unavailableWithout(granted []string) []unavailable {
	lacking := map[string][]string{}
	out := map[string]bool{} // whole tables
	for _, r := range bitbucket.Requirements() {
		if missing := missingScopes(r, granted); len(missing) > 0 && !out[r.Table] {
			lacking[missing[0]] = append(lacking[missing[0]], r.String())
			out[r.Table] = r.Column == ""
		}
	}
	var all []unavailable
	for _, p := range permissions {
		if tables := lacking[p.scope]; tables != nil {
			all = append(all, unavailable{p, tables})
		}
	}
	return all
}
