package bitbucket

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A projectScope is a project that a scan covers, for the tables of what belongs to a project.
type projectScope struct {
	workspaceScope
	project     jsontree.Value
	isNamed     bool // the query names it
	isCandidate bool // the connected user may or may not be its administrator
}

func (p projectScope) key() string { return p.project.Get("key").String() }

// path returns the path of something in the project. rest is the part after the project's own path, and values fill its
// placeholders.
func (p projectScope) path(rest string, values ...string) string {
	return api.Path("/2.0/workspaces/{workspace}/projects/{project_key}"+rest, append([]string{p.slug(), p.key()}, values...)...)
}

// row returns the row of an object in the project.
func (p projectScope) row(item jsontree.Value) *row {
	made := &row{}
	made.set(objectPart, item)
	made.set(projectPart, p.project)
	made.set(workspacePart, p.workspace)
	return made
}

// inProjectColumns returns the columns that show the project of an object.
func inProjectColumns() []column {
	return []column{
		text("project_key", "Key of the project, unique in the workspace.").in(projectPart, "key"),
		text("project_name", "Name of the project.").in(projectPart, "name"),
		text("project_uuid", "Immutable id of the project, in braces.").in(projectPart, "uuid"),
		text("workspace_slug", "Slug of the workspace.").in(workspacePart, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").in(projectPart, "workspace.uuid").in(workspacePart, "uuid"),
	}
}

// inProjectKeyColumns returns the key columns by which a query names projects.
func inProjectKeyColumns() []keyColumn {
	return []keyColumn{named("workspace_slug"), named("project_key")}
}

// omission returns the omission to record if the project is left out. Its message only names the project.
func (p projectScope) omission() Omission {
	return Omission{Workspace: p.slug(), Project: p.key(), Message: fmt.Sprintf("the project %s of %s", p.key(), p.slug())}
}

// projects returns the projects that the scan covers: all projects of the workspaces that the connected user
// administers, and the candidates of the other workspaces. If the query names projects, it returns only these.
func (s *scan) projects(ctx context.Context) iter.Seq2[projectScope, error] {
	keys, byKey := s.conditions.texts("project_key")
	_, byWorkspace := s.namedWorkspaces()
	return func(yield func(projectScope, error) bool) {
		for p, err := range s.workspaces(ctx) {
			isAdministrator := false
			if err == nil {
				p, isAdministrator, err = p.administered(ctx, s)
			}
			if err != nil {
				yield(projectScope{}, err)
				return
			}
			found := p.candidateProjects(ctx, s)
			if isAdministrator {
				found = p.projects(ctx, s)
			}
			if byWorkspace && byKey && len(keys) <= fewNames {
				found = p.namedProjects(ctx, s, keys, isAdministrator)
			}
			for pr, err := range wholeOrNone(&s.omitter, p.omission(), found) {
				if err != nil && p.isGone(ctx, s.connection, err) {
					break
				}
				if err == nil && byKey && !slices.Contains(keys, pr.key()) {
					continue
				}
				if !yield(pr, err) || err != nil {
					return
				}
			}
		}
	}
}

// candidateProjects returns the projects that the connected user may administer in a workspace that the user does not
// administer as a whole. Bitbucket does not say which projects a user administers. But the administrator of a project
// administers each repository in it, so only a project without repositories is missed. The other projects are recorded
// as an omission.
func (p workspaceScope) candidateProjects(ctx context.Context, s *scan) iter.Seq2[projectScope, error] {
	return func(yield func(projectScope, error) bool) {
		keys, err := p.candidateKeys(ctx, s)
		if err != nil {
			yield(projectScope{}, err)
			return
		}
		if len(keys) == 0 { // no need to read the list of projects
			one := p.omission()
			one.Message = "the projects of " + p.slug()
			if err := s.notAdministered(one); err != nil {
				yield(projectScope{}, err)
			}
			return
		}
		others := 0
		for pr, err := range p.projects(ctx, s) {
			if err == nil && !keys[pr.key()] {
				others++
				continue
			}
			pr.isCandidate = true
			if !yield(pr, err) || err != nil {
				return
			}
		}
		if others > 0 {
			one := p.omission()
			one.Reason = ReasonNotAdministered
			one.Message = fmt.Sprintf("%s covers what the connected user administers: it leaves out %d projects of %s.", s.queriedTable, others, p.slug())
			s.omit(one)
		}
	}
}

// candidateKeys returns the keys of the projects in which the connected user administers a repository.
func (p workspaceScope) candidateKeys(ctx context.Context, s *scan) (map[string]bool, error) {
	keys := map[string]bool{}
	for r, err := range administeredRepositories(p.slug()).repositories(ctx, s, p) {
		if err != nil {
			return nil, err
		}
		keys[r.repository.Get("project.key").String()] = true
	}
	return keys, nil
}

// projectsKey returns the cache key of the list of the projects of a workspace.
func projectsKey(p workspaceScope) string { return "projects " + strings.ToLower(p.slug()) }

// projects lists the projects of a workspace; the answer is cached for half a minute.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-projects-get
func (p workspaceScope) projects(ctx context.Context, s *scan) iter.Seq2[projectScope, error] {
	l := api.List{
		Path:    api.Path("/2.0/workspaces/{workspace}/projects", p.slug()),
		Fields:  []string{"key", "name", "uuid", "workspace.slug", "workspace.uuid"},
		PageLen: 100,
	}
	return func(yield func(projectScope, error) bool) {
		for item, err := range s.places().shared(ctx, projectsKey(p), l) {
			pr := projectScope{workspaceScope: p, project: item}
			if err == nil {
				err = pr.adoptWorkspace(s)
			}
			if !yield(pr, err) || err != nil {
				return
			}
		}
	}
}

// namedProjects returns the projects of a workspace that the query names, unless the connected user can't administer
// them.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-get
func (p workspaceScope) namedProjects(ctx context.Context, s *scan, keys []string, isAdministrator bool) iter.Seq2[projectScope, error] {
	return func(yield func(projectScope, error) bool) {
		var candidates map[string]bool
		for _, key := range keys {
			pr, err := p.project(ctx, s.connection, key)
			if err == nil {
				err = pr.adoptWorkspace(s)
			}
			if err == nil {
				err = checkName(key, pr.key())
			}
			if err == nil && !isAdministrator {
				if candidates == nil {
					candidates, err = p.candidateKeys(ctx, s)
				}
				if pr.isCandidate = candidates[key]; err == nil && !pr.isCandidate {
					if err = s.notAdministered(pr.omission()); err == nil {
						continue
					}
				}
			}
			if !yield(pr, err) || err != nil {
				return
			}
		}
	}
}

// project returns the project of a workspace with a key, from the list of projects if that is cached.
func (p workspaceScope) project(ctx context.Context, c *connection, key string) (projectScope, error) {
	items, _, _ := cache.PeekList[jsontree.Value](c.places().answers, projectsKey(p))
	if i := slices.IndexFunc(items, func(item jsontree.Value) bool { return item.Get("key").String() == key }); i >= 0 {
		return projectScope{workspaceScope: p, project: items[i], isNamed: true}, nil
	}
	found, err := cache.Get(ctx, c.places().answers, "project "+strings.ToLower(p.slug()+"/"+key), func(ctx context.Context) (jsontree.Value, error) {
		return c.places().Get(ctx, api.Path("/2.0/workspaces/{workspace}/projects/{project_key}", p.slug(), key), nil)
	})
	return projectScope{workspaceScope: p, project: found, isNamed: true}, err
}

// adoptWorkspace sets the workspace to the one that the project names, as the connection may spell it differently. If
// the query spells it differently, it returns an error.
func (p *projectScope) adoptWorkspace(s *scan) error {
	slug := p.project.Get("workspace.slug").String()
	if !p.named || slug == "" || slug == p.slug() {
		return nil
	}
	if _, byQuery := s.namedWorkspaces(); byQuery {
		return checkName(p.slug(), slug)
	}
	p.workspaceScope = namedWorkspace(slug)
	return nil
}

// isGone reports whether a project that answered "not found" was deleted since it was listed.
func (p projectScope) isGone(ctx context.Context, c *connection, err error) bool {
	if p.isNamed || !api.HasStatus(err, http.StatusNotFound) {
		return false
	}
	_, err = c.Get(api.Fresh(ctx), p.path(""), nil, "uuid")
	return api.IsNotFound(err)
}
