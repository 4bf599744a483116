package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A workspaceScope is a workspace that a scan covers.
type workspaceScope struct {
	workspace jsontree.Value // has at least the slug
	named     bool           // by the query or the connection: if Bitbucket refuses it, that is an error
	query     jsontree.Value // values of the query, for queryPart
}

func (p workspaceScope) slug() string { return p.workspace.Get("slug").String() }

// row returns a row of an object found in the workspace.
func (p workspaceScope) row(item jsontree.Value) *row {
	r := &row{}
	r.set(objectPart, item)
	r.set(workspacePart, p.workspace)
	r.set(queryPart, p.query)
	if p.named { // the object has the workspace's own name for itself; the query or the connection may spell it differently
		if slug, _, ok := strings.Cut(item.Get("repository.full_name").String(), "/"); ok && slug != p.slug() {
			r.set(workspacePart, namedWorkspace(slug).workspace)
		}
	}
	return r
}

// namedWorkspace returns a workspace of which only the name in the query is known.
func namedWorkspace(slug string) workspaceScope {
	return workspaceScope{workspace: jsontree.Of(map[string]string{"slug": slug}), named: true}
}

// covers reports whether the connection's workspaces argument includes the workspace.
func (c *connection) covers(slug string) bool {
	if len(c.settings.Workspaces) == 0 {
		return true
	}
	for _, pattern := range c.settings.Workspaces {
		if ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(slug)); ok {
			return true
		}
	}
	return false
}

