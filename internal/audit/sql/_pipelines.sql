{{define "pipelines"}}pipelines as materialized (
  select
    repository_full_name,
    uuid,
    build_number,
    target_ref_name,
    target_source,
    target_commit_hash,
    target_selector_type,
    target_selector_pattern,
    state_name,
    result_name,
    creator_display_name,
    created_on,
    duration_in_seconds,
    build_seconds_used
  from
    bitbucket_pipeline
  where
    workspace_slug = {{text "workspace_slug"}}
    and created_on >= {{since}}
){{end}}

{{define "rerun"}}repository_full_name,
    uuid,
    build_number,
    created_on,
    target_commit_hash || ' ' || target_selector_type || ' ' || coalesce(target_selector_pattern, '') as definition,
    row_number() over (
      partition by repository_full_name, target_commit_hash, target_selector_type, target_selector_pattern
      order by build_number desc
    ) as position{{end}}

{{define "flaky_tests"}}failed as (
  select
    {{template "rerun"}}
  from
    pipelines
  where
    result_name = 'FAILED'
),
passed as (
  select
    {{template "rerun"}}
  from
    pipelines
  where
    result_name = 'SUCCESSFUL'
),
reruns as materialized (
  select
    f.repository_full_name,
    f.uuid,
    f.build_number,
    f.created_on,
    p.uuid as passed_uuid
  from
    failed as f
    join passed as p on p.repository_full_name = f.repository_full_name and p.definition = f.definition and p.position = 1
  where
    f.position = 1
  order by
    f.created_on desc, f.repository_full_name
  limit {{number "rerun_pipelines"}}
),
{{looked_up "failures" "s.repository_full_name, s.uuid, s.build_number, s.created_on, t.step_name, coalesce(t.class_name || '.', '') || t.name as test" "reruns" "bitbucket_pipeline_test_case" "t.repository_full_name = s.repository_full_name and t.pipeline_uuid = s.uuid"}},
{{looked_up "reports" "s.repository_full_name, s.uuid, t.step_name, t.number_of_failed_test_cases + t.number_of_error_test_cases as failures, t.number_of_test_cases as tests" "reruns" "bitbucket_pipeline_test_report" "t.repository_full_name = s.repository_full_name and t.pipeline_uuid = s.passed_uuid"}},
flaky_tests as (
  select distinct
    f.repository_full_name,
    f.build_number,
    f.created_on,
    coalesce(f.step_name, 'without a name') as step,
    f.test
  from
    failures as f
    join reports as r on r.repository_full_name = f.repository_full_name and r.uuid = f.uuid
      and coalesce(r.step_name, '') = coalesce(f.step_name, '')
  where
    r.tests > 0
    and r.failures = 0
){{end}}
