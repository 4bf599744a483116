package bitbucket

import (
	"context"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableOmission returns the table bitbucket_omission. A row is something that the queries of the last hour on the
// connection left out.
func tableOmission() *table {
	return &table{
		name:        "bitbucket_omission",
		description: "Something that queries on this connection left out in the last hour, in this process of the plugin: because the connected user may not read it, because it is switched off, or because Bitbucket refused it and on_refusal is \"skip\". Each omission has one row, from the last time.",
		columns: []column{
			text("table_name", "Name of the table that left it out."),
			text("reason", "Reason, in a word: not_administered, feature_off, empty, unknown_revision, hidden_groups, not_covered, nothing_visible, refused or failed."),
			text("message", "A sentence that says what was left out."),
			text("advice", "What to do about it."),
			timestamp("omitted_on", "When a query last left it out."),
			text("project_key", "Key of the project that was left out. Null for an omission of another kind."),
			text("repository_full_name", "Slugs of the workspace and the repository that was left out. Null for an omission of another kind."),
			text("title", "Title of the omission: its message.").at("message"),
			text("workspace_slug", "Slug of the workspace that was left out, or that has the omission. Null if the omission is not about a workspace."),
		},
		rows: omissionRows,
	}
}

func omissionRows(_ context.Context, s *scan) rowSeq {
	return func(yield func(*row, error) bool) {
		for _, one := range s.omissions.since(time.Time{}) {
			if one.Connection != s.name {
				continue
			}
			r := &row{}
			r.set(objectPart, jsontree.Of(map[string]any{
				"table_name": one.Table, "reason": one.Reason, "message": one.Message, "advice": one.Advice, "omitted_on": one.At,
				"project_key": one.Project, "repository_full_name": one.Repository, "workspace_slug": one.Workspace,
			}))
			if !yield(r, nil) {
				return
			}
		}
	}
}
