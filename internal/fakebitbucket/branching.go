package fakebitbucket

import "slices"

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
	return once(o, "branching model", p.UUID, (*generator).branchingModel)
}

// RepositoryBranchingModel is the model of a repository itself, which counts only if r.OverridesBranchingModel.
func (o *Organization) RepositoryBranchingModel(r *Repository) *BranchingModel {
	return once(o, "branching model", r.UUID, (*generator).branchingModel)
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

func (g *generator) branchingModel() *BranchingModel {
	m := &BranchingModel{Development: BranchRole{Enabled: true}, DeleteBranches: g.IntN(2) == 0}
	switch g.IntN(3) {
	case 0:
		m.Development.Name = "develop"
	case 1:
		m.Development.Name = "production" // a branch that few repositories have
	}
	switch g.IntN(3) {
	case 0:
		m.Production = BranchRole{Enabled: true, Name: "production"}
	case 1:
		m.Production = BranchRole{Enabled: true}
	}
	for _, kind := range []string{"release", "hotfix", "feature", "bugfix"} {
		m.Types = append(m.Types, BranchType{kind, kind + "/", g.IntN(4) > 0})
	}
	return m
}

// ChangeBranchingModel changes the model of a repository, which from now on has its own.
func (s *Server) ChangeBranchingModel(fullName string, change func(*BranchingModel)) {
	s.ChangeRepository(fullName, func(r *Repository) { r.OverridesBranchingModel = true })
	o := s.Organization()
	r := o.Repository(fullName)
	changed := *o.RepositoryBranchingModel(r)
	changed.Types = slices.Clone(changed.Types)
	change(&changed)
	replace(o, "branching model", r.UUID, &changed)
}

// branchingModelObject is a model as it applies to a repository, with the branches that there are.
func branchingModelObject(o *Organization, r *Repository, m *BranchingModel, kind, place string) object {
	types := []object{}
	for _, t := range m.Types {
		if t.Enabled {
			types = append(types, object{{name: "kind", value: t.Kind}, {name: "prefix", value: t.Prefix}})
		}
	}
	model := object{{name: "type", value: kind}, {name: "development", value: branchRole(o, r, m.Development)}}
	if m.Production.Enabled {
		model = append(model, member{name: "production", value: branchRole(o, r, m.Production)})
	}
	return append(model, member{name: "branch_types", value: types},
		member{name: "links", value: links("self", place)})
}

// branchRole is the branch of a role in a repository, or in the project for which there is none.
func branchRole(o *Organization, r *Repository, role BranchRole) object {
	var name any
	if role.Name != "" {
		name = role.Name
	}
	shown := object{{name: "use_mainbranch", value: role.Name == ""}}
	if r != nil {
		if role.Name == "" && r.MainBranch != "" {
			name = r.MainBranch
		}
		if text, ok := name.(string); ok {
			if b := o.Branch(r, text); b != nil {
				shown = append(shown, member{name: "branch", value: lazy(func() any {
					return branchObject(o, r, b).condensed("type", "name", "target")
				})})
			}
		}
	}
	return append(object{{name: "name", value: name}}, shown...)
}

// branchingSettings is a model as its administrators set it.
func branchingSettings(o *Organization, r *Repository, m *BranchingModel, place string) object {
	types := []object{}
	for _, t := range m.Types {
		types = append(types, object{
			{name: "kind", value: t.Kind}, {name: "enabled", value: t.Enabled}, {name: "prefix", value: t.Prefix},
		})
	}
	deletion := "false" // as text
	if m.DeleteBranches {
		deletion = "true"
	}
	return object{
		{name: "type", value: "branching_model_settings"},
		{name: "development", value: settingsRole(o, r, m.Development).without([]string{"enabled"})},
		{name: "production", value: settingsRole(o, r, m.Production)},
		{name: "branch_types", value: types},
		{name: "default_branch_deletion", value: deletion},
		{name: "links", value: links("self", place)},
	}
}

func settingsRole(o *Organization, r *Repository, role BranchRole) object {
	var name any
	if role.Name != "" {
		name = role.Name
	}
	shown := object{
		{name: "name", value: name}, {name: "use_mainbranch", value: role.Name == ""}, {name: "enabled", value: role.Enabled},
	}
	if r != nil {
		shown = append(shown, member{name: "is_valid", value: role.Name == "" || o.Branch(r, role.Name) != nil})
	}
	return shown
}
