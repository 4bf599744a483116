package generate

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// BranchingModel returns the model of a project or a repository.
func (g *generator) BranchingModel() *organization.BranchingModel {
	m := &organization.BranchingModel{Development: organization.BranchRole{Enabled: true}, DeleteBranches: g.IntN(2) == 0}
	switch g.IntN(3) {
	case 0:
		m.Development.Name = "develop"
	case 1:
		m.Development.Name = "production" // a branch that few repositories have
	}
	switch g.IntN(3) {
	case 0:
		m.Production = organization.BranchRole{Enabled: true, Name: "production"}
	case 1:
		m.Production = organization.BranchRole{Enabled: true}
	}
	for _, kind := range []string{"release", "hotfix", "feature", "bugfix"} {
		m.Types = append(m.Types, organization.BranchType{Kind: kind, Prefix: kind + "/", Enabled: g.IntN(4) > 0})
	}
	return m
}
