{{define "pipeline_files"}}repositories as materialized (
  select
    full_name,
    workspace_slug,
    mainbranch_name,
    is_private
  from
    bitbucket_repository
),
definitions as materialized (
  select
    repository_full_name,
    trigger_type,
    trigger_pattern,
    position,
    image,
    image_is_pinned,
    services,
    pipes,
    programs,
    runs_on,
    secrets,
    max_time,
    imported_from,
    error
  from
    bitbucket_pipeline_definition
){{end}}
{{define "tools"}}tools as (
  select
    repository_full_name,
    lower(coalesce(image, '') || ' ' || coalesce(cast(programs as text), '') || ' ' || coalesce(cast(pipes as text), '')) as names
  from
    definitions
  where
    position is not null
){{end}}
{{define "counted"}}select
  r.full_name as resource,
  case
    when coalesce(c.number, 0) = 0 then 'skip'
    when c.bad > 0 then 'alarm'
    else 'ok'
  end as status,
  case
    when coalesce(c.number, 0) = 0 then 'The pipelines of ' || r.full_name || ' have no {{.}}, or there are none that can be read.'{{end}}
{{define "in_repositories"}}as reason,
  r.workspace_slug as workspace,
  r.full_name as repository
from
  repositories as r
  left join counts as c on c.repository_full_name = r.full_name{{end}}
{{define "owned_files"}}repositories as materialized (
  select
    full_name,
    workspace_slug,
    mainbranch_name
  from
    bitbucket_repository
),
rules as materialized (
  select
    repository_full_name,
    line,
    owners,
    not_found,
    unknown
  from
    bitbucket_code_owner
){{end}}
