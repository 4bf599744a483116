package bitbucket

import (
	"context"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableOmission: a row is something that the queries of the last hour on the connection left out.
func tableOmission() *table {
	return &table{
		name:        "bitbucket_omission",
		description: "Something that the queries of the last hour on this connection left out, in this process of the plugin: what the connected user may not read, what is switched off, and what Bitbucket refused to tell where on_refusal is \"skip\". The same thing is there once, as of the last time.",
		columns: []column{
			text("table_name", "Name of the table that left it out."),
			text("reason", "Why, in a word: not_administered, feature_off, empty, hidden_groups, not_covered, nothing_visible, refused or failed."),
			text("message", "What was left out, in a sentence."),
			text("advice", "What to do about it."),
			timestamp("omitted_on", "When it was left out, the last time."),
			text("project_key", "Key of the project that was left out. Null for an omission of another kind."),
			text("repository_full_name", "Slug of the workspace and slug of the repository that was left out. Null for an omission of another kind."),
			text("title", "Title of the omission: its message.").at("message"),
			text("workspace_slug", "Slug of the workspace that was left out, or in which it is. Null if it is about no workspace."),
		},
		rows: omissionRows,
	}
}

func omissionRows(_ context.Context, s *scan) rowSeq {
	return func(yield func(*row, error) bool) {
		for _, one := range s.instance.omitted.since(time.Time{}) {
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
