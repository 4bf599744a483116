with public as materialized (
  select
    full_name,
    workspace_slug
  from
    bitbucket_repository
  where
    is_private = false
),
in_workspaces as (
  select
    workspace_slug,
    count(*) as repositories
  from
    public
  group by
    workspace_slug
),
of_repositories as materialized (
  select
    uuid,
    name,
    state_status,
    workspace_slug,
    repository_full_name
  from
    bitbucket_repository_runner
),
of_workspaces as materialized (
  select
    uuid,
    name,
    state_status,
    workspace_slug
  from
    bitbucket_workspace_runner
),
runners as (
  select
    r.uuid,
    'Runner ' || r.name || ' of ' || r.repository_full_name as name,
    r.state_status,
    r.workspace_slug,
    r.repository_full_name,
    case when p.full_name is null then 0 else 1 end as open_to
  from
    of_repositories as r
    left join public as p on p.full_name = r.repository_full_name
  union all
  select
    r.uuid,
    'Runner ' || r.name || ' of ' || r.workspace_slug,
    r.state_status,
    r.workspace_slug,
    cast(null as text),
    coalesce(p.repositories, 0)
  from
    of_workspaces as r
    left join in_workspaces as p on p.workspace_slug = r.workspace_slug
)
select
  coalesce(repository_full_name, workspace_slug) || ' runner ' || uuid as resource,
  case
    when state_status = 'DISABLED' then 'skip'
    when open_to > 0 then 'alarm'
    else 'ok'
  end as status,
  name ||
  case
    when state_status = 'DISABLED' then ' is disabled.'
    when open_to > 0 then ' is open to public repositories: ' || open_to || '.'
    else ' is open to no public repository.'
  end as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  runners
