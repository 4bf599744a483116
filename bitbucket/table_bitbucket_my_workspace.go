package bitbucket

import (
	"context"
	"slices"
	"strconv"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
)

// tableMyWorkspace returns the table bitbucket_my_workspace. A row is a workspace that the connected user belongs to.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
func tableMyWorkspace() *table {
	return &table{
		name:        "bitbucket_my_workspace",
		description: "A workspace that the connected user belongs to, with the user's role in it, and whether the user administers it. bitbucket_workspace has more columns.",
		scopes:      []string{"account"},
		columns: []column{
			text("slug", "Short name of the workspace in addresses.").at("workspace.slug"),
			text("uuid", "Immutable id of the workspace, in braces.").at("workspace.uuid"),
			boolean("is_administrator", "True if the connected user administers the workspace.").at("administrator"),
			text("permission", "The highest role of the connected user in the workspace: owner, create-project, member or collaborator. Costs one more request for each workspace.").in(membershipPart, "permission"),
			text("avatar_url", "Address of the workspace's picture.").at("workspace.links.avatar.href"),
			text("self_link", "Address of the workspace in the API.").at("workspace.links.self.href"),
			text("title", "Title of the workspace: its slug.").at("workspace.slug"),
		},
		keyColumns: []keyColumn{filtered("slug", "slug", nameOperators), {column: "is_administrator", operators: equalOperators}},
		ids:        map[string]string{"slug": ""},
		copying:    whole("uuid").withHistory(),
		rows:       myWorkspaceRows,
	}
}

func myWorkspaceRows(ctx context.Context, s *scan) rowSeq {
	list := s.collection(myWorkspaces().Path, 100)
	list.Fields = append(list.Fields, "workspace.slug")
	if is, _ := s.conditions.booleans("is_administrator"); len(is) == 1 {
		list.Query.Set("administrator", strconv.FormatBool(is[0]))
	}
	slugs, _ := s.conditions.texts("slug")
	rows := func(yield func(*row, error) bool) {
		missing := slices.Clone(slugs)
		for access, err := range s.List(ctx, list) {
			slug := access.Get("workspace.slug").String()
			if err == nil && !s.covers(slug) {
				continue
			}
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == slug })
			r := &row{}
			r.set(objectPart, access)
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
	if !s.needsPart(membershipPart) {
		return rows
	}
	return s.completed(ctx, rows, func(ctx context.Context, r *row) error {
		slug := r.part(objectPart).Get("workspace.slug").String()
		found, err := s.getPart(ctx, api.Path("/2.0/user/workspaces/{workspace}/permission", slug), membershipPart)
		r.set(membershipPart, found)
		return err
	})
}
