package generate

import (
	"fmt"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func (g *generator) groups(w *organization.Workspace, n int) {
	users := g.usersOf(w)
	for i := range n {
		name := groupNames[i%len(groupNames)]
		if round := i / len(groupNames); round > 0 {
			name = fmt.Sprintf("%s %d", name, round+1)
		}
		group := &organization.Group{Workspace: w, Name: name, Slug: slugify(name), AutoAdd: i == 1}
		if i < 3 {
			group.Permission = []string{"admin", "write", "read"}[i]
		}
		if i%8 != 5 { // one in eight is empty
			for _, u := range users {
				if u != g.org.Connected && g.IntN(4) == 0 {
					group.Members = append(group.Members, u)
				}
			}
		}
		g.org.Groups = append(g.org.Groups, group)
	}
}

func (g *generator) groupsOf(w *organization.Workspace) []*organization.Group {
	var groups []*organization.Group
	for _, x := range g.org.Groups {
		if x.Workspace == w {
			groups = append(groups, x)
		}
	}
	return groups
}
