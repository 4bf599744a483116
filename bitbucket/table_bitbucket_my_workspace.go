package bitbucket

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableMyWorkspace: a row is a workspace that the connected user belongs to.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
func tableMyWorkspace() *table {
	return &table{
		name:        "bitbucket_my_workspace",
		description: "A workspace that the connected user belongs to, with the user's role in it. The slug, the uuid and whether the user administers it come in one list; each other column costs one more request for each workspace.",
		scopes:      []string{"account"},
		columns: slices.Concat([]column{
			text("slug", "Short name of the workspace as it stands in addresses.").at("workspace.slug"),
			text("uuid", "Immutable id of the workspace, in braces.").at("workspace.uuid"),
			boolean("is_administrator", "True if the connected user administers the workspace.").at("administrator"),
			text("permission", "The highest role of the connected user in the workspace: owner, create-project, member or collaborator. Costs one more request for each workspace.").in(membership, "permission"),
		}, in(detail, workspaceDetailColumns()...)),
		quals: []qual{filtered("slug", "slug", opsName), {column: "is_administrator", operators: opsEqual}},
		ids:   map[string]string{"slug": ""},
		rows:  myWorkspaceRows,
	}
}

// workspaceDetailColumns are the columns that only the workspace itself has, not the list of the user's workspaces.
func workspaceDetailColumns() []column {
	return []column{
		text("avatar_url", "Address of the workspace's picture.").at("links.avatar.href"),
		timestamp("created_on", "When the workspace was created."),
		text("forking_mode", "Rule for forks of the workspace's repositories: allow_forks or internal_only."),
		text("html_url", "Address of the workspace in the browser.").at("links.html.href"),
		boolean("is_privacy_enforced", "True if the workspace allows private content only."),
		boolean("is_private", "True if only its members can see the workspace."),
		text("name", "Name of the workspace."),
		text("self_link", "Address of the workspace in the API.").at("links.self.href"),
		text("title", "Title of the workspace: its name.").at("name"),
		text("type", "Type of the object: workspace."),
		timestamp("updated_on", "When the workspace was last changed."),
	}
}

func myWorkspaceRows(ctx context.Context, s *scan) iter.Seq2[*row, error] {
	list := s.collection(myWorkspaces().Path, 100)
	list.Fields = append(list.Fields, "workspace.slug")
	if is, _ := s.conditions.booleans("is_administrator"); len(is) == 1 {
		list.Query.Set("administrator", strconv.FormatBool(is[0]))
	}
	slugs, _ := s.equals("slug")
	rows := func(yield func(*row, error) bool) {
		missing := slices.Clone(slugs)
		for access, err := range s.List(ctx, list) {
			slug := access.Get("workspace.slug").String()
			if err == nil && !s.covers(slug) {
				continue
			}
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == slug })
			r := &row{}
			r.set(object, access)
			if !yield(r, err) {
				return
			}
		}
		for _, slug := range missing {
			if !s.covers(slug) {
				s.omitUncovered(slug)
			} else if err := s.checkWorkspace(ctx, slug); err != nil {
				yield(nil, err)
				return
			}
		}
	}
	if !s.needs(detail) && !s.needs(membership) {
		return rows
	}
	return s.completed(ctx, rows, func(ctx context.Context, r *row) error {
		slug := r.part(object).Get("workspace.slug").String()
		if s.needs(membership) {
			found, err := s.Get(ctx, api.Path("/2.0/user/workspaces/{workspace}/permission", slug), nil, s.fields(membership)...)
			if err != nil {
				return err
			}
			r.set(membership, found)
		}
		if s.needs(detail) {
			found, err := s.Get(ctx, api.Path("/2.0/workspaces/{workspace}", slug), nil, s.fields(detail)...)
			if err != nil {
				return err
			}
			r.set(detail, found)
		}
		return nil
	})
}
