// Package generate makes an organization by chance, and what belongs to its parts when somebody asks for it. The same seed and
// sizes make the same one.
package generate

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A generator makes an organization from a seed. The same seed and sizes make the same one, its ages counted
// back from now.
type generator struct {
	*rand.Rand
	now time.Time
	org *organization.Organization
}

// Seeded is a source of chance that a number and a name decide.
func Seeded(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// site is the address that the service writes into links to its pages.
const site = "https://bitbucket.org"

// Organization makes an organization. The same options make the same one.
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
	away.IsPrivacyEnforced = true // what was public before stays so
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

// UUID makes a UUID in braces.
func UUID(chance *rand.Rand) string {
	a, b := chance.Uint64(), chance.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 1<<63
	return fmt.Sprintf("{%08x-%04x-%04x-%04x-%012x}", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// UUID makes a UUID in braces.
func (g *generator) UUID() string { return UUID(g.Rand) }

// ago is a time up to so many days back, more often recent than not.
func (g *generator) ago(days float64) time.Time {
	share := g.Float64()
	d := time.Duration(share * share * days * 24 * float64(time.Hour))
	t := g.now.Add(-d).Truncate(time.Microsecond)
	if g.IntN(20) == 0 {
		return t.Truncate(time.Second)
	}
	return t
}

func (g *generator) after(t time.Time) time.Time {
	return t.Add(time.Duration(g.Float64() * float64(g.now.Sub(t)))).Truncate(time.Microsecond)
}

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// users makes people, with one old team account and one application among them.
func (g *generator) users(n int) {
	for i := range n {
		u := g.person(i)
		switch i {
		case 7:
			u.Type, u.AccountID, u.Nickname = "team", "", ""
			u.DisplayName, u.Account = "Old Harbor Team", "old-harbor"
		case 9:
			u.Type, u.Nickname, u.Account = "app_user", "", ""
			u.DisplayName = "Release Robot"
		case 11:
			u.AccountID, u.NullAccountID = "", true
		}
		g.org.Users = append(g.org.Users, u)
	}
}

// person makes the i-th person.
func (g *generator) person(i int) *organization.User {
	name := colours[i%len(colours)] + " " + animals[(i+i/len(colours))%len(animals)]
	if round := i / (len(colours) * len(animals)); round > 0 {
		name = fmt.Sprintf("%s %d", name, round+1)
	}
	u := &organization.User{
		Type: "user", UUID: g.UUID(), DisplayName: name, Nickname: name, CreatedOn: g.ago(12 * 365),
		Account: slugify(name), Email: slugify(name) + "@example.com",
	}
	id := strings.Trim(g.UUID(), "{}")
	switch i % 4 {
	case 0, 1:
		u.AccountID = "557058:" + id
	case 2:
		u.AccountID = strings.ReplaceAll(id, "-", "")[:24]
	case 3:
		u.AccountID = "712020:" + id
	}
	if i%3 == 1 { // nicknames are free text, and not unique
		u.Nickname = strings.ToLower(animals[i%len(animals)])
	}
	return u
}

func (g *generator) workspace(name, slug string) *organization.Workspace {
	created := g.now.Add(-time.Duration(11*365+g.IntN(300)) * 24 * time.Hour)
	w := &organization.Workspace{
		UUID: g.UUID(), Slug: slug, Name: name, IsPrivate: true, ForkingMode: "internal_only",
		CreatedOn: created, UpdatedOn: g.ago(300),
	}
	w.Account = &organization.User{Type: "team", UUID: w.UUID, DisplayName: name, Account: slug, CreatedOn: created}
	g.org.Workspaces = append(g.org.Workspaces, w)
	return w
}

func (g *generator) members(w *organization.Workspace, users []*organization.User) {
	for i, u := range users {
		m := &organization.Membership{Workspace: w, User: u, Permission: "member"}
		switch {
		case i%13 == 1:
			m.Permission = "owner"
		case i%11 == 4:
			m.Permission = "create-project"
		case i%17 == 6:
			m.Permission = "collaborator"
		}
		if !w.CentrallyAdministered {
			added, seen := g.after(w.CreatedOn).Truncate(time.Millisecond), g.ago(500)
			if i%9 != 3 {
				m.AddedOn = &added
			}
			if i%3 != 2 {
				m.LastAccessed = &seen
			}
		}
		g.org.Memberships = append(g.org.Memberships, m)
	}
}

func (g *generator) setRole(w *organization.Workspace, u *organization.User, permission string) {
	for _, m := range g.org.Memberships {
		if m.Workspace == w && m.User == u {
			m.Permission = permission
		}
	}
}

func (g *generator) ownedBy(w *organization.Workspace, u *organization.User) {
	g.setRole(w, u, "owner")
}
func (g *generator) plainMember(w *organization.Workspace, u *organization.User) {
	g.setRole(w, u, "member")
}

// usersOf are the members of a workspace.
func (g *generator) usersOf(w *organization.Workspace) []*organization.User {
	var users []*organization.User
	for _, m := range g.org.Memberships {
		if m.Workspace == w {
			users = append(users, m.User)
		}
	}
	return users
}

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
			if i%5 == 4 { // in one of five nobody creates repositories but the owners of the workspace
				permission = "write"
			}
			g.org.ProjectGrants = append(g.org.ProjectGrants, &organization.ProjectGrant{Project: p, User: u, Permission: permission})
		}
	}
}

