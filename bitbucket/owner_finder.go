package bitbucket

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/codeowners"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A foundOwner is an owner with the account, group or team behind the name.
type foundOwner struct {
	codeowners.Owner
	Found        *bool        `json:"found"` // nil if Bitbucket does not show enough to tell
	UserUUID     string       `json:"user_uuid,omitempty"`
	DisplayName  string       `json:"display_name,omitempty"`
	Members      *int         `json:"members,omitempty"` // of a group
	Contributors []foundOwner `json:"contributors,omitempty"`
}

// An ownerFinder finds the owners that a file names. What it can't read is nil: then it can't tell who exists.
type ownerFinder struct {
	scan   *scan
	tree   treeScope
	byMail map[string]jsontree.Value // members, by the addresses in the file
	byName map[string]jsontree.Value // members, by their nicknames
	groups map[string]map[string]jsontree.Value
	teams  map[string][]codeowners.Owner
	wrong  string // what is wrong with the file of the teams
}

// read requests what it takes to find the owners of rules.
func (f *ownerFinder) read(ctx context.Context, rules []codeowners.Rule) error {
	var owners []codeowners.Owner
	for _, r := range rules {
		owners = append(owners, r.Owners...)
	}
	if err := f.readTeams(ctx, owners); err != nil {
		return err
	}
	for _, contributors := range f.teams {
		owners = append(owners, contributors...)
	}
	if err := f.readMail(ctx, namesOf(owners, codeowners.Email)); err != nil {
		return err
	}
	if err := f.readNames(ctx, namesOf(owners, codeowners.User)); err != nil {
		return err
	}
	return f.readGroups(ctx, owners)
}

