package powerpipe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// choices are a workspace, a repository and a user with many rows.
func (d demo) choices() map[string]any {
	open := func(p *organization.PullRequest) bool { return p.State == "OPEN" }
	tested := func(p *organization.Pipeline) bool {
		return slices.ContainsFunc(p.Steps, func(s *organization.PipelineStep) bool { return s.Report != nil })
	}
	var best access
	paths := 0
	for _, a := range d.access() {
		shows := d.Administers(a.r.Workspace, d.Connected) && len(d.DeployKeys(a.r)) > 0 && len(d.Webhooks(a.r)) > 0 &&
			len(d.BranchRestrictions(a.r)) > 0 && slices.ContainsFunc(d.PipelinesOf(a.r).Runs, tested) && slices.ContainsFunc(d.PullRequests(a.r), open)
		if n := len(d.Paths(a.r, a.u)); shows && n > paths {
			best, paths = a, n
		}
	}
	return map[string]any{
		"workspace_slug":       best.r.Workspace.Slug,
		"repository_full_name": best.r.FullName(),
		"user_uuid":            best.u.UUID,
		"since":                9000,
		"place":                best.r.Workspace.Slug,
		"permission":           "admin",
		"needed_permission":    "read",
	}
}

// addresses returns the addresses of webhooks that consist of more than a host.
func (d demo) addresses() []string {
	var hooks []*organization.Webhook
	for _, w := range d.workspaces() {
		hooks = append(hooks, d.WorkspaceWebhooks(w)...)
		for _, r := range d.RepositoriesOf(w) {
			hooks = append(hooks, d.Webhooks(r)...)
		}
	}
	var all []string
	for _, h := range hooks {
		if _, rest, ok := strings.Cut(h.URL, "://"); ok && strings.Contains(rest, "/") {
			quoted, _ := json.Marshal(h.URL) // texts never fail
			all = append(all, string(quoted[1:len(quoted)-1]))
		}
	}
	return all
}

// valueText returns a value as a text that is the same for both engines.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]string{true: "1", false: "0"}[v]
	case float64:
		return trimmed(fmt.Sprintf("%.4f", v))
	case map[string]any:
		return encoded(v)
	case string:
		object := map[string]any{}
		if json.Unmarshal([]byte(v), &object) == nil {
			return encoded(object)
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}

func trimmed(number string) string {
	return strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
}

func encoded(object map[string]any) string {
	for name, v := range object {
		object[name] = valueText(v)
	}
	text, _ := json.Marshal(object) // texts never fail
	return string(text)
}
