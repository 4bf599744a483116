package bitbucket

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
)

// A branchPerson is somebody whom a rule does not restrict: in person, or as a member of groups.
type branchPerson struct {
	UUID   string   `json:"uuid"`
	Name   string   `json:"display_name"`
	Groups []string `json:"group_slugs"` // empty if only in person
}

// addPeople adds who may push and merge, and which administrators are among them.
func (b *branchProtection) addPeople(ctx context.Context, from *accessReader) error {
	for prefix, kind := range map[string]string{"push": "push", "merge": "restrict_merges"} {
		users, groups, restricted := b.exempt(kind)
		if !restricted {
			continue
		}
		b.said[prefix+"_users"], b.said[prefix+"_groups"] = users, groups
		if !b.scan.wants(prefix + "_people") {
			continue
		}
		known := groupMembers{}
		if len(groups) > 0 {
			var err error
			if known, err = from.groupsOf(b.repository.slug()); err != nil {
				return err
			}
		}
		if !known.unreadable {
			b.said[prefix+"_people"] = people(users, groups, known)
		}
	}
	if !b.scan.wants("administrators_exempt", "exempt_administrators") {
		return nil
	}
	return b.addAdministrators(ctx, from)
}

// exempt returns the users and groups that rules of some kinds do not restrict, each once and by name; restricted is
// false if there is no such rule.
func (b *branchProtection) exempt(kinds ...string) (users, groups []map[string]string, restricted bool) {
	foundUsers, foundGroups := map[string]map[string]string{}, map[string]map[string]string{}
	for _, rule := range b.rules {
		if !slices.Contains(kinds, rule.Get("kind").String()) {
			continue
		}
		restricted = true
		for user := range rule.Field("users").Values() {
			id := user.Get("uuid").String()
			foundUsers[id] = map[string]string{"uuid": id, "display_name": user.Get("display_name").String()}
		}
		for group := range rule.Field("groups").Values() {
			slug := group.Get("slug").String()
			foundGroups[slug] = map[string]string{"slug": slug, "name": group.Get("name").String()}
		}
	}
	return sortedBy(foundUsers, "display_name"), sortedBy(foundGroups, "name"), restricted
}

// sortedBy returns objects in the order of a field.
func sortedBy(found map[string]map[string]string, field string) []map[string]string {
	all := []map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[id])
	}
	slices.SortStableFunc(all, func(a, b map[string]string) int { return strings.Compare(a[field], b[field]) })
	return all
}

// people returns everybody among users and the members of groups, each once and by name.
func people(users, groups []map[string]string, known groupMembers) []*branchPerson {
	found := map[string]*branchPerson{}
	add := func(uuid, name string) *branchPerson {
		if found[uuid] == nil {
			found[uuid] = &branchPerson{UUID: uuid, Name: name, Groups: []string{}}
		}
		return found[uuid]
	}
	for _, user := range users {
		add(user["uuid"], user["display_name"])
	}
	for _, group := range groups {
		for uuid, name := range known.of[group["slug"]] {
			p := add(uuid, name)
			p.Groups = append(p.Groups, group["slug"])
		}
	}
	all := slices.AppendSeq([]*branchPerson{}, maps.Values(found))
	slices.SortFunc(all, func(a, b *branchPerson) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.UUID, b.UUID))
	})
	return all
}

// An exemption is an administrator, or a group that administers, whom a rule does not restrict.
type exemption struct {
	Holder string `json:"holder"` // user or group
	ID     string `json:"id"`     // uuid of the user, or slug of the group
	Name   string `json:"name"`
}

// addAdministrators adds which administrators the rules on pushes and merges do not restrict.
func (b *branchProtection) addAdministrators(ctx context.Context, from *accessReader) error {
	users, groups, restricted := b.exempt("push", "restrict_merges")
	if !restricted {
		return nil
	}
	all, unsure := []exemption{}, false
	if len(users) > 0 {
		uuids, known, err := from.administratorsOf(b.repository)
		if err != nil {
			return err
		}
		unsure = !known
		for _, user := range users {
			if uuids[user["uuid"]] {
				all = append(all, exemption{"user", user["uuid"], user["display_name"]})
			}
		}
	}
	if len(groups) > 0 {
		known, err := from.read(ctx, b.repository)
		if _, lacks := api.MissingScope(err); lacks { // the rest of the row needs less
			known, err = &accessFacts{project: grants{unreadable: true}}, nil
		}
		if err != nil {
			return err
		}
		unsure = unsure || known.project.unreadable
		for _, group := range groups {
			administers := func(g grant) bool { return g.group == group["slug"] && g.permission == "admin" }
			if slices.ContainsFunc(known.repository.groups, administers) || slices.ContainsFunc(known.project.groups, administers) {
				all = append(all, exemption{"group", group["slug"], group["name"]})
			}
		}
	}
	b.said["administrators_exempt"] = trueOrUnknown(len(all) > 0, unsure)
	if len(all) > 0 || !unsure {
		b.said["exempt_administrators"] = all
	}
	return nil
}

// administratorsOf returns the uuids of the administrators of a repository, from any source; known is false if the
// connected user may not read that.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-get
func (f *accessReader) administratorsOf(r repositoryScope) (uuids map[string]bool, known bool, err error) {
	isOwner, err := f.scan.administers(f.ctx, r.workspaceScope)
	if err != nil {
		return nil, false, err
	}
	const all = "/2.0/workspaces/{workspace}/permissions/repositories"
	path := api.Path(all+"/{repo_slug}", r.slug(), r.name())
	if isOwner && r.from != nil { // the scan covers all of them
		path = api.Path(all, r.slug())
	}
	found, err := cache.Get(f.ctx, f.answers, "administrators at "+path, func(ctx context.Context) (administratorIDs, error) {
		return f.scan.administratorsAt(ctx, path)
	})
	return found.of[r.fullName()], !found.unreadable, err
}

// administratorIDs are the uuids of the administrators of repositories, by the full name of the repository.
type administratorIDs struct {
	of         map[string]map[string]bool
	unreadable bool
}

func (c *connection) administratorsAt(ctx context.Context, path string) (administratorIDs, error) {
	found := administratorIDs{of: map[string]map[string]bool{}}
	l := api.List{
		Path: path, Query: url.Values{"q": {bbql.Compare("permission", "=", "admin").String()}},
		Fields: []string{"user.uuid", "repository.full_name", "permission"}, PageLen: 100,
	}
	for item, err := range c.List(ctx, l) {
		if isRefused(err) {
			return administratorIDs{unreadable: true}, nil
		}
		if err != nil {
			return administratorIDs{}, err
		}
		name := item.Get("repository.full_name").String()
		if found.of[name] == nil {
			found.of[name] = map[string]bool{}
		}
		if item.Get("permission").String() == "admin" {
			found.of[name][item.Get("user.uuid").String()] = true
		}
	}
	return found, nil
}
