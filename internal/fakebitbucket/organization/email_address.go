package organization

// An EmailAddress is an address of an account. One of an account's addresses is the primary one.
type EmailAddress struct {
	Address                string
	IsPrimary, IsConfirmed bool
}

// EmailAddresses returns the addresses of a user. Every third user has more than one, and not all of them are
// confirmed.
func (o *Organization) EmailAddresses(u *User) []EmailAddress {
	return once(o, "email addresses", u.UUID, func(g Generator) []EmailAddress { return g.EmailAddresses(u) })
}
