{{define "steps"}}steps as materialized (
  select
    coalesce(name, 'without a name') as name,
    build_number,
    result_name,
    duration_in_seconds,
    build_seconds_used
  from
    bitbucket_pipeline_step
  where
    repository_full_name = {{text "repository_full_name"}}
    and pipeline_created_on >= {{since}}
),
{{ranked "duration_in_seconds" "steps" "name"}}{{end}}
