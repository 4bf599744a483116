package bitbucket

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/streams"
)

// tableMachineAccess returns the table bitbucket_machine_access. A row is something that opens repositories, or is
// opened by their pipelines, without being a person. The rows come from the tables of the single kinds.
func tableMachineAccess() *table {
	return &table{
		name:        "bitbucket_machine_access",
		description: "Non-human access to repositories: a deploy key, a runner, a webhook, a variable of pipelines or an OIDC provider. Access tokens are missing, because no API lists them. It covers what the connected user administers.",
		scopes:      []string{"account", "pipeline", "project", "project:admin", "repository", "repository:admin", "runner", "webhook"},
		columns: slices.Concat([]column{
			text("kind", "What it is: deploy_key, runner, webhook, variable or oidc_provider."),
			text("level", "Level that it belongs to: repository, project, workspace or environment."),
			text("id", "Id of the key, runner, webhook or variable, or address of the provider."),
			text("name", "Name of the key, runner or variable, description or address of the webhook, or address of the provider."),
			timestamp("created_on", "When it was created. Null if Bitbucket does not report it."),
			integer("age_days", "Number of days since it was created. Null if Bitbucket does not report it.").notCopied(),
			timestamp("last_used", "When a key was last used, or a runner last reported its state. Null if never, or if Bitbucket does not report it."),
			boolean("is_active", "True if a webhook sends events. Null for other kinds."),
			boolean("is_secured", "True if the value of a variable is hidden, or if a webhook is signed with a secret. Null for other kinds, or if Bitbucket does not report it."),
			text("state", "State of a runner: UNREGISTERED, ONLINE, OFFLINE, DISABLED, ENABLED or UNHEALTHY."),
			text("owner_display_name", "Name of the user who added a key. Null if Bitbucket does not report it."),
			text("owner_uuid", "Immutable id of the user who added a key, in braces. Null if Bitbucket does not report it."),
			text("environment_name", "Name of the environment that a variable belongs to."),
			text("project_key", "Key of the project that it belongs to. Null if it belongs to one repository or a whole workspace.").in(projectPart, "key"),
			text("title", "Title: the name.").at("name"),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("kind"), named("level")),
		copying: Copying{
			Key: []string{"workspace_uuid", "kind", "level", "id"}, Reading: ReadTouched,
			Elsewhere: Values{"level", []string{"project", "workspace"}},
		}.withHistory("last_used", "state"),
		rows: machineRows,
	}
}

// A machineSource is a table with rows of one kind.
type machineSource struct {
	kind, level string
	table       *table
	columns     map[string]string // the columns of that table, by those of this one
}

// machineSources are the tables that the rows come from.
var machineSources = func() []machineSource {
	key := map[string]string{
		"id": "id", "name": "title", "created_on": "added_on", "last_used": "last_used", "owner_display_name": "owner_display_name", "owner_uuid": "owner_uuid",
	}
	runner := map[string]string{"id": "uuid", "name": "title", "created_on": "created_on", "last_used": "state_updated_on", "state": "state_status"}
	hook := map[string]string{"id": "uuid", "name": "title", "created_on": "created_at", "is_active": "active", "is_secured": "secret_set"}
	variable := map[string]string{"id": "uuid", "name": "title", "is_secured": "secured"}
	ofEnvironment := maps.Clone(variable)
	ofEnvironment["environment_name"] = "environment_name"
	return []machineSource{
		{"deploy_key", "repository", tableDeployKey(), key},
		{"deploy_key", "project", tableProjectDeployKey(), key},
		{"runner", "repository", tableRepositoryRunner(), runner},
		{"runner", "workspace", tableWorkspaceRunner(), runner},
		{"webhook", "repository", tableWebhook(), hook},
		{"webhook", "workspace", tableWorkspaceWebhook(), hook},
		{"variable", "repository", tableRepositoryVariable(), variable},
		{"variable", "environment", tableDeploymentVariable(), ofEnvironment},
		{"variable", "workspace", tableWorkspaceVariable(), variable},
		{"oidc_provider", "workspace", tableWorkspaceOIDCProvider(), map[string]string{"id": "issuer", "name": "title"}},
	}
}()

func machineRows(ctx context.Context, s *scan) rowSeq {
	kinds, byKind := s.conditions.texts("kind")
	levels, byLevel := s.conditions.texts("level")
	_, byRepository := s.conditions.texts("repository_full_name")
	var sources []machineSource
	for _, from := range machineSources {
		isOfRepository := slices.ContainsFunc(from.table.keyColumns, func(q keyColumn) bool { return q.column == "repository_full_name" })
		isOfKind := !byKind || slices.Contains(kinds, from.kind)
		isOfLevel := !byLevel || slices.Contains(levels, from.level)
		if isOfKind && isOfLevel && (!byRepository || isOfRepository) {
			sources = append(sources, from)
		}
	}
	return combine(ctx, s, streams.Each(sources...), func(ctx context.Context, from machineSource) rowSeq {
		return from.rows(ctx, s)
	})
}

// rows returns the rows of the source.
func (from machineSource) rows(ctx context.Context, s *scan) rowSeq {
	of := s.query
	of.table, of.limit, of.wanted, of.conditions = from.table, -1, map[string]bool{"workspace_slug": true, "workspace_uuid": s.wanted["workspace_uuid"]}, nil
	for _, name := range from.columns {
		of.wanted[name] = true
	}
	for _, c := range s.conditions {
		if c.column.name != "kind" && c.operator == opEqual && from.table.hasColumn(c.column.name) {
			c.column = from.table.column(c.column.name)
			of.conditions = append(of.conditions, c)
		}
	}
	return func(yield func(*row, error) bool) {
		for r, err := range from.table.rows(ctx, s.with(of)) {
			if from.kind == "oidc_provider" && isRefused(err) { // as it is with API tokens
				s.omitFailed(Omission{Message: "the OIDC providers of workspaces"}, ReasonRefused, err)
				return
			}
			if err == nil {
				r.set(objectPart, from.machine(r))
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// machine returns the object of a row.
func (from machineSource) machine(r *row) jsontree.Value {
	shown := map[string]any{"kind": from.kind, "level": from.level}
	for name, of := range from.columns {
		shown[name] = from.table.column(of).value(r)
	}
	if created, ok := shown["created_on"].(time.Time); ok {
		shown["age_days"] = int(time.Since(created).Hours() / 24)
	}
	return jsontree.Of(shown)
}
