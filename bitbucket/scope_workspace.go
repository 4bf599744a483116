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
	workspace jsontree.Value // with the slug at least
	named     bool           // by the query or the connection: then it is an error if Bitbucket refuses it
	query     jsontree.Value // what the query asked of it, for the part of that name
}

func (p workspaceScope) slug() string { return p.workspace.Get("slug").String() }

// row returns a row of an object found in the workspace.
func (p workspaceScope) row(item jsontree.Value) *row {
	r := &row{}
	r.set(objectPart, item)
	r.set(workspacePart, p.workspace)
	r.set(queryPart, p.query)
	if p.named { // the object knows how the workspace calls itself; somebody may have called it otherwise
		if slug, _, ok := strings.Cut(item.Get("repository.full_name").String(), "/"); ok && slug != p.slug() {
			r.set(workspacePart, namedWorkspace(slug).workspace)
		}
	}
	return r
}

// namedWorkspace is a workspace of which no more is known than how the query calls it.
func namedWorkspace(slug string) workspaceScope {
	return workspaceScope{workspace: jsontree.Of(map[string]string{"slug": slug}), named: true}
}

// covers says whether the connection's workspaces argument admits the workspace.
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

// workspaces returns the workspaces that the scan covers: those that the query names, else those that the connection names and
// those of the connected user that match its patterns, else all that the connected user belongs to; always within what
// the connection covers.
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
			if s.wants("workspace_uuid") && s.table.column("workspace_uuid").from()[0].part == workspacePart { // not in each row
				p, err = s.identified(ctx, p)
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
			named := slices.ContainsFunc(slugs, func(slug string) bool { return strings.EqualFold(slug, p.slug()) })
			if named || !s.covers(p.slug()) {
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

// withinPatterns says to which workspaces the connection is limited, if it is.
func (s *scan) withinPatterns() string {
	if len(s.settings.Workspaces) == 0 {
		return ""
	}
	return " among those that the connection covers (" + strings.Join(s.settings.Workspaces, ", ") + ")"
}

// omitUncovered notes that the query names a workspace that the connection does not cover.
func (s *scan) omitUncovered(slug string) {
	s.omit(Omission{Workspace: slug, Reason: ReasonNotCovered, Message: fmt.Sprintf("%s leaves out the workspace %s, which the connection does not cover.", s.queriedTable, slug)})
}

func isPattern(workspace string) bool { return strings.ContainsAny(workspace, `*?[\`) }

// namedWorkspaces returns the workspaces that the query names, by their slugs or in the full names of repositories.
func (q *query) namedWorkspaces() (slugs []string, ok bool) {
	if slugs, ok := q.equals(q.table.workspaceColumn()); ok {
		return distinctSlugs(slugs, sameText), true
	}
	for _, column := range []string{"full_name", "repository_full_name"} {
		if names, ok := q.equals(column); ok {
			for _, name := range names {
				slug, _, _ := strings.Cut(name, "/")
				slugs = append(slugs, slug)
			}
			return distinctSlugs(slugs, sameText), true
		}
	}
	return nil, false
}

// distinctSlugs keeps each workspace once, and nothing that can't be a slug.
func distinctSlugs(slugs []string, same func(a, b string) bool) []string {
	var kept []string
	for _, slug := range slugs {
		if isSlug(slug) && !slices.ContainsFunc(kept, func(other string) bool { return same(slug, other) }) {
			kept = append(kept, slug)
		}
	}
	return kept
}

// sameText is how SQL compares names. Bitbucket, and so a connection, does not mind the case: there it is
// [strings.EqualFold].
func sameText(a, b string) bool { return a == b }

// workspaceColumn is the column by which a query names workspaces.
func (t *table) workspaceColumn() string {
	if t.name == "bitbucket_workspace" || t.name == "bitbucket_my_workspace" {
		return "slug"
	}
	return "workspace_slug"
}

// userWorkspace returns what the list of the user's workspaces says of one, and whether it is there.
func (s *scan) userWorkspace(ctx context.Context, p workspaceScope) (access jsontree.Value, ok bool, err error) {
	accesses, err := s.userWorkspaces(ctx)
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

// identified adds the uuid, if the query wants it, to a workspace of which only the slug is known. A token that belongs to no
// user has no inventory, and the uuid stays unknown. Bitbucket refuses it in the words that it has for one that has expired: if
// it says so twice, and the token is good for the rest, it is such a token.
func (s *scan) identified(ctx context.Context, p workspaceScope) (workspaceScope, error) {
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

// workspaceIsGone says whether a workspace that answered "not found" has gone since the inventory was taken. A scan over all
// workspaces then goes on without it; whoever named it gets the error.
func (s *scan) workspaceIsGone(ctx context.Context, p workspaceScope, err error) bool {
	if p.named || !api.HasStatus(err, http.StatusNotFound) {
		return false
	}
	s.answers.Forget(workspacesKey)
	_, listed, err := s.userWorkspace(ctx, p)
	return err == nil && !listed
}

// perWorkspace lists the children of every workspace that the scan covers.
func (s *scan) perWorkspace(ctx context.Context, children func(context.Context, workspaceScope) rowSeq) rowSeq {
	return s.inEachWorkspace(ctx, s.workspaces(ctx), children)
}

// perAdministeredWorkspace is perWorkspace for what Bitbucket tells the administrators of a workspace only: it covers those
// that the connected user administers.
func (s *scan) perAdministeredWorkspace(ctx context.Context, children func(context.Context, workspaceScope) rowSeq) rowSeq {
	return s.inEachWorkspace(ctx, s.administeredWorkspaces(ctx), children)
}

// inEachWorkspace lists the children of each workspace. One that is gone since it was listed has none; one that the query calls
// otherwise than Bitbucket does is an error.
func (s *scan) inEachWorkspace(ctx context.Context, places iter.Seq2[workspaceScope, error], children func(context.Context, workspaceScope) rowSeq) rowSeq {
	_, byQuery := s.namedWorkspaces()
	return combine(ctx, s, places, func(ctx context.Context, p workspaceScope) rowSeq {
		return wholeOrNone(s, p.omission(), func(yield func(*row, error) bool) {
			checked := !byQuery
			for r, err := range children(ctx, p) {
				if err != nil && s.workspaceIsGone(ctx, p, err) {
					return
				}
				if err == nil && byQuery {
					err = s.checkRow(ctx, p, r, &checked)
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
			if !checked {
				if err := s.checkWorkspace(ctx, p.slug()); err != nil {
					yield(nil, err)
				}
			}
		})
	})
}

// checkRow returns an error if a row shows that the query calls the workspace otherwise than Bitbucket does. If rows don't
// show how it is called, that is asked for at the first of them.
func (s *scan) checkRow(ctx context.Context, p workspaceScope, r *row, checked *bool) error {
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
	return s.checkWorkspace(ctx, p.slug())
}

// omission is what is noted if the workspace is left out. The message names it, for a sentence to be made of it.
func (p workspaceScope) omission() Omission {
	return Omission{Workspace: p.slug(), Message: "the workspace " + p.slug()}
}

// administeredWorkspaces returns those of the scan's workspaces that the connected user administers. A token that belongs to no
// user administers what it can read.
func (s *scan) administeredWorkspaces(ctx context.Context) iter.Seq2[workspaceScope, error] {
	return func(yield func(workspaceScope, error) bool) {
		for p, err := range s.workspaces(ctx) {
			isAdministrator := false
			if err == nil {
				p, isAdministrator, err = s.administered(ctx, p)
			}
			if err == nil && !isAdministrator {
				if err = s.notAdministered(p.omission()); err == nil {
					continue
				}
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// administered returns the workspace as the list of the user's workspaces has it, if it is there, and whether the user
// administers it.
func (s *scan) administered(ctx context.Context, p workspaceScope) (_ workspaceScope, isAdministrator bool, err error) {
	known, ok, err := s.userWorkspace(ctx, p)
	if s.belongsToNobody(err) {
		return p, true, nil
	}
	_, byQuery := s.namedWorkspaces()
	switch {
	case err != nil:
		return p, false, err
	case ok && byQuery && p.named:
		err = checkName(p.slug(), known.Get("workspace.slug").String())
	case !ok && byQuery:
		err = s.checkWorkspace(ctx, p.slug())
	}
	if ok {
		p.workspace = known.Field("workspace")
	}
	return p, known.Get("administrator").Bool(), err
}

// notAdministered notes that what only administrators may read is left out. Where the connection demands it (on_refusal is
// "strict") and the query names what is left out, it is an error.
func (s *scan) notAdministered(one Omission) error {
	one.Reason = ReasonNotAdministered
	one.Message = fmt.Sprintf("%s covers what the connected user administers, and that is not %s.", s.queriedTable, one.Message)
	if _, named := s.namedWorkspaces(); named && s.settings.OnRefusal == StrictOnRefusal {
		return &OmissionError{one}
	}
	s.omit(one)
	return nil
}

// administers says whether the connected user administers a workspace.
func (s *scan) administers(ctx context.Context, p workspaceScope) (bool, error) {
	known, _, err := s.userWorkspace(ctx, p)
	return known.Get("administrator").Bool(), err
}

// inWorkspaceColumns say in which workspace an object lives that does not say so itself.
func inWorkspaceColumns() []column {
	return []column{
		text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").in(workspacePart, "uuid"),
	}
}
