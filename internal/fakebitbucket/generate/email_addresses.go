package generate

import "github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"

// EmailAddresses returns the addresses of a user. Every third user has more than one, and not all of them are
// confirmed.
func (g *generator) EmailAddresses(u *organization.User) []organization.EmailAddress {
	all := []organization.EmailAddress{{Address: u.Email, IsPrimary: true, IsConfirmed: true}}
	if u == g.org.Connected || g.IntN(3) == 0 {
		all = append(all,
			organization.EmailAddress{Address: u.Account + "+git@example.com", IsPrimary: false, IsConfirmed: true},
			organization.EmailAddress{Address: u.Account + "@old.example.com", IsPrimary: false, IsConfirmed: false})
	}
	return all
}
