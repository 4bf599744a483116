package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// Grants are the permissions that one account saw at one time.
type Grants struct {
	SavedAt    time.Time
	Connection string // name of the connection
	Account    Account
	Places     []Place
	Grants     []Grant
}

// An Account is the connected account.
type Account struct{ UUID, Name string }

// Of returns an error unless the grants were seen through this connection by this account: other accounts see other
// grants, so they can't be compared.
func (g *Grants) Of(connection string, account Account) error {
	if g.Connection != connection {
		return fmt.Errorf("the file has the grants of connection %s, but this is connection %s", g.Connection, connection)
	}
	if g.Account.UUID != account.UUID {
		return fmt.Errorf("the file has the grants that %s saw, but the connection now belongs to %s", g.Account.Name, account.Name)
	}
	return nil
}

// A Place is a repository, project or workspace of which the account saw all grants.
type Place struct {
	Kind      string // repository, project or workspace
	UUID      string
	Name      string
	CreatedOn string // in SQL's form
}

// A Grant is a permission on a place.
type Grant struct {
	Kind       string // one of the grantKinds
	Place      string // its uuid
	PlaceName  string
	Holder     string // uuid of a user, or slug of a group
	HolderName string
	Permission string
}

// grantKinds are the kinds of grants, with the kind of place and the statement to read them.
var grantKinds = []struct{ kind, place, sql string }{
	{"effective permission", "repository", "select repository_uuid, repository_full_name, user_uuid, user_display_name, permission from bitbucket_repository_permission"},
	{"grant to a user on the repository", "repository", "select repository_uuid, repository_full_name, user_uuid, user_display_name, permission from bitbucket_repository_user_permission"},
	{"grant to a group on the repository", "repository", "select repository_uuid, repository_full_name, group_slug, group_name, permission from bitbucket_repository_group_permission"},
	{"grant to a user on the project", "project", "select project_uuid, workspace_slug || '/' || project_key, user_uuid, user_display_name, permission from bitbucket_project_user_permission"},
	{"grant to a group on the project", "project", "select project_uuid, workspace_slug || '/' || project_key, group_slug, group_name, permission from bitbucket_project_group_permission"},
	{"role in the workspace", "workspace", "select workspace_uuid, workspace_slug, user_uuid, display_name, permission from bitbucket_workspace_member"},
}

// placesSQL reads the places that the tables of grants cover.
const placesSQL = `
select 'repository', uuid, full_name, created_on from bitbucket_my_repository where permission = 'admin'
union all
select 'project', uuid, workspace_slug || '/' || key, created_on from bitbucket_project where workspace_slug in (select slug from bitbucket_my_workspace where is_administrator)
union all
select 'workspace', uuid, slug, null from bitbucket_my_workspace`

const accountSQL = "select uuid, display_name from bitbucket_user"

// GrantStatements returns the statements that Grants runs.
func GrantStatements() []string {
	statements := []string{placesSQL, accountSQL}
	for _, k := range grantKinds {
		statements = append(statements, k.sql)
	}
	return statements
}

// Account returns the connected account.
func (r *Run) Account(ctx context.Context) (a Account, err error) {
	return a, r.texts(ctx, accountSQL, func(t []string) { a = Account{t[0], t[1]} })
}

// Grants reads all grants that a connection shows.
func (r *Run) Grants(ctx context.Context, connection string) (*Grants, error) {
	g := &Grants{SavedAt: time.Now().UTC().Truncate(time.Second), Connection: connection}
	var err error
	if g.Account, err = r.Account(ctx); err != nil {
		return nil, err
	}
	if err := r.texts(ctx, placesSQL, func(t []string) { g.Places = append(g.Places, Place{t[0], t[1], t[2], t[3]}) }); err != nil {
		return nil, err
	}
	for _, k := range grantKinds {
		if err := r.texts(ctx, k.sql, func(t []string) { g.Grants = append(g.Grants, Grant{k.kind, t[0], t[1], t[2], t[3], t[4]}) }); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// texts calls f for each row of a statement, with its values as texts. Null is an empty text.
func (r *Run) texts(ctx context.Context, sql string, f func([]string)) error {
	if err := r.failure(sql); err != nil {
		return err
	}
	return r.each(ctx, sql, func(_ []sqlhost.Column, values []any) error {
		row := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				row[i] = fmt.Sprint(v)
			}
		}
		f(row)
		return nil
	})
}

// A Change is a difference between two states of the grants.
type Change struct {
	Change string // granted, revoked, changed, appeared or disappeared
	Kind   string
	Place  string // name of the place
	Holder string // name of the holder
	Before string // permission before, or empty
	After  string // permission after, or empty
}

// String returns the change as a sentence.
func (c Change) String() string {
	switch about := c.Kind + " of " + c.Holder + " on " + c.Place; c.Change {
	case "granted":
		return "Granted: " + about + ", " + c.After + "."
	case "revoked":
		return "Revoked: " + about + ", which was " + c.Before + "."
	case "appeared":
		return "Seen for the first time: " + about + ", " + c.After + "."
	case "disappeared":
		return "Not seen any more: " + about + ", which was " + c.Before + "."
	default:
		return "Changed: " + about + ", from " + c.Before + " to " + c.After + "."
	}
}

// Since returns the changes since before. A grant has appeared, instead of being granted, if the account did not see
// its place before, unless the place is new. A grant has disappeared, instead of being revoked, if the account doesn't
// see its place now: the grant may still exist.
func (g *Grants) Since(before *Grants) []Change {
	type key struct{ kind, place, holder string }
	index := func(g *Grants) (map[key]Grant, map[string]Place) {
		grants, places := map[key]Grant{}, map[string]Place{}
		for _, x := range g.Grants {
			grants[key{x.Kind, x.Place, x.Holder}] = x
		}
		for _, p := range g.Places {
			places[p.UUID] = p
		}
		return grants, places
	}
	then, seenThen := index(before)
	now, seenNow := index(g)
	var changes []Change
	for k, x := range now {
		c := Change{Change: "granted", Kind: x.Kind, Place: x.PlaceName, Holder: x.HolderName, After: x.Permission}
		if old, ok := then[k]; ok {
			if old.Permission == x.Permission {
				continue
			}
			c.Change, c.Before = "changed", old.Permission
		} else if _, seen := seenThen[x.Place]; !seen && seenNow[x.Place].CreatedOn < before.SavedAt.Format(sqlhost.TimestampForm) {
			c.Change = "appeared"
		}
		changes = append(changes, c)
	}
	for k, x := range then {
		if _, ok := now[k]; ok {
			continue
		}
		c := Change{Change: "revoked", Kind: x.Kind, Place: x.PlaceName, Holder: x.HolderName, Before: x.Permission}
		if _, seen := seenNow[x.Place]; !seen {
			c.Change = "disappeared"
		}
		changes = append(changes, c)
	}
	order := func(c Change) int {
		return slices.IndexFunc(grantKinds, func(k struct{ kind, place, sql string }) bool { return k.kind == c.Kind })
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Holder, b.Holder), cmp.Compare(a.Change, b.Change))
	})
	return changes
}
