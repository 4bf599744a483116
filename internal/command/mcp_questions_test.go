package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A posedQuestion is a question that people ask, with its SQL and the true answer. In the SQL, ~w is a workspace that the
// connected user administers, ~r a repository in it, and ~u and ~g a user and a group.
type posedQuestion struct {
	question string
	sql      string
	requests int // at most, including those of the estimate
	bytes    int // of the answer, at most
	truth    func(*world) []string
}

// A world is the organization and the subjects of the questions.
type world struct {
	*organization.Organization
	w *organization.Workspace
	r *organization.Repository
	u *organization.User
	g *organization.Group
}

// newWorld chooses a repository with tags, and a push rule for its main branch that exempts some users and groups, one of
// these groups, and a user with a personal grant.
func newWorld(t *testing.T, o *organization.Organization) *world {
	t.Helper()
	for _, r := range o.Repositories {
		w := &world{Organization: o, w: r.Workspace, r: r}
		if !o.Administers(w.w, o.Connected) || w.pushRule() == nil || len(w.pushRule().Users) == 0 || len(w.pushRule().Groups) == 0 || len(o.Tags(r)) == 0 || len(w.mayPush()) < 3 {
			continue
		}
		w.g = w.pushRule().Groups[0]
		for _, g := range o.RepositoryGrants {
			if g.User != nil && g.Repository.Workspace == w.w && g.Permission != "none" {
				w.u = g.User
			}
		}
		return w
	}
	t.Fatal("no repository has tags and a push rule with users and groups")
	return nil
}

// pushRule returns the repository's own rule for pushes to its main branch, or nil if it has none or several.
func (w *world) pushRule() *organization.BranchRestriction {
	rules := slices.DeleteFunc(slices.Clone(w.Rules(w.r, w.r.MainBranch)), func(b *organization.BranchRestriction) bool {
		return b.Kind != "push" || b.BranchMatchKind != "glob"
	})
	if len(rules) != 1 || !slices.Contains(w.BranchRestrictions(w.r), rules[0]) {
		return nil
	}
	return rules[0]
}

// each returns a row for each item.
func each[T any](items []T, row func(T) string) (rows []string) {
	for _, item := range items {
		if one := row(item); one != "" {
			rows = append(rows, one)
		}
	}
	return rows
}

// when returns a row if a condition holds.
func when(condition bool, values ...any) string {
	if !condition {
		return ""
	}
	return rowOf(values)
}

func rowOf(values []any) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, fmt.Sprint(v))
	}
	return strings.Join(texts, " | ")
}

// mayPush returns the users who can push to the main branch, each with the paths to the permission.
func (w *world) mayPush() []string {
	rule := w.pushRule()
	return each(w.EffectivePermissionsOn(w.r), func(p organization.EffectivePermission) string {
		exempt := slices.Contains(rule.Users, p.User) || slices.ContainsFunc(rule.Groups, func(g *organization.Group) bool { return slices.Contains(g.Members, p.User) })
		var paths []string
		for _, path := range w.Paths(w.r, p.User) {
			holder := "user"
			if path.Group != nil {
				holder = path.Group.Slug
			}
			if !path.Hidden && path.Permission != "none" {
				paths = append(paths, path.On+":"+holder+":"+path.Permission)
			}
		}
		slices.Sort(paths)
		return when(exempt && p.Permission != "read", p.User.UUID, p.Permission, strings.Join(paths, ","))
	})
}