func (g *generator) repositories(w *organization.Workspace, n, offset int) {
	var projects []*organization.Project
	for _, p := range g.org.Projects {
		if p.Workspace == w {
			projects = append(projects, p)
		}
	}
	users, groups := g.usersOf(w), g.groupsOf(w)
	made := make([]*organization.Repository, 0, n)
	for i := range n {
		r := g.repository(w, i, i+offset)
		r.Project = projects[min(g.IntN(len(projects)), g.IntN(len(projects)))]
		r.IsPrivate = r.Project.IsPrivate || i%3 != 0
		if i%10 == 9 {
			r.Parent = made[g.IntN(len(made))]
		}
		if i%3 == 1 {
			r.DefaultReviewers = reviewersAmong(users, r.UUID)
		}
		made = append(made, r)
		g.org.Repositories = append(g.org.Repositories, r)
		g.grants(r, users, groups)
	}
}

// reviewersAmong picks up to three users, always the same for the same name.
func reviewersAmong(users []*organization.User, name string) []*organization.User {
	chance := Seeded(uint64(len(users)), name)
	var picked []*organization.User
	for _, i := range chance.Perm(len(users))[:min(1+chance.IntN(3), len(users))] {
		picked = append(picked, users[i])
	}
	return picked
}

// repository makes the i-th repository of a workspace; offset gives workspaces different names.
func (g *generator) repository(w *organization.Workspace, i, name int) *organization.Repository {
	created := g.ago(9 * 365)
	r := &organization.Repository{
		Workspace: w, Owner: w.Account, UUID: g.UUID(),
		Language: pick(g, languages), MainBranch: "main", HasIssues: i%6 == 0, HasWiki: i%8 == 0,
		ForkPolicy: []string{"allow_forks", "no_public_forks", "no_forks"}[g.IntN(3)],
		CreatedOn:  created, UpdatedOn: g.updated(created),
		Size: 40_000 + int64(g.ExpFloat64()*60e6),

		OverridesMergeStrategy: i%7 == 3, OverridesBranchingModel: i%5 == 2,
	}
	if w == g.org.Workspaces[0] && i%8 == 3 && i/8 < len(awkwardNames) {
		a := awkwardNames[i/8]
		r.Name, r.Slug, r.Description = a.name, a.slug, a.description
	} else {
		g.nameRepository(r, name)
	}
	switch i % 15 {
	case 4:
		r.MainBranch, r.Size, r.Language = "", 33348, "" // nothing was ever pushed
	case 8:
		r.Missing = []string{"description", "parent"}
	case 11:
		r.Missing = []string{"website"}
		r.Owner = pick(g, g.usersOf(w))
	case 13:
		r.MainBranch = "release/2.x"
	case 14:
		r.MainBranch = "master"
	}
	switch i % 4 {
	case 0:
		website := ""
		r.Website = &website
	case 1:
		website := "https://" + r.Slug + ".example.com/?a=1&b=2"
		r.Website = &website
	}
	if i%50 == 6 {
		r.Size = 5<<30 + int64(g.IntN(20<<30)) // does not fit 32 bits
	}
	return r
}

func (g *generator) nameRepository(r *organization.Repository, n int) {
	d, k := domains[n%len(domains)], kinds[(n/len(domains)+n)%len(kinds)]
	round := n / (len(domains) * len(kinds))
	words := []string{d, k}
	if round > 0 {
		words = append([]string{prefixes[(round-1)%len(prefixes)]}, words...)
	}
	if round > len(prefixes) {
		words = append(words, fmt.Sprint(round/len(prefixes)+1))
	}
	r.Slug = strings.Join(words, "-")
	r.Name = r.Slug
	switch n % 7 {
	case 2: // a name for people
		r.Name = title(words)
	case 5:
		r.Slug = strings.ToUpper(r.Slug[:1]) + r.Slug[1:] // a slug that kept its case
		r.Name = r.Slug
	}
	if p := pick(g, purposes); p != "" {
		r.Description = fmt.Sprintf(p, d)
	}
}

