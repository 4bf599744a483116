package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// A State is what one account saw at one time: grants, what else opens or protects repositories, and findings.
type State struct {
	SavedAt    time.Time
	Connection string // name of the connection
	Account    Account
	Scope      string // the part of the connection that was audited; empty for all of it
	IsCopy     bool   // a sync has copied it: then there are no findings

	Covered map[string]Coverage // by kind; kinds that could not be read are missing
	Items   []Item

	Judged   []string // names of the controls that were judged
	Findings []Finding

	// Unread says by kind why it could not be read. It is not saved.
	Unread map[string]error

	omitted map[itemKey]bool // places whose items of a kind could not be read
}

// An Account is the connected account.
type Account struct{ UUID, Name string }

// A Coverage is the places where the account saw all items of a kind.
type Coverage struct {
	ReadAt time.Time
	Places []Place
}

// A Place is a repository, project or workspace.
type Place struct {
	UUID, Name string
	CreatedOn  string // in SQL's form
}

// An Item is something that opens or protects a place, such as a grant, a key or a rule.
type Item struct {
	Kind      string
	Place     string // uuid of the place
	PlaceName string
	ID        string // with the kind and the place, it is unique
	Name      string // for people
	Value     string // what may change, such as the permission of a grant
}

// Of returns an error unless the state is that of this connection, this account and this part of the connection: other
// accounts see other things, so they can't be compared.
func (s *State) Of(connection string, account Account, scope string) error {
	what := "file"
	if s.IsCopy {
		what = "copy"
	}
	switch {
	case s.Connection != connection:
		return fmt.Errorf("the %s is about connection %s, but this is connection %s", what, s.Connection, connection)
	case s.Account.UUID != account.UUID:
		return fmt.Errorf("the %s has what %s saw, but the connection now belongs to %s", what, cmp.Or(s.Account.Name, s.Account.UUID, "no account"), account.Name)
	case s.Scope != scope:
		return fmt.Errorf("the file is about %s, but this run is about %s", cmp.Or(s.Scope, "all workspaces"), cmp.Or(scope, "all workspaces"))
	}
	return nil
}

const accountSQL = "select uuid, display_name from bitbucket_user"

// StateStatements returns the statements that State runs.
func StateStatements() []string {
	statements := []string{accountSQL}
	for _, k := range kinds {
		if !slices.Contains(statements, k.area.sql) {
			statements = append(statements, k.area.sql)
		}
		statements = append(statements, k.sql)
	}
	return statements
}

// Account returns the connected account.
func (r *Run) Account(ctx context.Context) (a Account, err error) {
	return a, r.texts(ctx, accountSQL, func(t []string) { a = Account{t[0], t[1]} })
}

// State reads what a connection shows. A kind that can't be read is in Unread.
func (r *Run) State(ctx context.Context, connection, scope string) (*State, error) {
	s := &State{SavedAt: time.Now().UTC().Truncate(time.Second), Connection: connection, Scope: scope, Covered: map[string]Coverage{}, Unread: map[string]error{}, omitted: map[itemKey]bool{}}
	var err error
	if s.Account, err = r.Account(ctx); err != nil {
		return nil, err
	}
	return s, s.readKinds(ctx, r.texts)
}

// textQuery calls f for each row of a statement, with its values as texts. Null is an empty text.
type textQuery func(ctx context.Context, sql string, f func([]string)) error

// readKinds reads the items of all kinds, and the places that they cover.
func (s *State) readKinds(ctx context.Context, ask textQuery) error {
	areas := map[string]Coverage{}
	for _, k := range kinds {
		if err := s.readKind(ctx, k, areas, ask); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.Unread[k.name] = err
		}
	}
	return nil
}

// readKind adds the items of a kind to a state, and the places that it covers. Those of an area are read once.
func (s *State) readKind(ctx context.Context, k itemKind, areas map[string]Coverage, ask textQuery) error {
	covered, ok := areas[k.area.name]
	if !ok {
		covered.ReadAt = s.SavedAt
		if err := ask(ctx, k.area.sql, func(t []string) { covered.Places = append(covered.Places, Place{t[0], t[1], t[2]}) }); err != nil {
			return err
		}
		areas[k.area.name] = covered
	}
	var items []Item
	if err := ask(ctx, k.sql, func(t []string) { items = append(items, k.item(t)) }); err != nil {
		return err
	}
	s.Items = append(s.Items, items...)
	s.Covered[k.name] = covered
	return nil
}

// kindReads returns the tables of the plugin that a kind reads.
func (r *Run) kindReads(k itemKind) []string {
	return slices.Concat(r.reads[k.sql], r.reads[k.area.sql])
}

