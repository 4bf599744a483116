package fakebitbucket

import (
	"fmt"
	"net/url"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// The addresses in links, which do not depend on the host of the request. Some links use the web site's own path to
// the API. Clients must not call any of them.
const (
	linkAPI  = "https://api.bitbucket.org/2.0"
	linkSite = "https://bitbucket.org"
)

func href(address string) object { return object{{name: "href", value: address}} }

// linksOf returns an object of links from pairs of name and address.
func linksOf(pairs ...string) object {
	o := make(object, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		o = append(o, jsonMember{name: pairs[i], value: href(pairs[i+1])})
	}
	return o
}

// userObject returns a user in the form of /users/{id}.
func userObject(u *organization.User) object {
	o := object{
		{name: "display_name", value: u.DisplayName},
		{name: "links", value: lazy(func() any { return userLinks(u) })},
		{name: "type", value: u.Type},
		{name: "uuid", value: u.UUID},
	}
	if u.AccountID != "" {
		o = append(o, jsonMember{name: "account_id", value: u.AccountID})
	} else if u.NullAccountID {
		o = append(o, jsonMember{name: "account_id", value: nil})
	}
	o = append(o, jsonMember{name: "created_on", value: timestampOf(u.CreatedOn)})
	switch u.Type {
	case "user":
		o = append(o, jsonMember{name: "nickname", value: u.Nickname},
			jsonMember{name: "account_status", value: "active"}, jsonMember{name: "is_staff", value: false},
			jsonMember{name: "location", value: nil})
	case "team":
		o = append(o, jsonMember{name: "username", value: u.Account})
	case "app_user":
		o = append(o, jsonMember{name: "account_status", value: "active"}, jsonMember{name: "kind", value: u.Kind})
	}
	return o
}

func userLinks(u *organization.User) object {
	id := url.PathEscape(u.UUID)
	kind := "users"
	if u.Type == "team" {
		kind = "teams"
	}
	return linksOf(
		"self", linkAPI+"/"+kind+"/"+id,
		"avatar", linkSite+"/account/"+id+"/avatar/",
		"html", linkSite+"/"+id+"/",
		"repositories", linkAPI+"/repositories/"+id,
		"snippets", linkAPI+"/snippets/"+id,
	)
}

// currentUser returns a user in the form of /user.
func currentUser(u *organization.User) object {
	o := append(userObject(u), jsonMember{name: "has_2fa_enabled", value: nil})
	if u.Type == "user" {
		o = append(o, jsonMember{name: "username", value: u.Account})
	}
	return o
}

func embeddedUser(u *organization.User) any {
	if u == nil {
		return nil
	}
	return userObject(u).condensed("display_name", "links", "type", "uuid", "account_id", "nickname", "username", "kind")
}

func workspaceObject(w *organization.Workspace) object {
	return object{
		{name: "type", value: "workspace"},
		{name: "uuid", value: w.UUID},
		{name: "name", value: w.Name},
		{name: "slug", value: w.Slug},
		{name: "is_private", value: w.IsPrivate},
		{name: "is_privacy_enforced", value: w.IsPrivacyEnforced},
		{name: "forking_mode", value: w.ForkingMode},
		{name: "created_on", value: timestampOf(w.CreatedOn)},
		{name: "updated_on", value: timestampOf(w.UpdatedOn)},
		{name: "links", value: lazy(func() any { return workspaceLinks(w) })},
	}
}

func workspaceLinks(w *organization.Workspace) object {
	api := linkSite + "/!api/2.0/workspaces/" + w.Slug
	return linksOf(
		"self", api,
		"html", linkSite+"/"+w.Slug+"/",
		"avatar", fmt.Sprintf("%s/workspaces/%s/avatar/?ts=%d", linkSite, w.Slug, w.CreatedOn.Unix()),
		"members", api+"/members",
		"owners", api+"/members?q=permission%3D%22owner%22",
		"projects", api+"/projects",
		"repositories", linkSite+"/!api/2.0/repositories/"+w.Slug,
		"snippets", linkSite+"/!api/2.0/snippets/"+w.Slug,
		"hooks", api+"/hooks",
	)
}

func embeddedWorkspace(w *organization.Workspace) object {
	return workspaceObject(w).condensed("type", "uuid", "name", "slug", "links")
}

// workspaceAccess returns a workspace in the form of /user/workspaces, without its name.
func workspaceAccess(w *organization.Workspace, administrator bool) object {
	return object{
		{name: "type", value: "workspace_access"},
		{name: "administrator", value: administrator},
		{name: "workspace", value: lazy(func() any {
			return object{
				{name: "type", value: "workspace_base"},
				{name: "uuid", value: w.UUID},
				{name: "slug", value: w.Slug},
				{name: "links", value: workspaceLinks(w)[:3].condensed("self", "avatar")},
			}
		})},
	}
}

// memberObject returns a membership in the form of /members, without its role.
func memberObject(m *organization.Membership) object {
	return object{
		{name: "type", value: "workspace_membership"},
		{name: "user", value: lazy(func() any { return embeddedUser(m.User) })},
		{name: "workspace", value: lazy(func() any { return embeddedWorkspace(m.Workspace) })},
		{name: "links", value: lazy(func() any {
			return linksOf("self", linkAPI+"/workspaces/"+m.Workspace.Slug+"/members/"+url.PathEscape(m.User.UUID))
		})},
	}
}

// memberWithAddress returns a member who was found by address. The address is returned only on request.
func memberWithAddress(m *organization.Membership) object {
	o := memberObject(m)
	for i := range o {
		if o[i].name == "user" {
			user, _ := embeddedUser(m.User).(object)
			o[i].value = append(user, jsonMember{name: "email", value: m.User.Email, extra: true})
		}
	}
	return o
}

// membershipObject returns a membership in the form of /permissions, with its role.
func membershipObject(m *organization.Membership) object {
	return append(memberObject(m),
		jsonMember{name: "permission", value: permissionLevel{m.Permission, organization.WorkspacePermissions}},
		jsonMember{name: "added_on", value: orNull(m.AddedOn, layoutNoZone)},
		jsonMember{name: "last_accessed", value: orNull(m.LastAccessed, layoutMicro)})
}

func projectObject(p *organization.Project) object {
	return object{
		{name: "type", value: "project"},
		{name: "owner", value: lazy(func() any { return embeddedUser(p.Workspace.Account) })},
		{name: "workspace", value: lazy(func() any { return embeddedWorkspace(p.Workspace) })},
		{name: "key", value: p.Key},
		{name: "uuid", value: p.UUID},
		{name: "is_private", value: p.IsPrivate},
		{name: "name", value: p.Name},
		{name: "description", value: stringOrNull(p.Description)},
		{name: "links", value: lazy(func() any { return projectLinks(p) })},
		{name: "created_on", value: timestampOf(p.CreatedOn)},
		{name: "updated_on", value: timestampOf(p.UpdatedOn)},
		{name: "has_publicly_visible_repos", value: p.HasPubliclyVisibleRepo},
	}
}

func projectLinks(p *organization.Project) object {
	w := p.Workspace.Slug
	return linksOf(
		"self", linkAPI+"/workspaces/"+w+"/projects/"+p.Key,
		"html", linkSite+"/"+w+"/workspace/projects/"+p.Key,
		"repositories", linkAPI+"/repositories/"+w+`?q=project.key="`+p.Key+`"`,
		"avatar", fmt.Sprintf("%s/%s/workspace/projects/%s/avatar/32?ts=%d", linkSite, w, p.Key, p.CreatedOn.Unix()),
	)
}

func embeddedProject(p *organization.Project) object {
	return projectObject(p).condensed("type", "key", "uuid", "name", "links")
}

func repositoryObject(r *organization.Repository) object {
	o := object{
		{name: "type", value: "repository"},
		{name: "full_name", value: r.FullName()},
		{name: "links", value: lazy(func() any { return repositoryLinks(r) })},
		{name: "name", value: r.Name},
		{name: "slug", value: r.Slug},
		{name: "description", value: r.Description},
		{name: "scm", value: "git"},
		{name: "website", value: stringOrNull(r.Website)},
		{name: "owner", value: lazy(func() any { return embeddedUser(r.Owner) })},
		{name: "workspace", value: lazy(func() any { return embeddedWorkspace(r.Workspace) })},
		{name: "is_private", value: r.IsPrivate},
		{name: "project", value: lazy(func() any { return embeddedProject(r.Project) })},
		{name: "fork_policy", value: r.ForkPolicy},
		{name: "created_on", value: timestampOf(r.CreatedOn)},
		{name: "updated_on", value: timestampOf(r.UpdatedOn)},
		{name: "size", value: r.Size},
		{name: "language", value: r.Language},
		{name: "uuid", value: r.UUID},
		{name: "mainbranch", value: lazy(func() any { return mainBranch(r) })},
		{name: "override_settings", value: lazy(func() any { return overriddenSettings(r) })},
		{name: "parent", value: lazy(func() any { return parentRepository(r) })},
		{name: "enforced_signed_commits", value: flag(r.EnforcedSignedCommits)},
		{name: "has_issues", value: r.HasIssues},
		{name: "has_wiki", value: r.HasWiki},
	}
	return o.without(r.Missing)
}

// overriddenSettings returns which settings of its project a repository replaces.
func overriddenSettings(r *organization.Repository) object {
	return object{
		{name: "default_merge_strategy", value: r.OverridesMergeStrategy},
		{name: "branching_model", value: r.OverridesBranchingModel},
	}
}

func mainBranch(r *organization.Repository) any {
	if r.MainBranch == "" {
		return nil
	}
	return object{{name: "name", value: r.MainBranch}, {name: "type", value: "branch"}}
}

func parentRepository(r *organization.Repository) any {
	if r.Parent == nil {
		return nil
	}
	return embeddedRepository(r.Parent)
}

func embeddedRepository(r *organization.Repository) object {
	return repositoryObject(r).condensed("type", "full_name", "links", "name", "uuid")
}

func repositoryLinks(r *organization.Repository) object {
	api := linkSite + "/!api/2.0/repositories/" + r.FullName()
	o := linksOf(
		"self", api,
		"html", linkSite+"/"+r.FullName(),
		"avatar", fmt.Sprintf("https://bytebucket.org/ravatar/%s?ts=%s", url.PathEscape(r.UUID), url.QueryEscape(r.Language)),
		"pullrequests", api+"/pullrequests",
		"commits", api+"/commits",
		"forks", api+"/forks",
		"watchers", api+"/watchers",
		"branches", api+"/refs/branches",
		"tags", api+"/refs/tags",
		"downloads", api+"/downloads",
		"source", api+"/src",
		"hooks", api+"/hooks",
	)
	return append(o, jsonMember{name: "clone", value: []object{
		{{name: "name", value: "https"}, {name: "href", value: "https://x-token-auth@bitbucket.org/" + r.FullName() + ".git"}},
		{{name: "name", value: "ssh"}, {name: "href", value: "git@bitbucket.org:" + r.FullName() + ".git"}},
	}})
}

// repositoryPermissions returns effective permissions of users on repositories. It renders each repository and user
// only once, because long lists repeat them.
func repositoryPermissions(permissions []organization.EffectivePermission) collection {
	repository, user := memo(embeddedRepository), memo(embeddedUser)
	return collect(permissions, func(p organization.EffectivePermission) object {
		return object{
			{name: "type", value: "repository_permission"},
			{name: "user", value: lazy(func() any { return user(p.User) })},
			{name: "repository", value: lazy(func() any { return repository(p.Repository) })},
			{name: "permission", value: permissionLevel{p.Permission, organization.RepositoryPermissions}},
		}
	})
}

// memo returns a function that calls f once for each argument. Only one goroutine may use it.
func memo[K comparable, V any](f func(K) V) func(K) V {
	results := map[K]V{}
	return func(k K) V {
		v, ok := results[k]
		if !ok {
			v = f(k)
			results[k] = v
		}
		return v
	}
}

// groupObject returns a group in the form of the 2.0 API.
func groupObject(g *organization.Group) object {
	return object{
		{name: "type", value: "group"},
		{name: "name", value: g.Name},
		{name: "slug", value: g.Slug},
		{name: "full_slug", value: g.Workspace.Slug + ":" + g.Slug},
		{name: "owner", value: lazy(func() any { return embeddedUser(g.Workspace.Account) })},
		{name: "workspace", value: lazy(func() any { return embeddedWorkspace(g.Workspace) })},
		{name: "default_permission", value: nil},
		{name: "email_forwarding_disabled", value: nil},
		{name: "account_privilege", value: nil},
		{name: "links", value: lazy(func() any {
			return linksOf("html", linkSite+"/"+g.Workspace.Slug+"/workspace/settings/groups/"+g.Slug)
		})},
	}
}

// legacyGroup returns a group in the form of the 1.0 API.
func legacyGroup(g *organization.Group) object {
	members := make([]object, len(g.Members))
	for i, u := range g.Members {
		members[i] = legacyUser(u)
		members[i] = append(members[i], jsonMember{name: "is_active", value: true})
	}
	var permission any
	if g.Permission != "" {
		permission = g.Permission
	}
	owner := legacyUser(g.Workspace.Account)
	owner = append(owner.without([]string{"account_id"}), jsonMember{name: "account_id", value: nil})
	return object{
		{name: "name", value: g.Name},
		{name: "permission", value: permission},
		{name: "auto_add", value: g.AutoAdd},
		{name: "slug", value: g.Slug},
		{name: "email_forwarding_disabled", value: nil},
		{name: "resource_uri", value: "/api/1.0/groups/" + g.Workspace.Slug + "/" + g.Slug + "/"},
		{name: "members", value: members},
		{name: "owner", value: owner},
	}
}

func legacyUser(u *organization.User) object {
	o := object{
		{name: "display_name", value: u.DisplayName},
		{name: "uuid", value: u.UUID},
		{name: "nickname", value: u.Nickname},
		{name: "is_team", value: u.Type == "team"},
		{name: "is_staff", value: false},
		{name: "avatar", value: linkSite + "/account/" + url.PathEscape(u.UUID) + "/avatar/32/"},
		{name: "resource_uri", value: "/!api/1.0/users/" + u.UUID},
	}
	if u.AccountID != "" {
		o = append(o, jsonMember{name: "account_id", value: u.AccountID})
	}
	return o
}
