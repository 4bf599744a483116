package organization

// A BranchingModel says which branch is for what: the model of a project, or of a repository that has its own.
type BranchingModel struct {
	Development, Production BranchRole
	Types                   []BranchType
	// DeleteBranches proposes, with every pull request, to delete its branch after the merge.
	DeleteBranches bool
}

// A BranchRole is the branch that plays a part in the model.
type BranchRole struct {
	Enabled bool
	Name    string // "": the main branch
}

// A BranchType is a kind of branches and the prefix of their names.
type BranchType struct {
	Kind, Prefix string
	Enabled      bool
}

// ProjectBranchingModel is the model of a project.
func (o *Organization) ProjectBranchingModel(p *Project) *BranchingModel {
	return once(o, "branching model", p.UUID, Generator.BranchingModel)
}

// RepositoryBranchingModel is the model of a repository itself, which counts only if r.OverridesBranchingModel.
func (o *Organization) RepositoryBranchingModel(r *Repository) *BranchingModel {
	return once(o, "branching model", r.UUID, Generator.BranchingModel)
}

// EffectiveBranchingModel is the model that counts in a repository: its own, or its project's. Branches of the project's
// model that the repository lacks are the main one.
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