// Omit takes out of a state what a table could not read: the items of a place, given by its name, and of all places in
// it, or the whole kind if the place is empty. Otherwise they would look revoked.
func (r *Run) Omit(s *State, table, place string, reason error) {
	for _, k := range kinds {
		covered, ok := s.Covered[k.name]
		switch {
		case !ok || !slices.Contains(r.kindReads(k), table):
			continue
		case place == "":
			s.Unread[k.name] = reason
			delete(s.Covered, k.name)
			s.Items = slices.DeleteFunc(s.Items, func(i Item) bool { return i.Kind == k.name })
			continue
		}
		covered.Places = slices.DeleteFunc(slices.Clone(covered.Places), func(p Place) bool {
			isIn := p.Name == place || strings.HasPrefix(p.Name, place+"/")
			if isIn {
				s.omitted[itemKey{kind: k.name, place: p.UUID}] = true
			}
			return isIn
		})
		s.Covered[k.name] = covered
		s.Items = slices.DeleteFunc(s.Items, func(i Item) bool { return s.omitted[i.where()] })
	}
}

// Carry takes over from an earlier state the kinds and the places that could not be read, and the findings of controls
// that were not judged, so that the next run compares with what was last known.
func (s *State) Carry(before *State) {
	carried := map[itemKey]bool{}
	for kind, was := range before.Covered {
		is, isRead := s.Covered[kind]
		if !isRead {
			is.ReadAt = was.ReadAt
		}
		is.Places = slices.Clip(is.Places) // kinds share them
		for _, p := range was.Places {
			if key := (itemKey{kind: kind, place: p.UUID}); !isRead || s.omitted[key] {
				carried[key] = true
				is.Places = append(is.Places, p)
			}
		}
		s.Covered[kind] = is
	}
	for _, i := range before.Items {
		if carried[i.where()] {
			s.Items = append(s.Items, i)
		}
	}
	for _, control := range before.Judged {
		if slices.Contains(s.Judged, control) {
			continue
		}
		s.Judged = append(s.Judged, control)
		for _, f := range before.Findings {
			if f.Control == control {
				s.Findings = append(s.Findings, f)
			}
		}
	}
}

// texts asks the run's host.
func (r *Run) texts(ctx context.Context, sql string, f func([]string)) error {
	if err := r.prepare(ctx, sql); err != nil {
		return err
	}
	if err := r.failure(sql); err != nil {
		return err
	}
	return r.each(ctx, sql, func(_ []sqlhost.Column, values []any) error {
		f(asTexts(values))
		return nil
	})
}

func asTexts(values []any) []string {
	row := make([]string, len(values))
	for i, v := range values {
		if v != nil {
			row[i] = fmt.Sprint(v)
		}
	}
	return row
}

// itemKey identifies an item, or without its id the place of items of a kind.
type itemKey struct{ kind, place, id string }

func (i Item) where() itemKey { return itemKey{kind: i.Kind, place: i.Place} }

// index returns the items and the names of the places that were covered, of the kinds that both states have.
func (s *State) index(other *State) (map[itemKey]Item, map[itemKey]Place) {
	items, places := map[itemKey]Item{}, map[itemKey]Place{}
	for _, i := range s.Items {
		if _, ok := other.Covered[i.Kind]; ok {
			items[itemKey{i.Kind, i.Place, i.ID}] = i
		}
	}
	for kind, covered := range s.Covered {
		for _, p := range covered.Places {
			places[itemKey{kind: kind, place: p.UUID}] = p
		}
	}
	return items, places
}

// Since returns the changes since before, of the kinds that both states have. An item has appeared, instead of being
// granted or added, if the account did not see its place before, unless the place is new. It has disappeared, instead
// of being revoked or removed, if the account doesn't see its place now: it may still exist. Nothing is said of what could
// not be read now.
func (s *State) Since(before *State) []Change {
	then, coveredThen := before.index(s)
	now, coveredNow := s.index(before)
	var changes []Change
	for key, i := range now {
		place := i.where()
		old, was := then[key]
		_, covered := coveredThen[place]
		c := Change{Kind: i.Kind, Place: i.PlaceName, Name: i.Name, After: i.Value}
		switch {
		case was && old.Value == i.Value:
			continue
		case was:
			c.Change, c.Before = "changed", old.Value
		case !covered && coveredNow[place].CreatedOn < before.Covered[i.Kind].ReadAt.Format(sqlhost.TimestampForm):
			c.Change = "appeared"
		default:
			c.Change = changeVerb(i.Kind, "granted", "added")
		}
		changes = append(changes, c)
	}
	for key, i := range then {
		if _, is := now[key]; is || s.omitted[i.where()] {
			continue
		}
		c := Change{Change: changeVerb(i.Kind, "revoked", "removed"), Kind: i.Kind, Place: i.PlaceName, Name: i.Name, Before: i.Value}
		if _, covered := coveredNow[i.where()]; !covered {
			c.Change = "disappeared"
		}
		changes = append(changes, c)
	}
	order := func(c Change) int { _, i := findKind(c.Kind); return i }
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Change, b.Change), cmp.Compare(a.After, b.After), cmp.Compare(a.Before, b.Before))
	})
	return changes
}

// changeVerb returns the one for grants or the one for other items.
func changeVerb(name, ofGrant, ofOther string) string {
	if k, _ := findKind(name); k.how != "" {
		return ofGrant
	}
	return ofOther
}
