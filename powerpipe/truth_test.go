package powerpipe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A world is an organization as its connected user sees it.
type world struct {
	*organization.Organization
	now time.Time
}

type (
	repository = organization.Repository
	workspace  = organization.Workspace
	project    = organization.Project
	user       = organization.User
	verdicts   = map[string]audit.Status // by resource
)

// verdict returns alarm or ok.
func verdict(alarms bool) audit.Status {
	if alarms {
		return audit.Alarm
	}
	return audit.OK
}

func (w world) daysAgo(days int) time.Time { return w.now.AddDate(0, 0, -days) }

// workspaces returns the workspaces of the connected user.
func (w world) workspaces() []*workspace {
	var all []*workspace
	for _, m := range w.MembershipsOf(w.Connected) {
		all = append(all, m.Workspace)
	}
	return all
}

// repositories returns the repositories on which the connected user has a permission.
func (w world) repositories() []*repository {
	return w.visible(func(r *repository) bool { return w.EffectivePermission(r, w.Connected) != "" })
}

// administered returns the repositories that the connected user administers.
func (w world) administered() []*repository {
	return w.visible(func(r *repository) bool { return w.EffectivePermission(r, w.Connected) == "admin" })
}

func (w world) visible(is func(*repository) bool) []*repository {
	var all []*repository
	for _, ws := range w.workspaces() {
		for _, r := range w.RepositoriesOf(ws) {
			if is(r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// An access is the access of a user to a repository that the connected user administers. Unknown values are nil.
type access struct {
	r                          *repository
	u                          *user
	permission                 string
	direct, inGroup, explained *bool
	isMember, isOwner          bool
}

// certain returns a value, or nil if it is only false because something is unknown.
func certain(is, unknown bool) *bool {
	if !is && unknown {
		return nil
	}
	return &is
}

func (w world) access() []access {
	var all []access
	for _, r := range w.administered() {
		groupsShown, projectShown := w.Administers(r.Workspace, w.Connected), w.AdministersProject(r.Project, w.Connected)
		for _, u := range w.Users {
			permission := w.EffectivePermission(r, u)
			if permission == "" {
				continue
			}
			var direct, inGroup, explained, maybeInGroup, maybeExplained bool
			for _, p := range w.Paths(r, u) {
				shown := !p.Hidden && (p.On != "project" || projectShown) && (p.Group == nil || groupsShown)
				direct = direct || shown && p.Group == nil && p.On != "workspace"
				inGroup = inGroup || shown && p.Group != nil
				explained = explained || shown && p.Level() == permission
			}
			if !groupsShown { // the user may be in any group that has no higher permission than the user
				for _, g := range w.RepositoryGrants {
					if g.Repository == r && g.Group != nil && slices.Index(levels, g.Permission) <= slices.Index(levels, permission) && g.Permission != "none" {
						maybeInGroup = true
						maybeExplained = maybeExplained || g.Permission == permission
					}
				}
			}
			m := w.Membership(r.Workspace, u)
			all = append(all, access{
				r: r, u: u, permission: permission,
				direct:    certain(direct, !projectShown),
				inGroup:   certain(inGroup, !projectShown || maybeInGroup),
				explained: certain(explained, !projectShown || maybeExplained),
				isMember:  m != nil, isOwner: m != nil && m.Permission == "owner",
			})
		}
	}
	return all
}

var levels = []string{"none", "read", "write", "admin"}

// perRepository judges the repositories that the connected user administers, by their accesses.
func (w world) perRepository(judge func([]access) audit.Status) verdicts {
	byRepository := map[string][]access{}
	for _, a := range w.access() {
		byRepository[a.r.FullName()] = append(byRepository[a.r.FullName()], a)
	}
	all := verdicts{}
	for name, accesses := range byRepository {
		all[name] = judge(accesses)
	}
	return w.withRest(all, "users with access", true, false)
}

// A mainBranch has the known rules for the main branch of a repository.
type mainBranch struct {
	world
	r        *repository
	own      map[string][]*organization.BranchRestriction // by kind, of the repository
	inForce  map[string][]*organization.BranchRestriction // by kind, if an open pull request shows them
	isShown  bool                                         // by the merge checks of a pull request
	enforced *bool                                        // nil if unknown
}

// perBranch judges the main branches of the repositories that the connected user administers. Repositories without commits have
// no main branch.
func (w world) perBranch(judge func(mainBranch) audit.Status) verdicts {
	all := verdicts{}
	for _, r := range w.administered() {
		if r.MainBranch == "" {
			continue
		}
		b := mainBranch{world: w, r: r, own: w.aboutMainBranch(r, w.BranchRestrictions(r))}
		b.inForce = w.aboutMainBranch(r, slices.Concat(w.BranchRestrictions(r), w.ProjectRestrictions(r.Project)))
		if b.own["enforce_merge_checks"] != nil {
			b.enforced = new(true)
		}
		i := slices.IndexFunc(w.PullRequests(r), func(p *organization.PullRequest) bool {
			return p.State == "OPEN" && p.DestinationBranch == r.MainBranch
		})
		if b.isShown = i >= 0; b.isShown {
			checks := w.MergeChecks(r, w.PullRequests(r)[i], "admin")
			if slices.ContainsFunc(checks, func(c organization.MergeCheck) bool { return c.Kind != "" }) {
				b.enforced = new(b.inForce["enforce_merge_checks"] != nil)
			}
		}
		all[r.FullName()] = judge(b)
	}
	return w.withRest(all, "rules for branches", true, false)
}

func (w world) aboutMainBranch(r *repository, all []*organization.BranchRestriction) map[string][]*organization.BranchRestriction {
	rules := map[string][]*organization.BranchRestriction{}
	for _, b := range all {
		if w.isAboutMainBranch(r, b) {
			rules[b.Kind] = append(rules[b.Kind], b)
		}
	}
	return rules
}

// checked judges a rule in the merge checks. It must be enforced.
func (b mainBranch) checked(kind string, enough func(*organization.BranchRestriction) bool) audit.Status {
	rules := b.own
	if b.isShown {
		rules = b.inForce
	}
	switch {
	case slices.ContainsFunc(rules[kind], enough):
		return b.ifEnforced()
	case b.isShown:
		return audit.Alarm
	}
	return audit.Info
}

func (b mainBranch) ifEnforced() audit.Status {
	if b.enforced == nil {
		return audit.Info
	}
	return verdict(!*b.enforced)
}

func anyRule(*organization.BranchRestriction) bool { return true }

// ownRules returns a judge that requires rules of all the kinds in the repository. The rules of its project are unknown.
func ownRules(kinds ...string) func(mainBranch) audit.Status {
	return func(b mainBranch) audit.Status {
		if slices.ContainsFunc(kinds, func(kind string) bool { return b.own[kind] == nil }) {
			return audit.Info
		}
		return audit.OK
	}
}

// withRest adds the resources that the connected user can't see, because only administrators can.
func (w world) withRest(all verdicts, subject string, repositories, workspaces bool) verdicts {
	hidden := repositories && len(w.administered()) < len(w.repositories())
	for _, ws := range w.workspaces() {
		hidden = hidden || workspaces && !w.Administers(ws, w.Connected)
	}
	if hidden {
		all[subject+" not shown"] = audit.NotJudged
	}
	return all
}

// isAboutMainBranch reports whether a rule applies to the main branch: by a pattern, or by the type of the branch.
func (w world) isAboutMainBranch(r *repository, b *organization.BranchRestriction) bool {
	if b.BranchMatchKind == "glob" {
		return matches(r.MainBranch, b.Pattern)
	}
	model := w.EffectiveBranchingModel(r)
	role := map[string]organization.BranchRole{"production": model.Production, "development": model.Development}[b.BranchType]
	return role.Enabled && (role.Name == "" || role.Name == r.MainBranch)
}

// matches reports whether a name matches a pattern, in which * matches any text.
func matches(name, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return name == pattern
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		if ok {
			_, rest, ok = strings.Cut(rest, part)
		}
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}

// perKey judges the deploy keys of repositories and projects that the connected user administers.
func (w world) perKey(judge func(*organization.DeployKey) audit.Status) verdicts {
	all := verdicts{}
	for _, r := range w.administered() {
		for _, k := range w.DeployKeys(r) {
			all[fmt.Sprintf("%s deploy key %d", r.FullName(), k.ID)] = judge(k)
		}
	}
	for _, p := range w.projects() {
		for _, k := range w.ProjectDeployKeys(p) {
			all[fmt.Sprintf("%s/%s deploy key %d", p.Workspace.Slug, p.Key, k.ID)] = judge(k)
		}
	}
	return w.withRest(all, "deploy keys", true, true)
}

// projects returns the projects that the connected user administers.
func (w world) projects() []*project {
	var all []*project
	for _, ws := range w.workspaces() {
		for _, p := range w.ProjectsOf(ws) {
			if w.AdministersProject(p, w.Connected) {
				all = append(all, p)
			}
		}
	}
	return all
}

// perHook judges the webhooks of repositories and workspaces that the connected user administers.
func (w world) perHook(judge func(*organization.Webhook) audit.Status) verdicts {
	all := verdicts{}
	add := func(of string, hooks []*organization.Webhook) {
		for _, h := range hooks {
			status := audit.Skip
			if h.Active {
				status = judge(h)
			}
			all[of+" webhook "+h.UUID] = status
		}
	}
	for _, r := range w.administered() {
		add(r.FullName(), w.Webhooks(r))
	}
	for _, ws := range w.workspaces() {
		if w.Administers(ws, w.Connected) {
			add(ws.Slug, w.WorkspaceWebhooks(ws))
		}
	}
	return w.withRest(all, "webhooks", true, true)
}

// perGroup judges the groups of workspaces that the connected user administers.
func (w world) perGroup(judge func(*organization.Group) audit.Status) verdicts {
	all := verdicts{}
	for _, ws := range w.workspaces() {
		if w.Administers(ws, w.Connected) {
			for _, g := range w.GroupsOf(ws) {
				all[ws.Slug+":"+g.Slug] = judge(g)
			}
		}
	}
	return w.withRest(all, "groups", false, true)
}

// perVisible judges all repositories that the connected user sees.
func (w world) perVisible(judge func(*repository) audit.Status) verdicts {
	all := verdicts{}
	for _, r := range w.visible(func(r *repository) bool { return !r.IsPrivate || w.EffectivePermission(r, w.Connected) != "" }) {
		all[r.FullName()] = judge(r)
	}
	return all
}

// perWorkspace judges the workspaces of the connected user.
func (w world) perWorkspace(judge func(*workspace) audit.Status) verdicts {
	all := verdicts{}
	for _, ws := range w.workspaces() {
		all[ws.Slug] = judge(ws)
	}
	return all
}

// pushedAfterApproval judges a pull request that was merged after a time: its last event since then must be an approval, not a
// commit. If the first known commit came after the approval, this is unknown.
func pushedAfterApproval(p *organization.PullRequest, since time.Time) audit.Status {
	var merged, approved, pushed, unsure bool
	commit, known := "", false
	for _, e := range slices.Backward(p.Activity) { // from the oldest
		switch {
		case e.Date.Before(since):
		case e.Kind == "approval":
			approved, pushed, unsure = true, false, false
		case e.Kind == "update":
			merged = e.State == "MERGED"
			pushed = pushed || known && e.SourceCommit != commit
			unsure = unsure || !known
			commit, known = e.SourceCommit, true
		}
	}
	switch {
	case !merged:
		return ""
	case !approved:
		return audit.Skip
	case pushed:
		return audit.Alarm
	case unsure || commit == "":
		return audit.Info
	}
	return audit.OK
}

// truths has the expected results of each control in the demo organization, with the default variables.
var truths = map[string]func(w world) verdicts{
	"connected_account_repository": func(w world) verdicts {
		all := verdicts{}
		for _, r := range w.repositories() {
			all[r.FullName()] = verdict(w.EffectivePermission(r, w.Connected) != "read")
		}
		return all
	},
	"connected_account_workspace": func(w world) verdicts {
		return w.perWorkspace(func(ws *workspace) audit.Status { return verdict(w.Administers(ws, w.Connected)) })
	},
	"access_direct_beside_group": func(w world) verdicts {
		all := verdicts{}
		for _, a := range w.access() {
			switch resource := a.r.FullName() + " " + a.u.UUID; {
			case a.isOwner || a.direct != nil && !*a.direct:
			case a.direct == nil || a.inGroup == nil:
				all[resource] = audit.Info
			default:
				all[resource] = verdict(*a.inGroup)
			}
		}
		return w.withRest(all, "direct grants", true, false)
	},
	"access_outsider": func(w world) verdicts {
		all := verdicts{}
		for _, a := range w.access() {
			all[a.r.Workspace.Slug+" "+a.u.UUID] = verdict(!a.isMember)
		}
		return w.withRest(all, "users with access", true, false)
	},
	"access_unexplained": func(w world) verdicts {
		return w.perRepository(func(accesses []access) audit.Status {
			status := audit.OK
			for _, a := range accesses {
				switch {
				case a.explained == nil && status == audit.OK:
					status = audit.Info
				case a.explained != nil && !*a.explained:
					status = audit.Alarm
				}
			}
			return status
		})
	},
	"workspace_administrators": func(w world) verdicts {
		return w.perWorkspace(func(ws *workspace) audit.Status {
			owners := 0
			for _, m := range w.MembersOf(ws) {
				if m.Permission == "owner" {
					owners++
				}
			}
			return verdict(owners < 2 || owners > 3)
		})
	},
	"repository_administrators": func(w world) verdicts {
		return w.perRepository(func(accesses []access) audit.Status {
			administrators := 0
			for _, a := range accesses {
				if a.permission == "admin" {
					administrators++
				}
			}
			return verdict(administrators < 2 || administrators > 10)
		})
	},
	"repository_trusted_administrators": func(w world) verdicts {
		return w.perRepository(func(accesses []access) audit.Status {
			return verdict(slices.ContainsFunc(accesses, func(a access) bool { return a.permission == "admin" && !a.isOwner }))
		})
	},
	"group_write_access": func(w world) verdicts {
		return w.perGroup(func(g *organization.Group) audit.Status {
			writable := map[*repository]bool{}
			for _, grant := range w.RepositoryGrants {
				if grant.Group == g && (grant.Permission == "write" || grant.Permission == "admin") {
					writable[grant.Repository] = true
				}
			}
			for _, grant := range w.ProjectGrants {
				if grant.Group == g && slices.Contains([]string{"write", "create-repo", "admin"}, grant.Permission) {
					for _, r := range w.RepositoriesOf(g.Workspace) {
						if r.Project == grant.Project {
							writable[r] = true
						}
					}
				}
			}
			return verdict(4*len(writable) > len(w.RepositoriesOf(g.Workspace)))
		})
	},
	"group_default_permission": func(w world) verdicts {
		return w.perGroup(func(g *organization.Group) audit.Status {
			return verdict(g.Permission == "write" || g.Permission == "admin")
		})
	},
	"member_inactive": func(w world) verdicts {
		commits := map[*workspace]map[*user]bool{} // recent ones
		for _, r := range w.visible(func(r *repository) bool { return !r.IsPrivate || w.EffectivePermission(r, w.Connected) != "" }) {
			for _, c := range w.Commits(r) {
				if commits[r.Workspace] == nil {
					commits[r.Workspace] = map[*user]bool{}
				}
				if !c.Date.Before(w.daysAgo(90)) {
					commits[r.Workspace][c.Author.User] = true
				}
			}
		}
		all := verdicts{}
		for _, ws := range w.workspaces() {
			for _, m := range w.MembersOf(ws) {
				status := audit.Info
				switch {
				case m.LastAccessed != nil:
					status = verdict(m.LastAccessed.Before(w.daysAgo(90)))
				case commits[ws][m.User]:
					status = audit.OK
				}
				all[ws.Slug+" "+m.User.UUID] = status
			}
		}
		return all
	},
	"deploy_key_unused": func(w world) verdicts {
		return w.perKey(func(k *organization.DeployKey) audit.Status {
			last := k.CreatedOn
			if k.LastUsed != nil {
				last = *k.LastUsed
			}
			return verdict(last.Before(w.daysAgo(90)))
		})
	},
	"deploy_key_old": func(w world) verdicts {
		return w.perKey(func(k *organization.DeployKey) audit.Status { return verdict(k.CreatedOn.Before(w.daysAgo(365))) })
	},
	"webhook_certificate": func(w world) verdicts {
		return w.perHook(func(h *organization.Webhook) audit.Status {
			return verdict(h.SkipCertVerification || !strings.HasPrefix(h.URL, "https:"))
		})
	},
	"webhook_secret": func(w world) verdicts {
		return w.perHook(func(h *organization.Webhook) audit.Status {
			if !h.Modern {
				return audit.Info
			}
			return verdict(h.Secret == "")
		})
	},
	"variable_secured": func(w world) verdicts {
		all := verdicts{}
		add := func(of string, variables []*organization.PipelineVariable) {
			for _, v := range variables {
				secret := slices.ContainsFunc([]string{"TOKEN", "SECRET", "PASSW", "KEY", "CREDENTIAL", "WEBHOOK"}, func(word string) bool {
					return strings.Contains(strings.ToUpper(v.Key), word)
				}) || strings.HasSuffix(strings.ToUpper(v.Key), "_DSN")
				all[of+" variable "+v.Key] = verdict(secret && !v.Secured)
			}
		}
		for _, ws := range w.workspaces() {
			if w.Administers(ws, w.Connected) {
				add(ws.Slug, w.WorkspacePipelinesOf(ws).Variables)
			}
		}
		for _, r := range w.administered() {
			p := w.PipelinesOf(r)
			if !p.Known {
				continue
			}
			add(r.FullName(), p.Variables)
			for _, e := range p.Environments {
				add(r.FullName()+" environment "+e.UUID, e.Variables)
			}
		}
		return w.withRest(all, "variables", true, true)
	},
	"branch_approvals": func(w world) verdicts {
		return w.perBranch(func(b mainBranch) audit.Status {
			return b.checked("require_approvals_to_merge", func(rule *organization.BranchRestriction) bool { return *rule.Value >= 2 })
		})
	},
	"branch_stale_approvals": func(w world) verdicts {
		return w.perBranch(func(b mainBranch) audit.Status {
			if b.own["reset_pullrequest_approvals_on_change"] == nil && b.own["smart_reset_pullrequest_approvals"] == nil {
				return audit.Info
			}
			return audit.OK
		})
	},
	"pull_request_pushed_after_approval": func(w world) verdicts {
		all := verdicts{}
		for _, r := range w.visible(func(r *repository) bool { return !r.IsPrivate || w.EffectivePermission(r, w.Connected) != "" }) {
			for _, p := range w.PullRequests(r) {
				if status := pushedAfterApproval(p, w.daysAgo(90)); status != "" {
					all[fmt.Sprintf("%s pull request %d", r.FullName(), p.ID)] = status
				}
			}
		}
		return all
	},
	"branch_builds": func(w world) verdicts {
		return w.perBranch(func(b mainBranch) audit.Status { return b.checked("require_passing_builds_to_merge", anyRule) })
	},
	"branch_up_to_date": func(w world) verdicts {
		return w.perBranch(func(b mainBranch) audit.Status { return b.checked("require_commits_behind", anyRule) })
	},
	"branch_comments": func(w world) verdicts {
		return w.perBranch(func(b mainBranch) audit.Status {
			switch {
			case b.isShown && b.inForce["require_tasks_to_be_completed"] == nil:
				return audit.Alarm
			case b.own["require_all_comments_resolved"] == nil || !b.isShown && b.own["require_tasks_to_be_completed"] == nil:
				return audit.Info
			}
			return b.ifEnforced()
		})
	},
	"branch_pushes": func(w world) verdicts { return w.perBranch(ownRules("push", "restrict_merges")) },
	"branch_force":  func(w world) verdicts { return w.perBranch(ownRules("force")) },
	"branch_delete": func(w world) verdicts { return w.perBranch(ownRules("delete")) },
	"branch_administrators": func(w world) verdicts {
		return w.perBranch(func(b mainBranch) audit.Status {
			projectShown := w.AdministersProject(b.r.Project, w.Connected)
			administers := func(g *organization.Group) bool {
				return slices.ContainsFunc(w.RepositoryGrants, func(grant *organization.RepositoryGrant) bool {
					return grant.Repository == b.r && grant.Group == g && grant.Permission == "admin"
				}) || projectShown && slices.ContainsFunc(w.ProjectGrants, func(grant *organization.ProjectGrant) bool {
					return grant.Project == b.r.Project && grant.Group == g && grant.Permission == "admin"
				})
			}
			unsure := b.own["push"] == nil
			for _, rule := range slices.Concat(b.own["push"], b.own["restrict_merges"]) {
				if slices.ContainsFunc(rule.Groups, administers) {
					return audit.Alarm
				}
				unsure = unsure || len(rule.Groups) > 0 && !projectShown
				for _, u := range rule.Users {
					if w.EffectivePermission(b.r, u) == "admin" {
						return audit.Alarm
					}
				}
			}
			if unsure {
				return audit.Info
			}
			return audit.OK
		})
	},
	"repository_creators": func(w world) verdicts {
		all := verdicts{}
		for _, ws := range w.workspaces() {
			creates := func(m *organization.Membership) bool { return m.Permission == "create-project" }
			all[ws.Slug] = verdict(slices.ContainsFunc(w.MembersOf(ws), creates))
			if !w.Administers(ws, w.Connected) {
				continue
			}
			for _, p := range w.ProjectsOf(ws) {
				all[ws.Slug+"/"+p.Key] = verdict(slices.ContainsFunc(w.ProjectGrants, func(g *organization.ProjectGrant) bool {
					return g.Project == p && (g.Permission == "create-repo" || g.Permission == "admin") && !(g.User != nil && w.Administers(ws, g.User))
				}))
			}
		}
		return w.withRest(all, "grants on projects", false, true)
	},
	"repository_inactive": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status { return verdict(r.UpdatedOn.Before(w.daysAgo(180))) })
	},
	"repository_public": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status { return verdict(!r.IsPrivate) })
	},
	"repository_fork_policy": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			if !r.IsPrivate {
				return audit.Skip
			}
			return verdict(r.ForkPolicy == "allow_forks")
		})
	},
	"workspace_forking": func(w world) verdicts {
		return w.perWorkspace(func(ws *workspace) audit.Status { return verdict(ws.ForkingMode == "allow_forks") })
	},
	"workspace_privacy": func(w world) verdicts {
		return w.perWorkspace(func(ws *workspace) audit.Status { return verdict(!ws.IsPrivacyEnforced) })
	},
}
