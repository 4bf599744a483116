package replica

import (
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
)

// changes returns how the staged rows become current, for each table.
func (r *runner) changes() []Change {
	var changes []Change
	for _, s := range r.specs {
		changes = append(changes, r.change(s))
	}
	changes = append(changes, Change{Table: omissionTable(), IsWhole: true})
	return changes
}

func (r *runner) change(s *Spec) Change {
	c := Change{Table: s.Table}
	skipped := slices.DeleteFunc(slices.Clone(r.progress.Skipped), func(one skip) bool { return one.Table != s.Name })
	switch {
	case s.Reading == bitbucket.ReadWhole && len(skipped) == 0:
		c.IsWhole = true
	case s.Reading == bitbucket.ReadWhole:
		c.Replaced = r.exceptWorkspaces(s, skipped)
	default:
		c.Replaced = append(r.replaced(s, skipped), r.gone())
	}
	return c
}

// exceptWorkspaces returns the scope of all workspaces but those that could not be read.
func (r *runner) exceptWorkspaces(s *Spec, skipped []skip) []Scope {
	if s.column(workspaceSlug) < 0 || slices.ContainsFunc(skipped, func(one skip) bool { return one.Workspace == "" }) {
		return nil
	}
	read := Scope{Columns: []string{workspaceSlug}}
	for _, is := range r.progress.Repositories {
		workspace, _, _ := strings.Cut(is.FullName, "/")
		if !slices.ContainsFunc(skipped, func(one skip) bool { return one.Workspace == workspace }) && !read.has(workspace) {
			read.Values = append(read.Values, []any{workspace})
		}
	}
	return []Scope{read}
}

func (s Scope) has(value any) bool {
	return slices.ContainsFunc(s.Values, func(one []any) bool { return one[0] == value })
}

// gone returns the scope of the repositories that the connected user does not see any more.
func (r *runner) gone() Scope {
	gone := Scope{Columns: []string{repositoryUUID}}
	for _, uuid := range byName(r.old.Repositories) {
		if _, ok := r.live[uuid]; !ok {
			gone.Values = append(gone.Values, []any{uuid})
		}
	}
	return gone
}

// replaced returns the scopes whose rows were all read: repositories, and parents of children.
func (r *runner) replaced(s *Spec, skipped []skip) []Scope {
	wasRead := func(uuid string) bool {
		return !slices.ContainsFunc(skipped, func(one skip) bool { return one.covers(uuid, r.progress.Repositories[uuid]) })
	}
	read := Scope{Columns: []string{repositoryUUID}}
	uuids := r.toReadWhole(s)
	if s.Reading == bitbucket.ReadTouched {
		uuids = r.toRead(s)
	}
	for _, uuid := range uuids {
		if wasRead(uuid) {
			read.Values = append(read.Values, []any{uuid})
		}
	}
	scopes := []Scope{read}
	if s.Elsewhere.Column != "" && len(skipped) == 0 {
		scopes = append(scopes, elsewhere(s))
	}
	if s.Reading != bitbucket.ReadChildren || r.isFull(s) {
		return scopes
	}
	children := Scope{Columns: []string{repositoryUUID, s.Links[1].Own}}
	for _, p := range r.progress.Parents {
		if p.Table == s.Parent && wasRead(p.Repository) {
			if id, err := s.typed(s.Links[1].Own, p.ID); err == nil {
				children.Values = append(children.Values, []any{p.Repository, id})
			}
		}
	}
	return append(scopes, children)
}

// elsewhere returns the scope of the rows of a table that belong to no repository.
func elsewhere(s *Spec) Scope {
	scope := Scope{Columns: []string{s.Elsewhere.Column}}
	for _, value := range s.Elsewhere.Values {
		scope.Values = append(scope.Values, []any{value})
	}
	return scope
}

// omissionTable returns the table of what the runs have left out.
func omissionTable() Table {
	return Table{
		Name:        OmissionTable,
		Description: "Something that the last run could not copy, or not read.",
		Columns: []Column{
			{"run_id", Text, "Run that left it out."},
			{"table_name", Text, "Table that left it out."},
			{"reason", Text, "Reason, in a word, as in the plugin's table of the same name."},
			{"message", Text, "What was left out, in a sentence."},
			{"advice", Text, "What to do about it."},
			{"workspace_slug", Text, "Slug of the workspace. Null if it is not about one."},
			{"project_key", Text, "Key of the project. Null if it is not about one."},
			{"repository_full_name", Text, "Slugs of the workspace and the repository. Null if it is not about one."},
			{"omitted_on", Timestamp, "When it was left out."},
			{"number", Integer, "Number in the run."},
		},
		Key: []string{"run_id", "number"},
	}
}

// omissionRow returns a row of the table of omissions.
func omissionRow(run string, number int, o bitbucket.Omission) []any {
	orNil := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return []any{
		run, o.Table, o.Reason, o.Message, orNil(o.Advice), orNil(o.Workspace), orNil(o.Project), orNil(o.Repository),
		o.At.UTC().Truncate(time.Microsecond), int64(number),
	}
}
