package generate

import (
	"fmt"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func (g *generator) projects(w *organization.Workspace, n int) {
	users, groups := g.usersOf(w), g.groupsOf(w)
	for i := range n {
		name := projectNames[i%len(projectNames)]
		key := strings.ToUpper(name[:4])
		if round := i / len(projectNames); round > 0 {
			name, key = fmt.Sprintf("%s %d", name, round+1), fmt.Sprintf("%s%d", key, round+1)
		}
		created := g.after(w.CreatedOn)
		p := &organization.Project{
			Workspace: w, UUID: g.UUID(), Key: key, Name: name, IsPrivate: i%3 != 1,
			CreatedOn: created, UpdatedOn: g.after(created),
		}
		if i%4 != 3 {
			description := []string{"", `All that belongs to "` + name + `".`, "Work on " + name + "."}[i%3]
			p.Description = &description
		}
		g.org.Projects = append(g.org.Projects, p)
		if len(groups) > 0 {
			g.org.ProjectGrants = append(g.org.ProjectGrants, &organization.ProjectGrant{
				Project: p, Group: groups[i%len(groups)],
				Permission: organization.ProjectPermissions[(i+1)%len(organization.ProjectPermissions)],
			})
		}
		if u := pick(g, users); u != g.org.Connected {
			permission := organization.ProjectPermissions[(i+4)%len(organization.ProjectPermissions)]
			if i%5 == 4 { // in one of five projects only the owners of the workspace create repositories
				permission = "write"
			}
			g.org.ProjectGrants = append(g.org.ProjectGrants, &organization.ProjectGrant{Project: p, User: u, Permission: permission})
		}
	}
}

// publicFlags records for each project whether it has public repositories.
func (g *generator) publicFlags() {
	for _, r := range g.org.Repositories {
		r.Project.HasPubliclyVisibleRepo = r.Project.HasPubliclyVisibleRepo || !r.IsPrivate
	}
}
