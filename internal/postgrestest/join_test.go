package postgrestest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLosing(t *testing.T) {
	conn, host := open(t)
	j := NewJoins(t, conn, host)
	const (
		members     = "with m as materialized (select workspace_slug, user_uuid from bitbucket_workspace_member) "
		permissions = "bitbucket_repository_permission, by user_uuid and workspace_slug"
	)
	for name, tt := range map[string]struct {
		sql  string
		want []string
	}{
		"two columns": {
			"select from bitbucket_workspace_member a join bitbucket_repository_permission b on b.user_uuid = a.user_uuid and b.workspace_slug = a.workspace_slug",
			[]string{permissions, "bitbucket_workspace_member, by user_uuid and workspace_slug"},
		},
		"using": {
			members + "select from m left join bitbucket_repository_permission b using (user_uuid, workspace_slug)",
			[]string{permissions},
		},
		"in the where clause": {
			members + "select from m, bitbucket_repository_permission b where b.user_uuid = m.user_uuid and b.workspace_slug = m.workspace_slug",
			[]string{permissions},
		},
		"in": {
			members + "select from m where (user_uuid, workspace_slug) in (select user_uuid, workspace_slug from bitbucket_repository_permission)",
			[]string{permissions},
		},
		"exists": {
			members + "select from m where exists (select from bitbucket_repository_permission b where b.user_uuid = m.user_uuid and b.workspace_slug = m.workspace_slug)",
			[]string{permissions},
		},
		"not exists": {
			members + "select from m where not exists (select from bitbucket_repository_permission b where b.user_uuid = m.user_uuid and b.workspace_slug = m.workspace_slug)",
			[]string{permissions},
		},
		"CTE that is none of its own": {
			members + ", b as (select user_uuid, workspace_slug from bitbucket_repository_permission) select from m join b on b.user_uuid = m.user_uuid and b.workspace_slug = m.workspace_slug",
			[]string{permissions},
		},
		"in a CTE": {
			members + ", b as materialized (select m.user_uuid from m join bitbucket_repository_permission b on b.user_uuid = m.user_uuid and b.workspace_slug = m.workspace_slug) select from b",
			[]string{permissions},
		},
		"one column and another condition": {
			members + "select from m join bitbucket_repository_permission b on b.user_uuid = m.user_uuid and b.workspace_slug like m.workspace_slug || '%'",
			[]string{"bitbucket_repository_permission, by (b.workspace_slug ~~ (m.workspace_slug || '%'::text)) and user_uuid"},
		},
		"one column, and the same value in another": {
			members + "select from m join bitbucket_repository_permission b on b.user_uuid = m.user_uuid where b.workspace_slug = 'acme' and m.workspace_slug = 'acme'",
			[]string{permissions},
		},
		"one column, and the same parameter in another": {
			members + "select from m join bitbucket_repository_permission b on b.user_uuid = m.user_uuid where b.workspace_slug = $1 and m.workspace_slug = $1",
			[]string{permissions},
		},
		"the other side is a union": {
			members + ", u as (select * from m union all select * from m) select from bitbucket_repository_permission b left join u on b.user_uuid = u.user_uuid and b.workspace_slug = u.workspace_slug",
			[]string{permissions},
		},
		"aggregate of a lateral subquery": {
			members + "select from m cross join lateral (select count(*) from bitbucket_repository_permission where user_uuid = m.user_uuid and workspace_slug = m.workspace_slug) b",
			nil,
		},
		"one side has groups": {
			members + ", b as (select user_uuid, workspace_slug, count(*) from bitbucket_repository_permission group by 1, 2) select from m join b on b.user_uuid = m.user_uuid and b.workspace_slug = m.workspace_slug",
			nil,
		},
		"both sides materialized": {
			members + ", b as materialized (select user_uuid, workspace_slug from bitbucket_repository_permission where permission = 'admin') select from m join b on b.user_uuid = m.user_uuid and b.workspace_slug = m.workspace_slug",
			nil,
		},
		"one column": {
			members + "select from m join bitbucket_repository_permission b on b.user_uuid = m.user_uuid where b.permission = 'admin' and m.workspace_slug = 'acme'",
			nil,
		},
		"no key column": {
			"with r as materialized (select name, state_status from bitbucket_workspace_runner) select from r join bitbucket_workspace_runner b on b.state_status = r.state_status and b.name = r.name",
			nil,
		},
		"not in": {
			"select from bitbucket_repository_permission where (user_uuid, workspace_slug) not in (select user_uuid, workspace_slug from bitbucket_workspace_member)",
			nil,
		},
	} {
		if diff := cmp.Diff(tt.want, j.Losing(t, tt.sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestConditions(t *testing.T) {
	got := conditions("((a.x = b.x) AND a.flag AND (b.y = 'it''s (x) AND ('::text))", "", "(a.z = b.z)", "((a.u = b.u) OR ((a.v = 1) AND (b.v = 1)))")
	want := []string{"(a.x = b.x)", "a.flag", "(b.y = 'it''s (x) AND ('::text)", "(a.z = b.z)", "((a.u = b.u) OR ((a.v = 1) AND (b.v = 1)))"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
