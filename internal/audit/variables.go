package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Variable is a threshold or a list that those who audit may set.
type Variable struct {
	Name        string
	Default     any // an int, a string, a bool or a []string; a list has an element, for Powerpipe takes an empty one for none
	Description string
	Allowed     []string // of a string, if not all are
	Min         int      // of a number
}

// Variables are all of them, by name.
var Variables = []Variable{
	{Name: "administered_workspaces", Default: []string{""}, Description: "Slugs of the workspaces that the connected account is meant to administer."},
	{Name: "inactive_member_days", Default: 90, Min: 1, Description: "Days after which a member who did not use the workspace counts as inactive."},
	{Name: "inactive_repository_days", Default: 180, Min: 1, Description: "Days after which a repository that did not change counts as inactive."},
	{Name: "max_group_write_percent", Default: 25, Min: 0, Description: "Percentage of a workspace's repositories that a group may write to."},
	{Name: "max_repository_administrators", Default: 10, Min: 1, Description: "The most administrators that a repository should have, those of its workspace included."},
	{Name: "max_workspace_administrators", Default: 3, Min: 1, Description: "The most administrators that a workspace should have."},
	{Name: "min_approvals", Default: 2, Min: 1, Description: "Approvals that a pull request should need before it is merged into the main branch."},
	{Name: "min_repository_administrators", Default: 2, Min: 0, Description: "The fewest administrators that a repository should have, those of its workspace included."},
	{Name: "min_workspace_administrators", Default: 2, Min: 0, Description: "The fewest administrators that a workspace should have."},
	{Name: "needed_permission", Default: "read", Allowed: []string{"read", "write", "admin"}, Description: "The permission on repositories that the connected account needs: read, write or admin. It sees keys, webhooks, branch rules and explicit grants with admin only."},
	{Name: "needed_repositories", Default: []string{"*"}, Description: "Patterns of the full names of the repositories that the connected account needs; * stands for any text."},
	{Name: "old_key_days", Default: 365, Min: 1, Description: "Days after which a deploy key should have been replaced."},
	{Name: "public_repositories", Default: []string{""}, Description: "Patterns of the full names of the repositories that are meant to be public; * stands for any text."},
	{Name: "require_enforced_merge_checks", Default: true, Description: "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."},
	{Name: "secret_names", Default: []string{"*TOKEN*", "*SECRET*", "*PASSW*", "*KEY*", "*CREDENTIAL*", "*_DSN", "*WEBHOOK*"}, Description: "Patterns of the names, in capitals, of pipelines' variables that hold secrets; * stands for any text."},
	{Name: "stale_pull_request_days", Default: 30, Min: 1, Description: "Days after which an open pull request that did not change counts as stale, in dashboards."},
	{Name: "trusted_administrators", Default: []string{""}, Description: "Ids, in braces, or Atlassian account ids of users who may administer repositories without administering the workspace."},
	{Name: "trusted_creators", Default: []string{""}, Description: "Ids, in braces, or Atlassian account ids of users, or slugs of groups, who may create repositories or projects."},
	{Name: "trusted_outsiders", Default: []string{""}, Description: "Ids, in braces, or Atlassian account ids of users who may have access without being members of the workspace."},
	{Name: "unused_key_days", Default: 90, Min: 1, Description: "Days after which a deploy key that was not used should be removed."},
}

// FindVariable returns the variable of the name.
func FindVariable(name string) (Variable, bool) {
	i := slices.IndexFunc(Variables, func(v Variable) bool { return v.Name == name })
	if i < 0 {
		return Variable{}, false
	}
	return Variables[i], true
}

// Defaults are the values of all variables that nobody has set.
func Defaults() map[string]any {
	values := map[string]any{}
	for _, v := range Variables {
		values[v.Name] = v.Default
	}
	return values
}

// Kind is the type of the variable.
func (v Variable) Kind() Kind {
	switch v.Default.(type) {
	case int:
		return Number
	case bool:
		return Flag
	case []string:
		return Texts
	default:
		return Text
	}
}

// should says which values are good, where not all are.
func (v Variable) should() string {
	if v.Kind() == Number {
		return fmt.Sprintf("a number from %d", v.Min)
	}
	return "one of " + strings.Join(v.Allowed, ", ")
}

// Parse reads a value that somebody has written: a list as JSON, or with commas between.
func (v Variable) Parse(text string) (any, error) {
	switch v.Kind() {
	case Number:
		n, err := strconv.Atoi(text)
		if err != nil || n < v.Min {
			return nil, fmt.Errorf("%s is %q, and should be %s", v.Name, text, v.should())
		}
		return n, nil
	case Flag:
		flag, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%s is %q, and should be true or false", v.Name, text)
		}
		return flag, nil
	case Texts:
		if !strings.HasPrefix(text, "[") {
			return strings.Split(text, ","), nil
		}
		list := []string{}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, fmt.Errorf("%s is %q, and should be a list of texts, such as %s", v.Name, text, `a,b or ["a", "b"]`)
		}
		return list, nil
	}
	if v.Allowed != nil && !slices.Contains(v.Allowed, text) {
		return nil, fmt.Errorf("%s is %q, and should be %s", v.Name, text, v.should())
	}
	return text, nil
}
