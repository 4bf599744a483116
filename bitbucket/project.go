package bitbucket

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A proj is a project that a scan covers, for the tables of what belongs to projects.
type proj struct {
	place
	project jsontree.Value
	byName  bool // it is in the query
}

func (p proj) key() string { return p.project.Get("key").String() }

// path is that of something in the project: rest is what follows the project's own path, with values for its
// placeholders.
func (p proj) path(rest string, values ...string) string {
	return api.Path("/2.0/workspaces/{workspace}/projects/{project_key}"+rest, append([]string{p.slug(), p.key()}, values...)...)
}

// row returns a row of an object found in the project.
func (p proj) row(item jsontree.Value) *row {
	made := &row{}
	made.set(object, item)
	made.set(project, p.project)
	made.set(workspace, p.workspace)
	return made
}

// inProjectColumns say in which project an object lives.
func inProjectColumns() []column {
	return []column{
		text("project_key", "Key of the project, unique in the workspace.").in(project, "key"),
		text("project_name", "Name of the project.").in(project, "name"),
		text("project_uuid", "Immutable id of the project, in braces.").in(project, "uuid"),
		text("workspace_slug", "Slug of the workspace.").in(workspace, "slug"),
		text("workspace_uuid", "Immutable id of the workspace, in braces.").in(project, "workspace.uuid").in(workspace, "uuid"),
	}
}

// inProjectQuals are the conditions by which a query names projects.
func inProjectQuals() []qual { return []qual{named("workspace_slug"), named("project_key")} }

// perAdministeredProject lists the children of every project in the workspaces that the connected user administers, for
// what Bitbucket tells administrators only. Which single projects the user administers elsewhere Bitbucket does not tell:
// they are covered if the query names them, or their workspace.
func (s *scan) perAdministeredProject(ctx context.Context, children func(context.Context, proj) iter.Seq2[*row, error]) iter.Seq2[*row, error] {
	return combine(ctx, s, s.projects(ctx), func(ctx context.Context, p proj) iter.Seq2[*row, error] {
		return func(yield func(*row, error) bool) {
			for child, err := range children(ctx, p) {
				if err != nil && s.projectVanished(ctx, p, err) {
					return
				}
				if !yield(child, err) || err != nil {
					return
				}
			}
		}
	})
}

// projects returns the projects that the scan covers.
func (s *scan) projects(ctx context.Context) iter.Seq2[proj, error] {
	keys, byKey := s.equals("project_key")
	return func(yield func(proj, error) bool) {
		for p, err := range s.administeredPlaces(ctx) {
			if err != nil {
				yield(proj{}, err)
				return
			}
			found := s.projectsOf(ctx, p)
			if _, byWorkspace := s.namedWorkspaces(); byWorkspace && byKey && len(keys) <= fewNames {
				found = s.namedProjects(ctx, p, keys)
			}
			for pr, err := range found {
				if err != nil && s.vanished(ctx, p, err) {
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

// projectsOf lists the projects of a workspace, for all scans of half a minute.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-projects-get
func (s *scan) projectsOf(ctx context.Context, p place) iter.Seq2[proj, error] {
	l := api.List{
		Path:    api.Path("/2.0/workspaces/{workspace}/projects", p.slug()),
		Fields:  []string{"key", "name", "uuid", "workspace.slug", "workspace.uuid"},
		PageLen: 100,
	}
	return func(yield func(proj, error) bool) {
		for item, err := range s.shared(ctx, "projects "+strings.ToLower(p.slug()), l) {
			pr := proj{place: p, project: item}
			if err == nil && !pr.comeHome(s) || !yield(pr, err) || err != nil {
				return
			}
		}
	}
}

// namedProjects returns the projects of a workspace that the query names.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-get
func (s *scan) namedProjects(ctx context.Context, p place, keys []string) iter.Seq2[proj, error] {
	return func(yield func(proj, error) bool) {
		for _, key := range keys {
			known, err := s.remembered(ctx, "project "+strings.ToLower(p.slug()+"/"+key), func(ctx context.Context) (any, error) {
				return s.Get(ctx, api.Path("/2.0/workspaces/{workspace}/projects/{project_key}", p.slug(), key), nil)
			})
			if err != nil {
				yield(proj{}, err)
				return
			}
			pr := proj{place: p, project: known.(jsontree.Value), byName: true}
			if !pr.comeHome(s) || !yield(pr, nil) {
				return
			}
		}
	}
}

// comeHome sets the workspace to what the project says, as somebody may have called it otherwise. If that was the query,
// it means no such workspace, and the answer is false.
func (p *proj) comeHome(s *scan) bool {
	slug := p.project.Get("workspace.slug").String()
	if !p.named || slug == "" || slug == p.slug() {
		return true
	}
	p.place = namedPlace(slug)
	_, byQuery := s.namedWorkspaces()
	return !byQuery
}

// projectVanished says whether a project that answered "not found" has gone since it was listed.
func (s *scan) projectVanished(ctx context.Context, p proj, err error) bool {
	if p.byName || !api.HasStatus(err, http.StatusNotFound) {
		return false
	}
	_, err = s.Get(ctx, p.path(""), nil, "uuid")
	return api.IsNotFound(err)
}
