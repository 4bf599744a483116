{{define "steps"}}steps as materialized (
  select
    name,
    result_name,
    duration_in_seconds,
    build_seconds_used
  from
    bitbucket_pipeline_step
  where
    repository_full_name = {{text "repository_full_name"}}
    and pipeline_created_on >= {{since}}
),
ranked as (
  select
    coalesce(name, 'without a name') as name,
    result_name,
    duration_in_seconds,
    build_seconds_used,
    row_number() over (partition by name order by duration_in_seconds is null, duration_in_seconds) as position,
    count(duration_in_seconds) over (partition by name) as total
  from
    steps
){{end}}