var posedQuestions = []posedQuestion{
	{"Who can push to main of this repository, and through what?", `
with access as materialized (
  select user_uuid, permission, paths from bitbucket_repository_access
  where repository_full_name = '~r' and permission in ('write', 'admin')
), rules as materialized (
  select users, groups from bitbucket_branch_restriction
  where repository_full_name = '~r' and kind = 'push' and (select mainbranch_name from bitbucket_repository where full_name = '~r') glob pattern
), exempt as materialized (
  select u.value ->> 'uuid' as uuid from rules, json_each(rules.users) as u
  union
  select m.user_uuid from bitbucket_group_member as m
  where m.workspace_slug = '~w' and m.group_slug in (select g.value ->> 'slug' from rules, json_each(rules.groups) as g)
)
select user_uuid, permission, (
    select group_concat(p, ',') from (
      select value ->> 'on' || ':' || coalesce(value ->> 'group_slug', 'user') || ':' || (value ->> 'permission') as p from json_each(paths) order by 1))
from access
where not exists (select 1 from rules) or user_uuid in (select uuid from exempt)`,
		14, 2000, func(w *world) []string { return w.mayPush() }},
	{"How many repositories are there?", `select count(*) from bitbucket_repository where workspace_slug = '~w'`,
		3, 300, func(w *world) []string { return []string{strconv.Itoa(len(w.RepositoriesOf(w.w)))} }},
	{"Which repositories are public?", `select full_name from bitbucket_repository where workspace_slug = '~w' and is_private = false`,
		3, 1000, func(w *world) []string {
			return each(w.RepositoriesOf(w.w), func(r *organization.Repository) string { return when(!r.IsPrivate, r.FullName()) })
		}},
	{"Which are the three largest?", `select full_name, size from bitbucket_repository where workspace_slug = '~w' order by size desc limit 3`,
		3, 500, func(w *world) []string {
			all := slices.Clone(w.RepositoriesOf(w.w))
			slices.SortFunc(all, func(a, b *organization.Repository) int { return int(b.Size - a.Size) })
			return each(all[:3], func(r *organization.Repository) string { return when(true, r.FullName(), r.Size) })
		}},
	{"Which repositories are empty?", `select full_name from bitbucket_repository where workspace_slug = '~w' and mainbranch_name is null`,
		3, 1000, func(w *world) []string {
			return each(w.RepositoriesOf(w.w), func(r *organization.Repository) string { return when(r.MainBranch == "", r.FullName()) })
		}},
	{"Who administers this repository?", `select user_uuid from bitbucket_repository_permission where repository_full_name = '~r' and permission = 'admin'`,
		3, 1500, func(w *world) []string {
			return each(w.EffectivePermissionsOn(w.r), func(p organization.EffectivePermission) string { return when(p.Permission == "admin", p.User.UUID) })
		}},
	{"What may this user do, on which repositories?", `select repository_full_name, permission from bitbucket_repository_permission where workspace_slug = '~w' and user_uuid = '~u'`,
		3, 4000, func(w *world) []string {
			return each(w.EffectivePermissions(w.w), func(p organization.EffectivePermission) string {
				return when(p.User == w.u, p.Repository.FullName(), p.Permission)
			})
		}},
	{"Where was this user given access in person?", `select repository_full_name, permission from bitbucket_repository_user_permission where workspace_slug = '~w' and user_uuid = '~u'`,
		40, 2000, func(w *world) []string {
			return each(w.RepositoryGrants, func(g *organization.RepositoryGrant) string {
				return when(g.User == w.u && g.Repository.Workspace == w.w, g.Repository.FullName(), g.Permission)
			})
		}},
	{"Who is in this group?", `select user_uuid from bitbucket_group_member where workspace_slug = '~w' and group_slug = '~g'`,
		3, 2000, func(w *world) []string {
			return each(w.g.Members, func(u *organization.User) string { return u.UUID })
		}},
	{"How many members has each group?", `select g.slug, count(m.user_uuid) from bitbucket_group as g left join bitbucket_group_member as m on m.workspace_slug = g.workspace_slug and m.group_slug = g.slug where g.workspace_slug = '~w' group by g.slug`,
		3, 1000, func(w *world) []string {
			return each(w.GroupsOf(w.w), func(g *organization.Group) string { return when(true, g.Slug, len(g.Members)) })
		}},
	{"How many members have which role?", `select permission, count(*) from bitbucket_workspace_member where workspace_slug = '~w' group by permission`,
		3, 500, func(w *world) []string {
			counts := map[string]int{}
			for _, m := range w.MembersOf(w.w) {
				counts[m.Permission]++
			}
			var rows []string
			for role, n := range counts {
				rows = append(rows, when(true, role, n))
			}
			return rows
		}},
	{"Which deploy keys were never used?", `select repository_full_name, id from bitbucket_deploy_key where workspace_slug = '~w' and last_used is null`,
		40, 4000, func(w *world) []string {
			var rows []string
			for _, r := range w.RepositoriesOf(w.w) {
				rows = append(rows, each(w.DeployKeys(r), func(k *organization.DeployKey) string { return when(k.LastUsed == nil, r.FullName(), k.ID) })...)
			}
			return rows
		}},
	{"Which webhooks don't check certificates?", `select repository_full_name, uuid from bitbucket_webhook where workspace_slug = '~w' and skip_cert_verification`,
		40, 4000, func(w *world) []string {
			var rows []string
			for _, r := range w.RepositoriesOf(w.w) {
				rows = append(rows, each(w.Webhooks(r), func(h *organization.Webhook) string { return when(h.SkipCertVerification, r.FullName(), h.UUID) })...)
			}
			return rows
		}},
	{"Which pull requests are open here?", `select id from bitbucket_pull_request where repository_full_name = '~r' and state = 'OPEN'`,
		3, 1000, func(w *world) []string {
			return each(w.PullRequests(w.r), func(p *organization.PullRequest) string { return when(p.State == "OPEN", p.ID) })
		}},
	{"How many pull requests are in which state, in all repositories?", `select state, count(*) from bitbucket_pull_request where workspace_slug = '~w' group by state`,
		40, 500, func(w *world) []string {
			counts := map[string]int{}
			for _, r := range w.RepositoriesOf(w.w) {
				for _, p := range w.PullRequests(r) {
					counts[p.State]++
				}
			}
			var rows []string
			for state, n := range counts {
				rows = append(rows, when(true, state, n))
			}
			return rows
		}},
	{"Who reviews by default here?", `select user_uuid, reviewer_type from bitbucket_default_reviewer where repository_full_name = '~r'`,
		3, 1000, func(w *world) []string {
			return each(w.EffectiveDefaultReviewers(w.r), func(e organization.EffectiveReviewer) string { return when(true, e.User.UUID, e.From) })
		}},
	{"Which branches are there, and where do they end?", `select name, target_hash from bitbucket_branch where repository_full_name = '~r'`,
		3, 4000, func(w *world) []string {
			return each(w.Branches(w.r), func(b *organization.Branch) string { return when(true, b.Name, b.Target.Hash) })
		}},
	{"What are the tags?", `select name from bitbucket_tag where repository_full_name = '~r'`,
		3, 1500, func(w *world) []string {
			return each(w.Tags(w.r), func(tag *organization.Tag) string { return tag.Name })
		}},
	{"How many repositories are in which project?", `select p.key, count(r.full_name) from bitbucket_project as p left join bitbucket_repository as r on r.workspace_slug = p.workspace_slug and r.project_key = p.key where p.workspace_slug = '~w' group by p.key`,
		8, 1000, func(w *world) []string {
			return each(w.ProjectsOf(w.w), func(p *organization.Project) string {
				n := len(each(w.RepositoriesOf(w.w), func(r *organization.Repository) string { return when(r.Project == p, r.UUID) }))
				return when(true, p.Key, n)
			})
		}},
	{"Which of my workspaces do I administer?", `select slug, is_administrator from bitbucket_my_workspace`,
		2, 400, func(w *world) []string {
			return each(w.MembershipsOf(w.Connected), func(m *organization.Membership) string {
				return when(true, m.Workspace.Slug, w.Administers(m.Workspace, w.Connected))
			})
		}},
}