// namesOf returns the names of the owners of a kind, sorted, each once.
func namesOf(owners []codeowners.Owner, kind string) []string {
	var names []string
	for _, o := range owners {
		if o.Kind == kind {
			names = append(names, strings.ToLower(o.ID))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// readTeams reads the teams that the repository itself defines, if an owner is one.
func (f *ownerFinder) readTeams(ctx context.Context, owners []codeowners.Owner) error {
	if len(namesOf(owners, codeowners.Team)) == 0 {
		return nil
	}
	file, err := f.tree.file(ctx, f.scan.connection, codeowners.TeamsPath)
	if err != nil {
		return err
	}
	f.teams = map[string][]codeowners.Owner{}
	if !file.isText {
		return nil
	}
	teams, invalid := codeowners.Teams([]byte(file.text))
	if invalid != nil {
		f.wrong = invalid.Error() + "."
	}
	f.teams = teams
	return nil
}

// mostAddresses is how many addresses Bitbucket looks for at once.
const mostAddresses = 90

// readMail looks for members by their addresses, which Bitbucket does only for administrators.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-get
func (f *ownerFinder) readMail(ctx context.Context, addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	isAdministrator, err := f.administers(ctx, f.tree.slug())
	if err != nil || !isAdministrator {
		return err
	}
	found := map[string]jsontree.Value{}
	for some := range slices.Chunk(addresses, mostAddresses) {
		filter := bbql.Compare("user.email", "IN", some)
		if filter.IsZero() {
			return nil // an address that can't be written as a text
		}
		l := f.members("user.email")
		l.Query = map[string][]string{"q": {filter.String()}}
		members, err := f.listed(ctx, "members by mail "+f.tree.slug()+" "+filter.String(), l)
		if isRefused(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, m := range members {
			address := m.Get("user.email").String()
			if address == "" {
				return nil // Bitbucket did not look for addresses
			}
			found[strings.ToLower(address)] = m.Field("user")
		}
	}
	f.byMail = found
	return nil
}

// readNames reads the members of the workspace, if an owner is named like a user.
func (f *ownerFinder) readNames(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	members, err := f.listed(ctx, "members by name "+f.tree.slug(), f.members("user.nickname"))
	if isRefused(err) {
		return nil
	}
	f.byName = map[string]jsontree.Value{}
	for _, m := range members {
		f.byName[strings.ToLower(m.Get("user.nickname").String())] = m.Field("user")
	}
	return err
}

func (f *ownerFinder) members(field string) api.List {
	return api.List{Path: api.Path("/2.0/workspaces/{workspace}/members", f.tree.slug()), PageLen: 100,
		Fields: []string{"user.uuid", "user.display_name", field}}
}

// listed reads a list once for all files that need it.
func (f *ownerFinder) listed(ctx context.Context, key string, l api.List) ([]jsontree.Value, error) {
	return cache.Get(ctx, f.scan.answers, key, func(ctx context.Context) (all []jsontree.Value, err error) {
		for m, err := range f.scan.List(ctx, l) {
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
		return all, nil
	})
}

// administers reports whether Bitbucket shows the connection what only administrators of a workspace see.
func (f *ownerFinder) administers(ctx context.Context, slug string) (bool, error) {
	isAdministrator, err := f.scan.administers(ctx, namedWorkspace(slug))
	if f.scan.belongsToNobody(err) {
		return true, nil
	}
	return isAdministrator, err
}

// readGroups reads the groups of the workspaces that owners name.
func (f *ownerFinder) readGroups(ctx context.Context, owners []codeowners.Owner) error {
	f.groups = map[string]map[string]jsontree.Value{}
	for _, o := range owners {
		slug := strings.ToLower(o.Workspace)
		if _, known := f.groups[slug]; known || o.Kind != codeowners.Group || !isSlug(o.Workspace) {
			continue
		}
		f.groups[slug] = nil
		isAdministrator, err := f.administers(ctx, o.Workspace)
		if err != nil {
			return err
		}
		if !isAdministrator {
			continue
		}
		groups, err := f.scan.groups(ctx, o.Workspace)
		if _, isHidden := errors.AsType[*groupsError](err); isHidden {
			continue
		}
		if err != nil {
			return err
		}
		f.groups[slug] = map[string]jsontree.Value{}
		for _, g := range groups {
			f.groups[slug][g.Get("slug").String()] = g
		}
	}
	return nil
}

// rule returns a rule with its owners.
func (f *ownerFinder) rule(r codeowners.Rule) ownerRule {
	found := ownerRule{Rule: r, Owners: []foundOwner{}}
	for _, o := range r.Owners {
		one := f.owner(o)
		found.Owners = append(found.Owners, one)
		for _, x := range append(one.Contributors, one) {
			switch {
			case x.Found == nil:
				found.Unknown = append(found.Unknown, x.Name)
			case !*x.Found:
				found.NotFound = append(found.NotFound, x.Name)
			}
		}
		if o.Kind == codeowners.Team {
			found.Error = cmp.Or(found.Error, f.wrong)
		}
	}
	return found
}

func (f *ownerFinder) owner(o codeowners.Owner) foundOwner {
	one := foundOwner{Owner: o}
	answer := func(isFound bool) { one.Found = &isFound }
	switch o.Kind {
	case codeowners.Email, codeowners.User:
		user, ok := f.byMail[strings.ToLower(o.ID)], f.byMail != nil
		if o.Kind == codeowners.User {
			// Bitbucket shows nicknames, and not the names that users once had: these may be different.
			user, ok = f.byName[strings.ToLower(o.ID)], f.byName[strings.ToLower(o.ID)].Exists()
		}
		if ok {
			answer(user.Exists())
			one.UserUUID, one.DisplayName = user.Get("uuid").String(), user.Get("display_name").String()
		}
	case codeowners.Group:
		if groups := f.groups[strings.ToLower(o.Workspace)]; groups != nil {
			group := groups[o.ID]
			answer(group.Exists())
			if group.Exists() {
				members := group.Field("members").Len()
				one.Members = &members
			}
		}
	case codeowners.Team:
		if f.teams != nil {
			contributors, ok := f.teams[o.ID]
			answer(ok)
			for _, c := range contributors {
				one.Contributors = append(one.Contributors, f.owner(c))
			}
		}
	}
	return one
}
