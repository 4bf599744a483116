package organization

import (
	"slices"
	"strconv"
	"strings"
)

// A BranchRestriction is a rule for branches. It says who may do something with them, or what a pull request needs
// before it is merged into them.
type BranchRestriction struct {
	ID              int
	Kind            string
	BranchMatchKind string // glob or branching_model
	Pattern         string // for glob; else ""
	BranchType      string // for branching_model; else ""
	Value           *int   // for kinds that count
	Users           []*User
	Groups          []*Group
}

// BranchRestrictions returns the branch restrictions of a repository, the newest first.
func (o *Organization) BranchRestrictions(r *Repository) []*BranchRestriction {
	return once(o, "branch restrictions", r.UUID, func(g Generator) []*BranchRestriction { return g.BranchRestrictions(r) })
}

// ProjectRestrictions returns the branch restrictions of a project, which apply to all of its repositories. No
// endpoint returns them: only the merge checks of a pull request show their effect.
func (o *Organization) ProjectRestrictions(p *Project) []*BranchRestriction {
	return once(o, "branch restrictions", p.UUID, Generator.ProjectRestrictions)
}

// Rules returns the branch restrictions for a branch of a repository: those of the repository and those of its
// project.
func (o *Organization) Rules(r *Repository, branch string) []*BranchRestriction {
	return slices.DeleteFunc(slices.Concat(o.BranchRestrictions(r), o.ProjectRestrictions(r.Project)), func(b *BranchRestriction) bool {
		return !o.isAbout(r, branch, b)
	})
}

// isAbout reports whether a restriction applies to a branch, by its pattern or by the branch's role in the branching
// model.
func (o *Organization) isAbout(r *Repository, branch string, b *BranchRestriction) bool {
	if b.BranchMatchKind == "glob" {
		return matchesGlob(branch, b.Pattern)
	}
	model := o.EffectiveBranchingModel(r)
	for kind, role := range map[string]BranchRole{"production": model.Production, "development": model.Development} {
		if kind == b.BranchType && role.Enabled && (branch == role.Name || role.Name == "" && branch == r.MainBranch) {
			return true
		}
	}
	return slices.ContainsFunc(model.Types, func(t BranchType) bool {
		return t.Kind == b.BranchType && t.Enabled && strings.HasPrefix(branch, t.Prefix)
	})
}

// matchesGlob reports whether a name matches a pattern, in which * matches any text.
func matchesGlob(name, pattern string) bool {
	before, after, found := strings.Cut(pattern, "*")
	if !found {
		return name == pattern
	}
	rest, ok := strings.CutPrefix(name, before)
	for i := 0; ok && i <= len(rest); i++ {
		if matchesGlob(rest[i:], after) {
			return true
		}
	}
	return false
}

// Identifier returns the id that addresses use.
func (b *BranchRestriction) Identifier() string { return strconv.Itoa(b.ID) }
