package audit

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/postgrestest"
)

// The mod's result of a control without rows, or with an invalid variable.
func TestControlsInPostgreSQL(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	const tables = `
		create table bitbucket_workspace (slug text);
		create table bitbucket_my_workspace (slug text, is_administrator boolean);
		create table bitbucket_my_repository (full_name text, workspace_slug text, permission text);
		create table bitbucket_deploy_key (repository_full_name text, workspace_slug text, id bigint, label text, added_on timestamptz, last_used timestamptz);
		create table bitbucket_project_deploy_key (project_key text, workspace_slug text, id bigint, label text, added_on timestamptz, last_used timestamptz);
		create table bitbucket_repository_access (repository_full_name text, workspace_slug text, user_uuid text, user_display_name text,
			permission text, is_direct boolean, is_workspace_owner boolean, via_group boolean, paths jsonb);
		create table bitbucket_branch_protection (repository_full_name text, workspace_slug text, branch_name text, pull_request_id bigint,
			approvals bigint, approvals_source text, merge_checks_enforced boolean, force_denied boolean);`
	const member = `
		insert into bitbucket_workspace values ('acme');
		insert into bitbucket_my_workspace values ('acme', false);`
	const reader = member + `insert into bitbucket_my_repository values ('acme/website', 'acme', 'read'), ('acme/api', 'acme', 'read');`
	const administrator = reader + `update bitbucket_my_repository set permission = 'admin' where full_name = 'acme/api';`
	const hiddenRules = "rules for branches not shown | skip | Bitbucket shows rules for branches only to administrators. It showed the connected account those of 1 of 2 repositories. |  | "
	keys, direct, account := []any{365}, []any{}, []any{[]string{"*"}, "read"}
	branch := func(values string) string {
		return administrator + "insert into bitbucket_branch_protection values ('acme/api', 'acme', 'main', " + values + ");"
	}
	approvals, denied := []any{2, true, true}, []any{true}
	conn := postgrestest.Start(t)
	for name, tt := range map[string]struct {
		control string
		values  []any
		rows    string // of the tables
		want    []string
	}{
		"no workspace": {control: "deploy_key_old", values: keys, want: []string{
			"deploy keys not shown | skip | The connection covers no workspace that the connected account can see. |  |  | ",
		}},
		"no repository": {control: "connected_account_repository", values: account, rows: member, want: []string{
			"permissions not shown | skip | The connected account has a permission on no repository. |  | ",
		}},
		"nothing administered": {control: "deploy_key_old", values: keys, rows: reader, want: []string{
			"deploy keys not shown | skip | Bitbucket shows deploy keys only to administrators. It showed the connected account those of 0 of 2 repositories and of 0 of 1 workspace. |  |  | ",
		}},
		"none where it looked": {control: "deploy_key_old", values: keys, rows: administrator, want: []string{
			"deploy keys not shown | skip | Bitbucket shows deploy keys only to administrators. It showed the connected account those of 1 of 2 repositories and of 0 of 1 workspace. |  |  | ",
			"deploy keys | ok | No deploy keys found. Bitbucket showed the connected account those of 1 of 2 repositories and of 0 of 1 workspace. |  |  | ",
		}},
		"no dimension is null": {control: "deploy_key_old", values: keys, rows: administrator + `
			insert into bitbucket_deploy_key values ('acme/api', 'acme', 7, 'ci', now(), now());`, want: []string{
			"acme/api deploy key 7 | ok | Key ci of acme/api was added 0 days ago. | acme |  | acme/api",
			"deploy keys not shown | skip | Bitbucket shows deploy keys only to administrators. It showed the connected account those of 1 of 2 repositories and of 0 of 1 workspace. |  |  | ",
		}},
		"nobody was granted anything in person": {control: "access_direct_beside_group", values: direct, rows: administrator + `
			insert into bitbucket_repository_access values ('acme/api', 'acme', '{1}', 'Ada', 'admin', false, false, true, '[]');`, want: []string{
			"direct grants not shown | skip | Bitbucket shows direct grants only to administrators. It showed the connected account those of 1 of 2 repositories. |  |  | ",
			"direct grants | ok | No direct grants found. Bitbucket showed the connected account those of 1 of 2 repositories. |  |  | ",
		}},
		"administered, and not shown all the same": {control: "access_direct_beside_group", values: direct, rows: administrator, want: []string{
			"direct grants not shown | skip | Bitbucket shows direct grants only to administrators. It showed the connected account those of 0 of 2 repositories. |  |  | ",
		}},
		"approvals that neither a rule nor a pull request shows": {control: "branch_approvals", values: approvals, rows: branch("null, null, 'unknown', null, null"), want: []string{
			"acme/api | info | Whether a pull request into main of acme/api needs approvals cannot be told: no rule of the repository asks for it, and Bitbucket does not show the rules of its project. | acme | acme/api",
			hiddenRules,
		}},
		"approvals that no rule asks for, where projects have no rules": {control: "branch_approvals", values: []any{2, true, false}, rows: branch("null, null, 'unknown', null, null"), want: []string{
			"acme/api | alarm | A pull request into main of acme/api needs no approval. | acme | acme/api",
			hiddenRules,
		}},
		"no approval, as a pull request shows": {control: "branch_approvals", values: approvals, rows: branch("7, 0, 'merge_check', true, null"), want: []string{
			"acme/api | alarm | A pull request into main of acme/api needs no approval, as the merge checks of pull request 7 show. | acme | acme/api",
			hiddenRules,
		}},
		"too few approvals, as far as is known": {control: "branch_approvals", values: approvals, rows: branch("null, 1, 'repository', true, null"), want: []string{
			"acme/api | info | A pull request into main of acme/api needs too few approvals by the rules of the repository: 1. Whether its project asks for more cannot be told. | acme | acme/api",
			hiddenRules,
		}},
		"approvals that may not be enforced": {control: "branch_approvals", values: approvals, rows: branch("null, 2, 'repository', null, null"), want: []string{
			"acme/api | info | A pull request into main of acme/api should have 2 approvals, but whether merge checks are enforced cannot be told: no rule of the repository asks for it, and Bitbucket does not show the rules of its project. | acme | acme/api",
			hiddenRules,
		}},
		"approvals that are not enforced": {control: "branch_approvals", values: approvals, rows: branch("7, 2, 'merge_check', false, null"), want: []string{
			"acme/api | alarm | A pull request into main of acme/api should have 2 approvals, but can be merged without: merge checks are not enforced, as the merge checks of pull request 7 show. | acme | acme/api",
			hiddenRules,
		}},
		"approvals by a rule of the project": {control: "branch_approvals", values: approvals, rows: branch("7, 2, 'merge_check', true, null"), want: []string{
			"acme/api | ok | A pull request into main of acme/api needs 2 approvals, as the merge checks of pull request 7 show. | acme | acme/api",
			hiddenRules,
		}},
		"a history that may be rewritten": {control: "branch_force", values: denied, rows: branch("7, 2, 'merge_check', true, null"), want: []string{
			"acme/api | info | Whether the history of main of acme/api can be rewritten cannot be told: no rule of the repository asks for it, and Bitbucket does not show the rules of its project. | acme | acme/api",
			hiddenRules,
		}},
		"a history that cannot be rewritten": {control: "branch_force", values: denied, rows: branch("null, null, 'unknown', null, true"), want: []string{
			"acme/api | ok | The history of main of acme/api cannot be rewritten. | acme | acme/api",
			hiddenRules,
		}},
		"a text that is not allowed": {control: "connected_account_repository", values: []any{[]string{"*"}, "owner"}, rows: reader, want: []string{
			"needed_permission | error | needed_permission is owner, but should be one of read, write, admin. |  | ",
		}},
		"too small a number": {control: "deploy_key_old", values: []any{0}, rows: administrator, want: []string{
			"old_key_days | error | old_key_days is 0, but should be a number of at least 1. |  |  | ",
		}},
	} {
		if _, err := conn.Exec(t.Context(), "drop schema if exists bitbucket cascade; create schema bitbucket; set search_path to bitbucket;"+tables+tt.rows); err != nil {
			t.Fatal(err)
		}
		sql, _, err := Prepared(tt.control)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(t.Context(), sql, tt.values...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			values, err := row.Values()
			var texts []string
			for _, v := range values {
				texts = append(texts, v.(string)) // no value is null
			}
			return strings.Join(texts, " | "), err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The result of a control without resources.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rows    []Status
		refused bool
		want    Status
	}{
		{nil, false, NotJudged},
		{[]Status{OK}, false, OK},
		{[]Status{OK, NotJudged, Skip}, false, OK},
		{[]Status{OK, Info}, false, Info},
		{[]Status{OK}, true, NotJudged},
		{[]Status{NotJudged}, false, NotJudged},
		{[]Status{NotJudged, Skip}, false, NotJudged},
		{[]Status{Info}, false, NotJudged},
		{[]Status{Info, Skip}, false, NotJudged},
		{[]Status{Skip}, false, Skip},
		{[]Status{OK, NotJudged, Alarm}, true, Alarm},
		{[]Status{NotJudged, Alarm, Error}, false, Alarm},
		{[]Status{OK, Error}, false, Error},
	} {
		r := Result{Refused: tt.refused}
		for _, s := range tt.rows {
			r.Resources = append(r.Resources, Resource{Status: s})
		}
		if got := r.Status(); got != tt.want {
			t.Errorf("%v, refused %t: %s, want %s", tt.rows, tt.refused, got, tt.want)
		}
	}
}

// The text of a control names the risk, the criteria and the remedy.
func TestControlsAreDocumented(t *testing.T) {
	t.Parallel()
	for _, c := range Controls {
		for name, text := range map[string]string{"risk": c.Risk, "how": c.How, "remedy": c.Remedy, "title": c.Title + "."} {
			if len(text) < 10 || !strings.HasSuffix(text, ".") || strings.Contains(text, "  ") {
				t.Errorf("%s: %s is %q", c.Name, name, text)
			}
		}
		if !slices.Contains(Severities, c.Severity) {
			t.Errorf("%s: severity %q", c.Name, c.Severity)
		}
		if len(c.Benchmarks()) == 0 {
			t.Errorf("%s is in no benchmark", c.Name)
		}
	}
}
