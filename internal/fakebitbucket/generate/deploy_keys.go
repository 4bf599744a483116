package generate

import (
	"fmt"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// DeployKeys returns the deploy keys of a repository.
func (g *generator) DeployKeys(r *organization.Repository) []*organization.DeployKey {
	return g.deployKeys(r.Workspace, r.CreatedOn)
}

// ProjectDeployKeys returns the deploy keys of a project.
func (g *generator) ProjectDeployKeys(p *organization.Project) []*organization.DeployKey {
	return g.deployKeys(p.Workspace, p.CreatedOn)
}

// deployKeys returns no keys for half of the owners, a few for most others, and more than a page now and then.
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
		case 1: // no longer used
			used := k.CreatedOn.Add(g.now.Sub(k.CreatedOn) / 3).Truncate(time.Microsecond)
			k.LastUsed = &used
		default: // used recently
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

// deployKeyLabels lists usual labels for the keys of machines.
var deployKeyLabels = []string{
	"ci", "Jenkins", "production", "staging", "backup", "release robot", "old laptop", "test environment", "mirror", "",
}
