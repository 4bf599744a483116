package bitbucket

import (
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func optional(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

// jsonArray returns a list of texts as decoded JSON has it.
func jsonArray(list []string) []any {
	all := []any{}
	for _, s := range list {
		all = append(all, s)
	}
	return all
}

func TestDeployKeys(t *testing.T) {
	forOrganizations(t, func(t *testing.T, _ *fakebitbucket.Server, h *host, o accessTruth) {
		columns := []string{"id", "label", "comment", "key", "added_on", "last_used", "owner_uuid"}
		lineOf := func(k *organization.DeployKey, parent ...any) string {
			ownerUUID := any(nil)
			if k.Owner != nil {
				ownerUUID = k.Owner.UUID
			}
			return joinFields(append(parent, k.ID, orNil(k.Label), orNil(k.Comment), k.Key, k.CreatedOn, k.LastUsed, ownerUUID)...)
		}
		var keys, projectKeys []string
		for _, r := range o.repositories() {
			for _, k := range o.DeployKeys(r) {
				keys = append(keys, lineOf(k, r.FullName()))
			}
		}
		for _, p := range o.projects() {
			for _, k := range o.ProjectDeployKeys(p) {
				projectKeys = append(projectKeys, lineOf(k, p.Workspace.Slug, p.Key))
			}
		}
		checkLines(t, "deploy keys", keys, lines(h.rows(tableQuery{table: "bitbucket_deploy_key"}), append([]string{"repository_full_name"}, columns...)...))
		if len(o.projects()) > 0 {
			checkLines(t, "deploy keys of projects", projectKeys, lines(h.rows(tableQuery{table: "bitbucket_project_deploy_key"}), append([]string{"workspace_slug", "project_key"}, columns...)...))
		}
	})
}

func TestWebhooks(t *testing.T) {
	forOrganizations(t, func(t *testing.T, _ *fakebitbucket.Server, h *host, o accessTruth) {
		columns := []string{"uuid", "url", "description", "active", "skip_cert_verification", "events", "created_at", "read_only", "secret_set", "source"}
		var secrets []string
		lineOf := func(w *organization.Webhook, parent string) string {
			secretSet := any(nil)
			if w.Modern {
				secretSet = w.Secret != ""
			}
			if w.Secret != "" {
				secrets = append(secrets, w.Secret)
			}
			return joinFields(parent, w.UUID, w.URL, orNil(w.Description), w.Active, w.SkipCertVerification, jsonArray(w.Events), w.CreatedAt, optional(w.ReadOnly), secretSet, orNil(w.Source))
		}
		var hooks, workspaceHooks []string
		for _, r := range o.repositories() {
			for _, w := range o.Webhooks(r) {
				hooks = append(hooks, lineOf(w, r.FullName()))
			}
		}
		for _, w := range o.workspaces() {
			for _, hook := range o.WorkspaceWebhooks(w) {
				workspaceHooks = append(workspaceHooks, lineOf(hook, w.Slug))
			}
		}
		rows := h.rows(tableQuery{table: "bitbucket_webhook"})
		checkLines(t, "webhooks", hooks, lines(rows, append([]string{"repository_full_name"}, columns...)...))
		if len(o.workspaces()) > 0 {
			more := h.rows(tableQuery{table: "bitbucket_workspace_webhook"})
			checkLines(t, "webhooks of workspaces", workspaceHooks, lines(more, append([]string{"workspace_slug"}, columns...)...))
			rows = append(rows, more...)
		}
		if len(secrets) == 0 {
			t.Error("no webhook has a secret")
		}
		for _, r := range rows {
			for col, value := range r {
				for _, secret := range secrets {
					if strings.Contains(joinFields(value), secret) {
						t.Fatalf("%s shows a webhook's secret", col)
					}
				}
			}
		}
	})
}

func TestBranchRestrictions(t *testing.T) {
	forOrganizations(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		ids := func(list any, key string) []any {
			all := []any{}
			for _, one := range list.([]any) {
				all = append(all, one.(map[string]any)[key])
			}
			return all
		}
		filters := map[string]func(*organization.BranchRestriction) bool{
			"":             func(*organization.BranchRestriction) bool { return true },
			"kind push":    func(b *organization.BranchRestriction) bool { return b.Kind == "push" },
			"pattern main": func(b *organization.BranchRestriction) bool { return b.Pattern == "main" },
		}
		for name, matches := range filters {
			var want []string
			for _, r := range o.repositories() {
				for _, b := range o.BranchRestrictions(r) {
					if !matches(b) {
						continue
					}
					value := any(nil)
					if b.Value != nil {
						value = *b.Value
					}
					var users, groups []string
					for _, u := range b.Users {
						users = append(users, u.UUID)
					}
					for _, g := range b.Groups {
						groups = append(groups, g.Slug)
					}
					want = append(want, joinFields(r.FullName(), b.ID, b.Kind, b.BranchMatchKind, orNil(b.Pattern), orNil(b.BranchType), value, jsonArray(users), jsonArray(groups)))
				}
			}
			var quals []*proto.Qual
			col, value, ok := strings.Cut(name, " ")
			if ok {
				quals = append(quals, where(col, "=", value))
			}
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_branch_restriction", where: quals})
			for _, r := range rows {
				r["users"], r["groups"] = ids(r["users"], "uuid"), ids(r["groups"], "slug")
			}
			checkLines(t, "restrictions "+name, want, lines(rows, "repository_full_name", "id", "kind", "branch_match_kind", "pattern", "branch_type", "value", "users", "groups"))
			for _, e := range fake.Journal() {
				if ok && strings.HasSuffix(e.Endpoint, "/branch-restrictions") && e.Query.Get(col) != value {
					t.Errorf("the query of the request is %v", e.Query)
				}
			}
		}
	})
}

func TestDefaultReviewers(t *testing.T) {
	forOrganizations(t, func(t *testing.T, _ *fakebitbucket.Server, h *host, o accessTruth) {
		var want, ofProjects []string
		for _, r := range covered(o.Organization, o.user) {
			for _, e := range o.EffectiveDefaultReviewers(r) {
				want = append(want, joinFields(r.FullName(), r.UUID, e.User.UUID, e.User.DisplayName, e.From))
			}
		}
		for _, p := range o.projects() {
			for _, u := range o.ProjectDefaultReviewers(p) {
				ofProjects = append(ofProjects, joinFields(p.Workspace.Slug, p.Key, u.UUID, "project"))
			}
		}
		checkLines(t, "reviewers", want, lines(h.rows(tableQuery{table: "bitbucket_default_reviewer"}), "repository_full_name", "repository_uuid", "user_uuid", "user_display_name", "reviewer_type"))
		if len(o.projects()) > 0 {
			checkLines(t, "reviewers of projects", ofProjects, lines(h.rows(tableQuery{table: "bitbucket_project_default_reviewer"}), "workspace_slug", "project_key", "user_uuid", "reviewer_type"))
		}
	})
}

func TestRepositoryOverrides(t *testing.T) {
	forOrganizations(t, func(t *testing.T, _ *fakebitbucket.Server, h *host, o accessTruth) {
		var want []string
		for _, r := range o.repositories() {
			want = append(want, joinFields(r.FullName(), r.OverridesBranchingModel, r.OverridesMergeStrategy))
		}
		checkLines(t, "overrides", want, lines(h.rows(tableQuery{table: "bitbucket_repository_override"}), "repository_full_name", "overrides_branching_model", "overrides_default_merge_strategy"))
	})
}