// Twenty questions get the true answer, in few bytes and with few requests, as estimated.
func TestMCPQuestions(t *testing.T) {
	t.Parallel()
	if len(posedQuestions) != 20 {
		t.Errorf("%d questions, want 20", len(posedQuestions))
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 60, Users: 25})
	config := configOf(t, fake)
	w := newWorld(t, fake.Organization())
	names := strings.NewReplacer("~w", w.w.Slug, "~r", w.r.FullName(), "~u", w.u.UUID, "~g", w.g.Slug)
	for _, q := range posedQuestions {
		t.Run(q.question, func(t *testing.T) {
			a := assist(t, process(t, "mcp", "--config", config)) // a new process each, so that no question profits from another
			sql := names.Replace(q.sql)
			fake.ResetJournal()
			var e struct{ Requests int }
			a.answer(&e, "estimate", map[string]any{"sql": sql})
			var got queryAnswer
			text, _ := a.call("query", map[string]any{"sql": sql, "max_rows": 1000})
			made := len(fake.Journal())
			a.answer(&got, "query", map[string]any{"sql": sql, "max_rows": 1000})
			var rows []string
			for _, row := range got.Rows {
				rows = append(rows, rowOf(row))
			}
			want := q.truth(w)
			slices.Sort(rows)
			slices.Sort(want)
			if diff := cmp.Diff(want, rows); diff != "" || *got.Truncated {
				t.Errorf("rows (-truth +answer):\n%s", diff)
			}
			if len(want) == 0 {
				t.Error("the truth is empty, so that the question shows nothing")
			}
			if made > q.requests || len(text) > q.bytes {
				t.Errorf("%d requests and %d bytes, want at most %d and %d", made, len(text), q.requests, q.bytes)
			}
			if made > e.Requests+e.Requests/4+2 || e.Requests > made+made/4+2 {
				t.Errorf("%d requests were estimated, and %d made", e.Requests, made)
			}
			t.Logf("%d requests, %d estimated, %d bytes, %d rows", made, e.Requests, len(text), len(rows))
		})
	}
}
