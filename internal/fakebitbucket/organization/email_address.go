package organization

// An EmailAddress is one of those that an account has. One is the primary address.
type EmailAddress struct {
	Address                string
	IsPrimary, IsConfirmed bool
}

// EmailAddresses are those of a user. Every third has more than one, not all of them confirmed.
func (o *Organization) EmailAddresses(u *User) []EmailAddress {
	return once(o, "email addresses", u.UUID, func(g Generator) []EmailAddress { return g.EmailAddresses(u) })
}
