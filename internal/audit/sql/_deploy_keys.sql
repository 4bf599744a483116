{{define "deploy_keys"}}keys as (
  select
    repository_full_name || ' deploy key ' || id as resource,
    'Key ' || coalesce(nullif(label, ''), cast(id as text)) || ' of ' || repository_full_name as name,
    workspace_slug,
    repository_full_name,
    cast(null as text) as project_key,
    added_on,
    last_used
  from
    bitbucket_deploy_key
  union all
  select
    workspace_slug || '/' || project_key || ' deploy key ' || id,
    'Key ' || coalesce(nullif(label, ''), cast(id as text)) || ' of project ' || project_key || ' of ' || workspace_slug,
    workspace_slug,
    cast(null as text),
    project_key,
    added_on,
    last_used
  from
    bitbucket_project_deploy_key
){{end}}