// workspaces returns the workspaces that the scan covers: the ones that the query names, if the connection covers them.
// Without names in the query: the ones that the connection names, and the connected user's workspaces that match the
// connection's patterns. Without either: all workspaces that the connected user belongs to.
func (s *scan) workspaces(ctx context.Context) iter.Seq2[workspaceScope, error] {
	return func(yield func(workspaceScope, error) bool) {
		slugs, byQuery := s.namedWorkspaces()
		if !byQuery {
			slugs = distinctSlugs(slices.DeleteFunc(slices.Clone(s.settings.Workspaces), isPattern), strings.EqualFold)
		}
		for _, slug := range slugs {
			if !s.covers(slug) {
				s.omitUncovered(slug)
				continue
			}
			p, err := namedWorkspace(slug), error(nil)
			if s.wants("workspace_uuid") && s.table.column("workspace_uuid").from()[0].part == workspacePart { // the rows don't have it
				p, err = p.identified(ctx, s)
			}
			if err == nil && byQuery {
				err = checkName(slug, p.slug())
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
		if byQuery || len(slugs) > 0 && !slices.ContainsFunc(s.settings.Workspaces, isPattern) {
			return
		}
		accesses, err := s.userWorkspaces(ctx)
		if err != nil {
			yield(workspaceScope{}, err)
			return
		}
		none := len(slugs) == 0
		for _, access := range accesses {
			p := workspaceScope{workspace: access.Field("workspace")}
			isNamed := slices.ContainsFunc(slugs, func(slug string) bool { return strings.EqualFold(slug, p.slug()) })
			if isNamed || !s.covers(p.slug()) {
				continue
			}
			none = false
			if !yield(p, nil) {
				return
			}
		}
		if none {
			s.omit(Omission{Reason: ReasonNothingVisible, Message: s.queriedTable + " has no rows because the connected user sees no workspace" + s.withinPatterns() + "."})
		}
	}
}

// withinPatterns returns the part of a message that lists the workspaces that the connection is limited to, if it is.
func (c *connection) withinPatterns() string {
	if len(c.settings.Workspaces) == 0 {
		return ""
	}
	return " among those that the connection covers (" + strings.Join(c.settings.Workspaces, ", ") + ")"
}

// omitUncovered records that the query names a workspace that the connection does not cover.
func (o *omitter) omitUncovered(slug string) {
	o.omit(Omission{Workspace: slug, Reason: ReasonNotCovered, Message: fmt.Sprintf("%s leaves out the workspace %s, which the connection does not cover.", o.queriedTable, slug)})
}

func isPattern(workspace string) bool { return strings.ContainsAny(workspace, `*?[\`) }

// namedWorkspaces returns the workspaces that the query names, by their slugs or in the full names of repositories.
func (q *query) namedWorkspaces() (slugs []string, ok bool) {
	if slugs, ok := q.conditions.texts(q.table.workspaceColumn()); ok {
		return distinctSlugs(slugs, sameText), true
	}
	for _, columnName := range []string{"full_name", "repository_full_name"} {
		if names, ok := q.conditions.texts(columnName); ok {
			for _, name := range names {
				slug, _, _ := strings.Cut(name, "/")
				slugs = append(slugs, slug)
			}
			return distinctSlugs(slugs, sameText), true
		}
	}
	return nil, false
}

// distinctSlugs keeps each workspace once, and drops everything that can't be a slug.
func distinctSlugs(slugs []string, same func(a, b string) bool) []string {
	var kept []string
	for _, slug := range slugs {
		if isSlug(slug) && !slices.ContainsFunc(kept, func(other string) bool { return same(slug, other) }) {
			kept = append(kept, slug)
		}
	}
	return kept
}

// sameText compares names as SQL does. Bitbucket, and so a connection, ignores case: that takes [strings.EqualFold].
func sameText(a, b string) bool { return a == b }

// workspaceColumn returns the column by which a query names workspaces.
func (t *table) workspaceColumn() string {
	if t.name == "bitbucket_workspace" || t.name == "bitbucket_my_workspace" {
		return "slug"
	}
	return "workspace_slug"
}

// userWorkspace returns the entry of a workspace in the list of the user's workspaces, and whether there is one.
func (c *connection) userWorkspace(ctx context.Context, p workspaceScope) (access jsontree.Value, ok bool, err error) {
	accesses, err := c.userWorkspaces(ctx)
	if err != nil {
		return jsontree.Value{}, false, err
	}
	uuid := p.workspace.Get("uuid").String()
	for _, access := range accesses {
		if uuid != "" && access.Get("workspace.uuid").String() == uuid || strings.EqualFold(access.Get("workspace.slug").String(), p.slug()) {
			return access, true, nil
		}
	}
	return jsontree.Value{}, false, nil
}

// identified adds the uuid, if the query wants it, to a workspace of which only the slug is known. A token that belongs
// to no user can't list workspaces, and the uuid stays unknown. Bitbucket refuses the list in the same words as for an
// expired token: if it does so twice, and the token works otherwise, it belongs to no user.
func (p workspaceScope) identified(ctx context.Context, s *scan) (workspaceScope, error) {
	if !p.named || !s.wants("workspace_uuid") {
		return p, nil
	}
	known, ok, err := s.userWorkspace(ctx, p)
	if s.belongsToNobody(err) {
		known, ok, err = s.userWorkspace(ctx, p)
	}
	if s.belongsToNobody(err) || api.IsForbidden(err) {
		return p, nil
	}
	if ok {
		p.workspace = known.Field("workspace")
	}
	return p, err
}

// isGone reports whether a workspace that answered "not found" has been deleted since it was listed. A scan over all
// workspaces then goes on without it, but a query or a connection that names it gets the error.
func (p workspaceScope) isGone(ctx context.Context, c *connection, err error) bool {
	if p.named || !api.HasStatus(err, http.StatusNotFound) {
		return false
	}
	c.places().answers.Forget(workspacesKey)
	_, listed, err := c.userWorkspace(api.Fresh(ctx), p)
	return err == nil && !listed
}

// checkRow returns an error if a row shows that the query spells the workspace's name differently from Bitbucket. If
// the rows don't have the name, the first of them causes a request for it.
func (p workspaceScope) checkRow(ctx context.Context, c *connection, r *row, checked *bool) error {
	for _, at := range []source{{part: repositoryPart, path: "full_name"}, {part: objectPart, path: "repository.full_name"}, {part: objectPart, path: "workspace.slug"}} {
		if said := r.part(at.part).Get(at.path).String(); said != "" {
			*checked = true
			called, _, _ := strings.Cut(said, "/")
			return checkName(p.slug(), called)
		}
	}
	if *checked {
		return nil
	}
	*checked = true
	return c.checkWorkspace(ctx, p.slug())
}

// omission returns the omission to record if the workspace is left out. Its message only names the workspace.
func (p workspaceScope) omission() Omission {
	return Omission{Workspace: p.slug(), Message: "the workspace " + p.slug()}
}

// inWorkspaceColumns returns the columns that show the workspace of an object that does not name its workspace itself.
func inWorkspaceColumns() []column {
	return []column{
		text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").in(workspacePart, "uuid"),
	}
}
