package organization

import (
	"slices"
	"strconv"
	"strings"
)

// A BranchRestriction is a rule about branches: who may do something with them, or what a pull request must have before
// it is merged into them.
type BranchRestriction struct {
	ID              int
	Kind            string
	BranchMatchKind string // glob or branching_model
	Pattern         string // of a glob; else ""
	BranchType      string // of the branching model; else ""
	Value           *int   // of kinds that count
	Users           []*User
	Groups          []*Group
}

// BranchRestrictions are the branch restrictions of a repository, the latest first.
func (o *Organization) BranchRestrictions(r *Repository) []*BranchRestriction {
	return once(o, "branch restrictions", r.UUID, func(g Generator) []*BranchRestriction { return g.BranchRestrictions(r) })
}

// ProjectRestrictions are the branch restrictions of a project, which hold in all of its repositories. No endpoint reads
// them: only the merge checks of a pull request show what they ask for.
func (o *Organization) ProjectRestrictions(p *Project) []*BranchRestriction {
	return once(o, "branch restrictions", p.UUID, Generator.ProjectRestrictions)
}

// Rules are the branch restrictions for a branch of a repository: its own, and those of its project.
func (o *Organization) Rules(r *Repository, branch string) []*BranchRestriction {
	return slices.DeleteFunc(slices.Concat(o.BranchRestrictions(r), o.ProjectRestrictions(r.Project)), func(b *BranchRestriction) bool {
		return !o.isAbout(r, branch, b)
	})
}

// isAbout tells whether a restriction is about a branch: by a pattern, or by the part that the branch plays.
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

// matchesGlob compares a name with a pattern, in which * stands for any text.
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

// Identifier is what an address names it by.
func (b *BranchRestriction) Identifier() string { return strconv.Itoa(b.ID) }
