{{define "merge_checks"}}select
    repository_full_name,
    pull_request_id,
    kind,
    required,
    case when kind in ('minimum_approvals', 'minimum_successful_builds') then cast(requirement ->> kind as integer) end as needed
  from
    bitbucket_pull_request_merge_check
  where
    pull_request_is_latest_into_main = true{{end}}
{{define "checks"}},
checks as materialized (
  {{part "merge_checks"}}
),
in_force as (
  select
    repository_full_name,
    max(pull_request_id) as pull_request_id,
    max(case when kind = 'minimum_approvals' and {{template "counts"}} then needed end) as approvals_in_force,
    max(case when kind = 'minimum_successful_builds' and {{template "counts"}} then needed end) as builds_in_force,
    count(case when kind = 'maximum_commits_behind' and {{template "counts"}} then 1 end) as behinds_in_force,
    count(case when kind = 'resolved_tasks' and {{template "counts"}} then 1 end) as tasks_in_force,
    count(case when kind is not null and {{template "counts"}} then 1 end) as enforced_in_force
  from
    checks
  group by
    repository_full_name
){{end}}
{{define "counts"}}(required or not {{flag "require_enforced_merge_checks"}}){{end}}
{{define "as_shown"}}', as the merge checks of pull request ' || pull_request_id || ' show.'{{end}}
{{define "as_far_as_known"}}case when pull_request_id is null then {{template "own_rules"}} else {{template "as_shown"}} end{{end}}
{{define "judged_by_checks"}}{{template "judged"}}
  left join in_force on repository_full_name = full_name{{end}}
