package bitbucket

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/cache"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// An accessReader reads everything that access to repositories can come from, each thing once per scan.
type accessReader struct {
	ctx     context.Context // of the scan: one repository's request may answer others
	scan    *scan
	answers *cache.Cache // by kind and name
}

func newAccessReader(ctx context.Context, s *scan) *accessReader {
	return &accessReader{ctx: ctx, scan: s, answers: cache.New(cache.Forever, math.MaxInt)}
}

// A grant is an explicit grant to a user or to a group.
type grant struct {
	user, group, groupName string // uuid of the user, or slug and name of the group
	permission             string
}

// grants are the explicit grants on a repository or a project.
type grants struct {
	users, groups []grant
	unreadable    bool // with the connected user's role
}

// memberRoles are the permissions of the members of a workspace, by uuid.
type memberRoles struct {
	of         map[string]string
	unreadable bool
}

// groupMembers are the names of the members of the groups of a workspace, by the slug of the group and the uuid of the
// user.
type groupMembers struct {
	of         map[string]map[string]string
	unreadable bool
}

func (g groupMembers) has(group, user string) bool {
	_, is := g.of[group][user]
	return is
}

// accessFacts are everything that access to one repository can come from.
type accessFacts struct {
	projectKey          string
	repository, project grants
	groups              groupMembers
	roles               memberRoles
}

// read reads everything that access to a repository can come from.
func (f *accessReader) read(ctx context.Context, r repositoryScope) (*accessFacts, error) {
	c := &accessFacts{projectKey: r.repository.Get("project.key").String()}
	if c.projectKey == "" { // not sent with the permission, but the list of repositories has it
		known, err := f.scan.repository(ctx, r.fullName())
		if err != nil {
			return nil, err
		}
		c.projectKey = known.repository.Get("project.key").String()
	}
	var err error
	if c.groups, err = f.groupsOf(r.slug()); err != nil {
		return nil, err
	}
	withGroups := c.groups.unreadable || len(c.groups.of) > 0 || f.scan.rehearses != nil // a workspace without groups has no grants to groups
	asking := errgroup.Group{}
	asking.Go(func() (err error) {
		c.roles, err = f.rolesIn(r.slug())
		return err
	})
	asking.Go(func() (err error) {
		c.repository, err = cache.Get(f.ctx, f.answers, "repository "+r.fullName(), func(ctx context.Context) (grants, error) {
			return f.grantsOn(ctx, r.path, withGroups)
		})
		return err
	})
	asking.Go(func() (err error) {
		if c.projectKey == "" {
			return nil
		}
		p := projectScope{workspaceScope: r.workspaceScope, project: jsontree.Of(map[string]string{"key": c.projectKey})}
		c.project, err = cache.Get(f.ctx, f.answers, "project "+r.slug()+"/"+c.projectKey, func(ctx context.Context) (grants, error) {
			return f.projectGrants(ctx, p, withGroups)
		})
		return err
	})
	return c, asking.Wait()
}

// grantsOn lists the explicit grants on a repository or a project, with two requests.
func (f *accessReader) grantsOn(ctx context.Context, path func(string, ...string) string, withGroups bool) (g grants, err error) {
	if g.users, err = f.grantsAt(ctx, path("/permissions-config/users"), "user.uuid"); err != nil || !withGroups {
		return g, err
	}
	g.groups, err = f.grantsAt(ctx, path("/permissions-config/groups"), "group.slug", "group.name")
	return g, err
}

// projectGrants lists the explicit grants on a project, like grantsOn. An administrator of a repository in it may not
// be allowed to read them. The answer is cached for half a minute, as scans may ask for the project's repositories one
// by one.
func (f *accessReader) projectGrants(ctx context.Context, p projectScope, withGroups bool) (grants, error) {
	return cache.Get(ctx, f.scan.answers, fmt.Sprintf("grants on %s, with groups: %t", p.path(""), withGroups), func(ctx context.Context) (grants, error) {
		g, err := f.grantsOn(ctx, p.path, withGroups)
		if isRefused(err) {
			return grants{unreadable: true}, nil
		}
		return g, err
	})
}

// grantsAt lists explicit grants. Its fields are those of the tables of grants, so that both share the answers.
func (f *accessReader) grantsAt(ctx context.Context, path string, fields ...string) ([]grant, error) {
	var all []grant
	for item, err := range f.scan.List(ctx, api.List{Path: path, Fields: append(fields, "permission", "type"), PageLen: 100}) {
		if err != nil {
			return nil, err
		}
		all = append(all, grant{
			user:       item.Get("user.uuid").String(),
			group:      item.Get("group.slug").String(),
			groupName:  item.Get("group.name").String(),
			permission: item.Get("permission").String(),
		})
	}
	return all, nil
}

// groupsOf reads the members of the groups of a workspace, if the connected user may read them.
func (f *accessReader) groupsOf(slug string) (groupMembers, error) {
	return cache.Get(f.ctx, f.answers, "groups "+slug, func(ctx context.Context) (groupMembers, error) {
		isAdministrator, err := f.scan.administers(ctx, namedWorkspace(slug))
		if err != nil {
			return groupMembers{}, err
		}
		hidden := Omission{
			Workspace: slug,
			Reason:    ReasonHiddenGroups,
			Message:   fmt.Sprintf("%s can't read who is in which group of %s, so some paths are unknown.", f.scan.queriedTable, slug),
		}
		if !isAdministrator {
			f.scan.omit(hidden)
			return groupMembers{unreadable: true}, nil
		}
		groups, err := f.scan.groups(ctx, slug)
		if _, closed := errors.AsType[*groupsError](err); closed {
			f.scan.omit(hidden)
			return groupMembers{unreadable: true}, nil
		}
		if err != nil {
			return groupMembers{}, err
		}
		of := map[string]map[string]string{}
		for _, group := range groups {
			members := map[string]string{}
			for member := range group.Field("members").Values() {
				members[member.Get("uuid").String()] = member.Get("display_name").String()
			}
			of[group.Get("slug").String()] = members
		}
		return groupMembers{of: of}, nil
	})
}