// title writes words as people do.
func title(words []string) string {
	titled := make([]string, len(words))
	for i, w := range words {
		if w == "api" || w == "cli" {
			titled[i] = strings.ToUpper(w)
		} else {
			titled[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(titled, " ")
}

// updated is when a repository last changed: a third in the last weeks, some not for years.
func (g *generator) updated(created time.Time) time.Time {
	if g.IntN(3) > 0 {
		return g.after(created)
	}
	if recent := g.ago(21); recent.After(created) {
		return recent
	}
	return g.after(created)
}

// grants gives a few users and groups explicit permissions on a repository, but never the connected user.
func (g *generator) grants(r *organization.Repository, users []*organization.User, groups []*organization.Group) {
	seen := map[any]bool{g.org.Connected: true}
	give := func(u *organization.User, group *organization.Group, permission string) {
		if u != nil && seen[u] || group != nil && seen[group] {
			return
		}
		seen[u], seen[group] = true, true
		g.org.RepositoryGrants = append(g.org.RepositoryGrants,
			&organization.RepositoryGrant{Repository: r, User: u, Group: group, Permission: permission})
	}
	for range g.IntN(4) {
		give(pick(g, users), nil, organization.RepositoryPermissions[1+g.IntN(3)])
	}
	if len(groups) > 0 {
		for range g.IntN(3) {
			give(nil, pick(g, groups), organization.RepositoryPermissions[1+g.IntN(3)])
		}
	}
}

// connectedGrants gives the connected user rights on every other repository of a workspace: each level,
// directly.
func (g *generator) connectedGrants(w *organization.Workspace) {
	i := 0
	for _, r := range g.org.Repositories {
		if r.Workspace != w {
			continue
		}
		if i%2 == 0 {
			g.org.RepositoryGrants = append(g.org.RepositoryGrants, &organization.RepositoryGrant{
				Repository: r, User: g.org.Connected, Permission: organization.RepositoryPermissions[1+i/2%3],
			})
		}
		i++
	}
}

// publicWorkspace makes a workspace that anybody can look up and the connected user doesn't belong to: the
// personal one of some user.
func (g *generator) publicWorkspace() {
	owner := &organization.User{
		Type: "user", UUID: g.UUID(), AccountID: "712020:" + strings.Trim(g.UUID(), "{}"),
		DisplayName: "Silver Ermine", Nickname: "Silver Ermine", Account: "silver-ermine",
		Email: "silver-ermine@example.com", CreatedOn: g.ago(6 * 365),
	}
	g.org.Users = append(g.org.Users, owner)
	w := g.workspace("Silver Ermine", "silver-ermine")
	w.IsPrivate, w.ForkingMode, w.Account, w.UUID = false, "allow_forks", owner, owner.UUID
	g.org.Memberships = append(g.org.Memberships, &organization.Membership{Workspace: w, User: owner, Permission: "owner"})
	g.projects(w, 1)
	for _, p := range g.org.Projects {
		if p.Workspace == w {
			p.IsPrivate = false
		}
	}
	g.repositories(w, 5, 400)
	for _, r := range g.org.Repositories {
		if r.Workspace == w {
			r.IsPrivate = r.Slug == g.org.Repositories[len(g.org.Repositories)-1].Slug // the last one is hidden
			r.Owner = owner
		}
	}
	isPublic := func(r *organization.Repository) bool { return !r.IsPrivate }
	if forked := slices.IndexFunc(g.org.Repositories, isPublic); g.org.Repositories[forked].Workspace != w {
		g.org.Repositories[len(g.org.Repositories)-2].Parent = g.org.Repositories[forked] // in another workspace
	}
}

// publicFlags says of each project whether it has public repositories.
func (g *generator) publicFlags() {
	for _, r := range g.org.Repositories {
		r.Project.HasPubliclyVisibleRepo = r.Project.HasPubliclyVisibleRepo || !r.IsPrivate
	}
}

// slugify is what the service makes of a name: lower case, and a hyphen for all that isn't a letter or digit.
func slugify(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("ñ", r):
			b.WriteByte('n')
		case strings.ContainsRune("ü", r):
			b.WriteByte('u')
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(b.String(), "-")
}
