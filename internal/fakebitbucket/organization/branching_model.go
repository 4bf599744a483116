package organization

// A BranchingModel gives branches their roles. It belongs to a project, or to a repository that has its own.
type BranchingModel struct {
	Development, Production BranchRole
	Types                   []BranchType
	// DeleteBranches proposes to delete the branch of each pull request after the merge.
	DeleteBranches bool
}

// A BranchRole is a branch that has a role in the model.
type BranchRole struct {
	Enabled bool
	Name    string // "": the main branch
}

// A BranchType is a kind of branch and the prefix of its names.
type BranchType struct {
	Kind, Prefix string
	Enabled      bool
}

// ProjectBranchingModel returns the model of a project.
func (o *Organization) ProjectBranchingModel(p *Project) *BranchingModel {
	return once(o, "branching model", p.UUID, Generator.BranchingModel)
}

// RepositoryBranchingModel returns the model of a repository itself. It applies only if r.OverridesBranchingModel is
// set.
func (o *Organization) RepositoryBranchingModel(r *Repository) *BranchingModel {
	return once(o, "branching model", r.UUID, Generator.BranchingModel)
}

// EffectiveBranchingModel returns the model that applies to a repository: its own, or that of its project. If the
// repository lacks a branch of the project's model, the main branch takes its place.
func (o *Organization) EffectiveBranchingModel(r *Repository) *BranchingModel {
	if r.OverridesBranchingModel {
		return o.RepositoryBranchingModel(r)
	}
	m := *o.ProjectBranchingModel(r.Project)
	for _, role := range []*BranchRole{&m.Development, &m.Production} {
		if o.Branch(r, role.Name) == nil {
			role.Name = ""
		}
	}
	return &m
}
