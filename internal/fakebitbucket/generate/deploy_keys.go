package generate

import (
	"fmt"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// DeployKeys makes the deploy keys of a repository.
func (g *generator) DeployKeys(r *organization.Repository) []*organization.DeployKey {
	return g.deployKeys(r.Workspace, r.CreatedOn)
}

// ProjectDeployKeys makes the deploy keys of a project.
func (g *generator) ProjectDeployKeys(p *organization.Project) []*organization.DeployKey {
	return g.deployKeys(p.Workspace, p.CreatedOn)
}

// deployKeys are none for every other owner, some for most of the rest, and now and then more than a page.
func (g *generator) deployKeys(w *organization.Workspace, since time.Time) []*organization.DeployKey {
	n := max(0, g.IntN(6)-2)
	if g.IntN(25) == 0 {
		n = 12
	}
	var keys []*organization.DeployKey
	users := g.usersOf(w)
	for range n {
		label := pick(g, deployKeyLabels)
		k := &organization.DeployKey{ID: 1_000_000 + g.IntN(90_000_000), Label: label, CreatedOn: g.after(since)}
		if g.IntN(3) > 0 {
			k.Comment = fmt.Sprintf("deploy@build-%d", 1+g.IntN(40))
		}
		k.Key = g.publicKey()
		switch g.IntN(4) {
		case 0: // never used
		case 1: // not any more
			used := k.CreatedOn.Add(g.now.Sub(k.CreatedOn) / 3).Truncate(time.Microsecond)
			k.LastUsed = &used
		default: // lately
			used := g.after(latest(k.CreatedOn, g.now.AddDate(0, 0, -20)))
			k.LastUsed = &used
		}
		if g.IntN(2) == 0 {
			k.Owner = pick(g, users)
		}
		keys = append(keys, k)
	}
	return keys
}

// deployKeyLabels are what people call the keys of their machines.
var deployKeyLabels = []string{
	"ci", "Jenkins", "production", "staging", "backup", "release robot", "old laptop", "test environment", "mirror", "",
}
