// Package generate makes an organization at random. It makes the data of its parts on first use. The same seed and
// sizes give the same organization.
package generate

import (
	"math/rand/v2"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A generator makes an organization from a seed. The same seed and sizes give the same one. Its times count back from
// now.
type generator struct {
	*rand.Rand
	now time.Time
	org *organization.Organization
}

// site is the address in the links that the service returns to its web pages.
const site = "https://bitbucket.org"

// Organization returns a new organization. The same options give the same one.
func Organization(o Options) *organization.Organization {
	o = o.withDefaults()
	g := &generator{
		Rand: Seeded(uint64(o.Seed), "organization"),
		now:  o.Now.UTC().Truncate(time.Microsecond),
	}
	g.org = organization.New(uint64(o.Seed), func(of *organization.Organization, seed uint64, name string) organization.Generator {
		return &generator{Rand: Seeded(seed, name), now: g.now, org: of}
	})
	share := func(n, percent int) (first, second int) {
		if o.OneWorkspace {
			return n, 0
		}
		first = (n*percent + 99) / 100
		return first, n - first
	}
	g.users(o.Users)
	g.org.Connected = g.org.Users[0]

	home := g.workspace("Harbor Labs", "harbor-labs")
	away := g.workspace("Quarry Tools", "QuarryTools")
	away.CentrallyAdministered, away.ForkingMode = true, "allow_forks"
	away.IsPrivacyEnforced = true // repositories that were public before stay public
	g.members(home, g.org.Users)
	g.members(away, g.org.Users[:(len(g.org.Users)+1)/2])
	if o.PlainMember {
		g.plainMember(home, g.org.Connected)
	} else {
		g.ownedBy(home, g.org.Connected)
	}
	g.plainMember(away, g.org.Connected)

	homeGroups, awayGroups := share(o.Groups, 60)
	g.groups(home, homeGroups)
	g.groups(away, awayGroups)
	homeProjects, awayProjects := share(o.Projects, 60)
	homeRepositories, awayRepositories := share(o.Repositories, 60)
	g.projects(home, homeProjects)
	g.projects(away, max(awayProjects, 1))
	g.repositories(home, homeRepositories, 0)
	g.repositories(away, awayRepositories, 200)
	g.connectedGrants(away)
	g.access(o, home, away)
	g.publicWorkspace()
	g.publicFlags()
	return g.org.Ready()
}
