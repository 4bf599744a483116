package bitbucket

import (
	"context"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableProject returns the table bitbucket_project. A row is a project.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-projects-get
func tableProject() *table {
	return &table{
		name:        "bitbucket_project",
		description: "A project that the connected user can see, in all workspaces that the connection covers.",
		scopes:      []string{"account", "project"},
		columns: slices.Concat([]column{
			text("key", "Key of the project, unique in the workspace."),
			text("uuid", "Immutable id of the project, in braces."),
			text("name", "Name of the project."),
			text("avatar_url", "Address of the project's picture.").at("links.avatar.href"),
			timestamp("created", "The same as created_on.").at("created_on"),
			timestamp("created_on", "When the project was created."),
			text("description", "Description of the project."),
			boolean("has_publicly_visible_repos", "True if everybody can see at least one repository of the project."),
			text("html_url", "Address of the project in the browser.").at("links.html.href"),
			boolean("is_private", "True if only people with access can see the project."),
			text("owner_display_name", "Name of the owner: the workspace, or a person.").at("owner.display_name"),
			text("owner_type", "Type of the owner: team (a workspace) or user.").at("owner.type"),
			text("owner_uuid", "Immutable id of the owner, in braces.").at("owner.uuid"),
			text("self_link", "Address of the project in the API.").at("links.self.href"),
			text("title", "Title of the project: its name.").at("name"),
			text("type", "Type of the object: project."),
			timestamp("updated", "The same as updated_on.").at("updated_on"),
			timestamp("updated_on", "When the project was last changed."),
		}, workspaceColumns()),
		keyColumns: []keyColumn{named("workspace_slug"), named("key")},
		ids:        map[string]string{"key": "workspace_slug"},
		copying:    whole("uuid").withHistory("description", "name", "updated", "updated_on"),
		rows:       projectRows,
	}
}

func projectRows(ctx context.Context, s *scan) rowSeq {
	keys, byKey := s.conditions.texts("key")
	slugs, _ := s.conditions.texts("workspace_slug")
	alone := len(slugs) == 1
	return s.perWorkspace(ctx, func(ctx context.Context, p workspaceScope) rowSeq {
		if !byKey || len(keys) > fewNames && !alone {
			return s.listIn(ctx, p, s.collection(api.Path("/2.0/workspaces/{workspace}/projects", p.slug()), 100))
		}
		return s.byName(ctx, "key", keys, func(ctx context.Context, s *scan, key string) (*row, error) {
			item, err := s.getPart(ctx, api.Path("/2.0/workspaces/{workspace}/projects/{project_key}", p.slug(), key), objectPart, "key")
			if err != nil {
				if _, scopes := api.MissingScope(err); !alone && !scopes && (api.IsNotFound(err) || api.IsForbidden(err)) {
					return nil, nil // the key may be of another workspace, or hidden here as it would be in a list
				}
				return nil, err
			}
			r := p.row(item)
			return r, checkName(key, s.table.column("key").value(r).(string))
		}, nil)
	})
}
