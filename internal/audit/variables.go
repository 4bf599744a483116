package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Variable is a threshold or a list that a user may set.
type Variable struct {
	Name        string
	Default     any // an int, a string, a bool or a []string; not an empty list, which Powerpipe treats as no value
	Description string
	Allowed     []string // allowed strings, or nil for any
	Min         int      // smallest allowed number
}

// Variables are all variables, sorted by name.
var Variables = []Variable{
	{Name: "administered_workspaces", Default: []string{""}, Description: "Slugs of the workspaces that the connected account should administer."},
	{Name: "inactive_branch_days", Default: 90, Min: 1, Description: "Number of days after which a branch without commits counts as inactive."},
	{Name: "inactive_member_days", Default: 90, Min: 1, Description: "Number of days after which a member who has not used the workspace counts as inactive."},
	{Name: "inactive_repository_days", Default: 180, Min: 1, Description: "Number of days after which a repository without changes counts as inactive."},
	{Name: "max_group_write_percent", Default: 25, Min: 0, Description: "Largest percentage of a workspace's repositories that a group may write to."},
	{Name: "max_repository_administrators", Default: 10, Min: 1, Description: "Largest number of administrators of a repository, including those of its workspace."},
	{Name: "max_workspace_administrators", Default: 3, Min: 1, Description: "Largest number of administrators of a workspace."},
	{Name: "min_approvals", Default: 2, Min: 1, Description: "Number of approvals that a pull request should need before it is merged into the main branch."},
	{Name: "min_repository_administrators", Default: 2, Min: 0, Description: "Smallest number of administrators of a repository, including those of its workspace."},
	{Name: "min_workspace_administrators", Default: 2, Min: 0, Description: "Smallest number of administrators of a workspace."},
	{Name: "needed_permission", Default: "", Allowed: []string{"", "read", "write", "admin"}, Description: "Permission on repositories that the connected account needs: read, write or admin. If it is empty, no permission is judged. Only with admin the account sees keys, webhooks, branch rules and explicit grants."},
	{Name: "needed_repositories", Default: []string{"*"}, Description: "Patterns of the full names of the repositories that the connected account needs; * matches any text."},
	{Name: "old_key_days", Default: 365, Min: 1, Description: "Number of days after which a deploy key should be replaced."},
	{Name: "project_branch_rules", Default: true, Description: "Whether projects may have branch rules, which Bitbucket's API does not show. If not, what no rule of a repository asks for is not required."},
	{Name: "public_repositories", Default: []string{""}, Description: "Patterns of the full names of the repositories that may be public; * matches any text."},
	{Name: "require_enforced_merge_checks", Default: true, Description: "Whether a merge check counts only if it is enforced. Without enforcement, a feature of Bitbucket's Premium plan, a failed check is only a warning."},
	{Name: "rerun_pipelines", Default: 10, Description: "Number of failed pipelines, the newest whose commit another pipeline passed, in which the dashboards look for flaky tests. Each costs 2 requests, and 1 per step of both."},
	{Name: "reviewed_days", Default: 90, Min: 1, Description: "Number of days back for which the audit reads what happened to pull requests."},
	{Name: "sbom_tools", Default: []string{"*syft*", "*cyclonedx*", "*cdxgen*", "*spdx*", "*sbom*"}, Description: "Patterns, in small letters, of the images, pipes and programs that make a Software Bill of Materials; * matches any text."},
	{Name: "scanners", Default: []string{
		"*snyk*", "*trivy*", "*grype*", "*sonar*", "*semgrep*", "*checkov*", "*gitleaks*", "*trufflehog*", "*security-scan*", "*whitesource*", "*veracode*",
		"*checkmarx*", "*govulncheck*", "*dependency-check*", "*osv-scanner*", "*bandit*",
	}, Description: "Patterns, in small letters, of the images, pipes and programs that scan for vulnerabilities; * matches any text."},
	{Name: "secret_names", Default: []string{"*TOKEN*", "*SECRET*", "*PASSW*", "*KEY*", "*CREDENTIAL*", "*_DSN", "*WEBHOOK*"}, Description: "Patterns of the names, in capitals, of pipeline variables that contain secrets; * matches any text."},
	{Name: "sized_pull_requests", Default: 25, Description: "Number of merged pull requests, the newest, whose size the dashboards show. Each costs 2 requests."},
	{Name: "stale_pull_request_days", Default: 30, Min: 1, Description: "Number of days after which an open pull request without changes counts as stale, in dashboards."},
	{Name: "trusted_administrators", Default: []string{""}, Description: "Ids, in braces, or Atlassian account ids of users who may administer repositories without administering the workspace."},
	{Name: "trusted_creators", Default: []string{""}, Description: "Ids, in braces, or Atlassian account ids of users, or slugs of groups, who may create repositories or projects."},
	{Name: "trusted_outsiders", Default: []string{""}, Description: "Ids, in braces, or Atlassian account ids of users who may have access without being members of the workspace."},
	{Name: "unused_key_days", Default: 90, Min: 1, Description: "Number of days after which an unused deploy key should be removed."},
}

// FindVariable returns the variable with the name.
func FindVariable(name string) (Variable, bool) {
	i := slices.IndexFunc(Variables, func(v Variable) bool { return v.Name == name })
	if i < 0 {
		return Variable{}, false
	}
	return Variables[i], true
}

// Defaults returns the default values of all variables.
func Defaults() map[string]any {
	values := map[string]any{}
	for _, v := range Variables {
		values[v.Name] = v.Default
	}
	return values
}

// Set parses a value that a user has written, and sets it among values. It returns an *UnknownError if there is no variable
// with the name.
func Set(values map[string]any, name, text string) error {
	v, ok := FindVariable(name)
	if !ok {
		return &UnknownError{"variable", name}
	}
	value, err := v.Parse(text)
	if err == nil {
		values[name] = value
	}
	return err
}

// Kind returns the type of the variable.
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

// should describes the valid values, if not all values are valid.
func (v Variable) should() string {
	if v.Kind() == Number {
		return fmt.Sprintf("a number of at least %d", v.Min)
	}
	return "one of " + strings.Join(slices.DeleteFunc(slices.Clone(v.Allowed), func(s string) bool { return s == "" }), ", ")
}

// Parse reads a value that a user has written. A list is JSON, or separated by commas.
func (v Variable) Parse(text string) (any, error) {
	switch v.Kind() {
	case Number:
		n, err := strconv.Atoi(text)
		if err != nil || n < v.Min {
			return nil, fmt.Errorf("%s is %q, but should be %s", v.Name, text, v.should())
		}
		return n, nil
	case Flag:
		flag, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%s is %q, but should be true or false", v.Name, text)
		}
		return flag, nil
	case Texts:
		if !strings.HasPrefix(text, "[") {
			return strings.Split(text, ","), nil
		}
		list := []string{}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, fmt.Errorf("%s is %q, but should be a list of texts, for example %s", v.Name, text, `a,b or ["a", "b"]`)
		}
		return list, nil
	}
	if v.Allowed != nil && !slices.Contains(v.Allowed, text) {
		return nil, fmt.Errorf("%s is %q, but should be %s", v.Name, text, v.should())
	}
	return text, nil
}
