package bitbucket

// A Requirement is the OAuth scopes without which a table, or a column of it, stays out of reach.
type Requirement struct {
	Table  string
	Column string // empty for the whole table
	Scopes []string
}

// Requirements has each table before its columns.
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

// String names the table, and the column if it is only that.
func (r Requirement) String() string {
	if r.Column != "" {
		return r.Table + "." + r.Column
	}
	return r.Table
}
