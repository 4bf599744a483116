package generate

import (
	"fmt"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// Watchers returns the watchers of a repository. It may have no watchers, a few, or most of the workspace.
func (g *generator) Watchers(r *organization.Repository) []*organization.User {
	members := slices.Clone(g.org.MembersOf(r.Workspace))
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	n := g.IntN(4)
	if g.IntN(12) == 0 {
		n = len(members) * 3 / 4
	}
	var watchers []*organization.User
	for _, m := range members[:min(n, len(members))] {
		watchers = append(watchers, m.User)
	}
	return watchers
}

// Downloads returns the files that a repository offers for download, or nil if downloads are switched off.
func (g *generator) Downloads(r *organization.Repository) []*organization.Download {
	if g.IntN(8) == 0 {
		return nil
	}
	made := []*organization.Download{}
	n := max(0, g.IntN(6)-3)
	if g.IntN(20) == 0 {
		n = 14 // more than a page
	}
	for i := range n {
		d := &organization.Download{
			Name: fmt.Sprintf("%s-1.%d.0.zip", r.Slug, i), Size: 1000 + g.Int64N(4<<30), Downloads: g.IntN(300),
			CreatedOn: g.after(r.CreatedOn),
		}
		if i%5 == 1 {
			d.Name, d.Downloads = fmt.Sprintf("read me (%d) & 100%%.txt", i), 0
		}
		if i%5 != 2 {
			d.User = pick(g, g.org.MembersOf(r.Workspace)).User
		}
		made = append(made, d)
	}
	return made
}
