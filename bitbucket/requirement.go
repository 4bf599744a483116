package bitbucket

// A Requirement is the OAuth scopes that a table, or one of its columns, needs.
type Requirement struct {
	Table  string
	Column string // "" for the whole table
	Scopes []string
}

// Requirements returns the requirements of all tables, each table before its columns.
// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
func Requirements() []Requirement {
	var all []Requirement
	for _, t := range tables {
		all = append(all, Requirement{Table: t.name, Scopes: t.scopes})
		for _, c := range t.columns {
			if c.scope != "" {
				all = append(all, Requirement{Table: t.name, Column: c.name, Scopes: []string{c.scope}})
			}
		}
	}
	return all
}

// String returns the name of the table, or of the column if the requirement is only about that.
func (r Requirement) String() string {
	if r.Column != "" {
		return r.Table + "." + r.Column
	}
	return r.Table
}
