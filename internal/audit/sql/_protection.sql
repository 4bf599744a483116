{{define "protection"}}with repositories as materialized (
  select
    full_name,
    workspace_slug,
    project_key,
    mainbranch_name
  from
    bitbucket_my_repository
  where
    permission = 'admin'
),
models as materialized (
  select
    repository_full_name,
    development_name,
    production_name
  from
    bitbucket_branching_model
),
restrictions as materialized (
  select
    repository_full_name,
    branch_match_kind,
    branch_type,
    kind,
    pattern,
    value,
    users,
    groups
  from
    bitbucket_branch_restriction
),
rules as (
  select
    r.full_name,
    b.kind,
    b.value,
    b.users,
    b.groups
  from
    repositories as r
    join restrictions as b on b.repository_full_name = r.full_name
    left join models as m on m.repository_full_name = r.full_name
  where
    case
      when b.branch_match_kind = 'glob' then {{glob "r.mainbranch_name" "b.pattern"}}
      when b.branch_type = 'production' then m.production_name = r.mainbranch_name
      when b.branch_type = 'development' then m.development_name = r.mainbranch_name
    end
),
protection as (
  select
    r.full_name,
    r.workspace_slug,
    r.mainbranch_name,
    max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
    count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
    max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
    count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
    count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
    count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
    count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
    count(case when b.kind = 'push' then 1 end) as pushes,
    count(case when b.kind = 'restrict_merges' then 1 end) as merges,
    count(case when b.kind = 'force' then 1 end) as forces,
    count(case when b.kind = 'delete' then 1 end) as deletes
  from
    repositories as r
    left join rules as b on b.full_name = r.full_name
  group by
    r.full_name, r.workspace_slug, r.mainbranch_name
){{end}}
{{define "unjudged"}}when mainbranch_name is null then 'skip'{{end}}
{{define "unjudged_reason"}}when mainbranch_name is null then full_name || ' has no branch.'{{end}}
{{define "own_rules"}}'; its project may have rules that Bitbucket does not show.'{{end}}
{{define "enforced"}}(enforcements > 0 or not {{flag "require_enforced_merge_checks"}}){{end}}
{{define "judged"}}as reason,
  workspace_slug as workspace,
  full_name as repository
from
  protection{{end}}
