package generate

import (
	"fmt"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// users makes people, one old team account and one application.
func (g *generator) users(n int) {
	for i := range n {
		u := g.person(i)
		switch i {
		case 7:
			u.Type, u.AccountID, u.Nickname = "team", "", ""
			u.DisplayName, u.Account = "Old Harbor Team", "old-harbor"
		case 9:
			u.Type, u.Nickname, u.Account = "app_user", "", ""
			u.DisplayName, u.Kind = "Release Robot", "repository_access_token"
		case 11:
			u.AccountID, u.NullAccountID = "", true
		}
		g.org.Users = append(g.org.Users, u)
	}
}

// person returns the i-th person.
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
	if i%3 == 1 { // nicknames are free text and not unique
		u.Nickname = strings.ToLower(animals[i%len(animals)])
	}
	return u
}
