{{define "pipelines"}}pipelines as materialized (
  select
    repository_full_name,
    build_number,
    target_ref_name,
    target_source,
    target_commit_hash,
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
