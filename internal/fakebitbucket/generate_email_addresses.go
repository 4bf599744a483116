package fakebitbucket

// EmailAddresses makes the addresses of a user. Every third has more than one, not all of them confirmed.
func (g *generator) EmailAddresses(u *User) []EmailAddress {
	all := []EmailAddress{{u.Email, true, true}}
	if u == g.org.Connected || g.IntN(3) == 0 {
		all = append(all,
			EmailAddress{u.Account + "+git@example.com", false, true},
			EmailAddress{u.Account + "@old.example.com", false, false})
	}
	return all
}