// rolesIn reads the roles of the members of a workspace, if the connected user may read them.
func (f *accessReader) rolesIn(slug string) (memberRoles, error) {
	return cache.Get(f.ctx, f.answers, "roles "+slug, func(ctx context.Context) (memberRoles, error) {
		l := api.List{
			Path:    api.Path("/2.0/workspaces/{workspace}/permissions", slug),
			Fields:  []string{"user.uuid", "permission"},
			PageLen: 100,
		}
		of := map[string]string{}
		for item, err := range f.scan.shared(ctx, "roles "+strings.ToLower(slug), l) {
			if isRefused(err) {
				return memberRoles{unreadable: true}, nil
			}
			if err != nil {
				return memberRoles{}, err
			}
			of[item.Get("user.uuid").String()] = item.Get("permission").String()
		}
		return memberRoles{of: of}, nil
	})
}

// An accessPath is one path that leads to a user's permission on a repository.
type accessPath struct {
	On         string `json:"on"`     // where the grant is: repository, project or workspace
	Holder     string `json:"holder"` // who has it: user or group
	GroupSlug  string `json:"group_slug,omitempty"`
	GroupName  string `json:"group_name,omitempty"`
	Permission string `json:"permission"`
	Membership string `json:"membership,omitempty"` // unknown, if the members of the group can't be read
}

func (p accessPath) isKnown() bool { return p.Membership == "" }

// gives returns the permission on a repository that the path gives.
func (p accessPath) gives() string {
	switch {
	case p.On == "workspace":
		return "admin"
	case p.Permission == "create-repo":
		return "write"
	}
	return p.Permission
}

// paths returns the paths of a user. With unknown groups it includes the ones that may be the user's: no group can give
// more than the user has.
func (c *accessFacts) paths(user, permission string) []accessPath {
	found := []accessPath{}
	for _, on := range []struct {
		name string
		grants
	}{{"repository", c.repository}, {"project", c.project}} {
		for _, h := range on.users {
			if h.user == user && h.permission != "none" {
				found = append(found, accessPath{On: on.name, Holder: "user", Permission: h.permission})
			}
		}
		for _, h := range on.groups {
			p := accessPath{On: on.name, Holder: "group", GroupSlug: h.group, GroupName: h.groupName, Permission: h.permission}
			switch {
			case h.permission == "none":
			case c.groups.has(h.group, user):
				found = append(found, p)
			case c.groups.unreadable && rank(p.gives()) <= rank(permission):
				p.Membership = "unknown"
				found = append(found, p)
			}
		}
	}
	if role := c.roles.of[user]; role == "owner" {
		found = append(found, accessPath{On: "workspace", Holder: "user", Permission: role})
	}
	return found
}

// rank orders the permissions on a repository. A permission that this plugin does not know ranks highest.
func rank(permission string) int {
	if i := slices.Index([]string{"read", "write", "admin"}, permission); i >= 0 {
		return i
	}
	return 3
}

// explain returns how a user got a permission, as JSON.
func (c *accessFacts) explain(user, permission string) jsontree.Value {
	all := c.paths(user, permission)
	has := func(is func(accessPath) bool) bool { return slices.ContainsFunc(all, is) }
	unreadable := []string{}
	for _, unread := range []struct {
		name string
		is   bool
	}{{"groups", c.groups.unreadable}, {"project", c.project.unreadable}, {"workspace", c.roles.unreadable}} {
		if unread.is {
			unreadable = append(unreadable, unread.name)
		}
	}
	said := map[string]any{
		"project_key": c.projectKey,
		"paths":       all,
		"unreadable":  unreadable,
		"is_direct":   trueOrUnknown(has(func(p accessPath) bool { return p.Holder == "user" && p.On != "workspace" }), c.project.unreadable),
		"via_group": trueOrUnknown(has(func(p accessPath) bool { return p.Holder == "group" && p.isKnown() }),
			c.project.unreadable || has(func(p accessPath) bool { return !p.isKnown() })),
		"via_project": trueOrUnknown(has(func(p accessPath) bool { return p.On == "project" && p.isKnown() }),
			c.project.unreadable || has(func(p accessPath) bool { return p.On == "project" && !p.isKnown() })),
		"is_explained": trueOrUnknown(c.explains(all, permission),
			c.project.unreadable || c.roles.unreadable || has(func(p accessPath) bool { return !p.isKnown() && p.gives() == permission })),
	}
	if !c.roles.unreadable {
		role, isMember := c.roles.of[user]
		said["is_member"], said["is_workspace_owner"], said["workspace_permission"] = isMember, role == "owner", role
	}
	return jsontree.Of(said)
}

// explains reports whether the highest of the known paths gives exactly the permission.
func (c *accessFacts) explains(all []accessPath, permission string) bool {
	highest := ""
	for _, p := range all {
		if p.isKnown() && (highest == "" || rank(p.gives()) > rank(highest)) {
			highest = p.gives()
		}
	}
	return highest == permission
}

// trueOrUnknown returns is, or nil if is is false only because something is unknown.
func trueOrUnknown(is, unknown bool) any {
	if !is && unknown {
		return nil
	}
	return is
}
