package fakebitbucket

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// branchingModelObject renders a model for a repository, with its existing branches.
func branchingModelObject(
	o *organization.Organization, r *organization.Repository, m *organization.BranchingModel, kind, place string,
) object {
	types := []object{}
	for _, t := range m.Types {
		if t.Enabled {
			types = append(types, object{{name: "kind", value: t.Kind}, {name: "prefix", value: t.Prefix}})
		}
	}
	model := object{{name: "type", value: kind}, {name: "development", value: branchRole(o, r, m.Development)}}
	if m.Production.Enabled {
		model = append(model, jsonMember{name: "production", value: branchRole(o, r, m.Production)})
	}
	return append(model, jsonMember{name: "branch_types", value: types},
		jsonMember{name: "links", value: linksOf("self", place)})
}

// branchRole renders a role with its branch in a repository. The repository is nil for the model of a project.
func branchRole(o *organization.Organization, r *organization.Repository, role organization.BranchRole) object {
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
				shown = append(shown, jsonMember{name: "branch", value: lazy(func() any {
					return branchObject(o, r, b).condensed("type", "name", "target")
				})})
			}
		}
	}
	return append(object{{name: "name", value: name}}, shown...)
}

// branchingSettings renders the settings of a model.
func branchingSettings(
	o *organization.Organization, r *organization.Repository, m *organization.BranchingModel, place string,
) object {
	types := []object{}
	for _, t := range m.Types {
		types = append(types, object{
			{name: "kind", value: t.Kind}, {name: "enabled", value: t.Enabled}, {name: "prefix", value: t.Prefix},
		})
	}
	deletion := "false" // a string, not a boolean
	if m.DeleteBranches {
		deletion = "true"
	}
	return object{
		{name: "type", value: "branching_model_settings"},
		{name: "development", value: settingsRole(o, r, m.Development).without([]string{"enabled"})},
		{name: "production", value: settingsRole(o, r, m.Production)},
		{name: "branch_types", value: types},
		{name: "default_branch_deletion", value: deletion},
		{name: "links", value: linksOf("self", place)},
	}
}

func settingsRole(o *organization.Organization, r *organization.Repository, role organization.BranchRole) object {
	var name any
	if role.Name != "" {
		name = role.Name
	}
	shown := object{
		{name: "name", value: name}, {name: "use_mainbranch", value: role.Name == ""}, {name: "enabled", value: role.Enabled},
	}
	if r != nil {
		shown = append(shown, jsonMember{name: "is_valid", value: role.Name == "" || o.Branch(r, role.Name) != nil})
	}
	return shown
}
