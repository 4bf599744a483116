with granted as (
  select
    group_slug,
    project_key
  from
    bitbucket_project_group_permission
  where
    workspace_slug = {{text "workspace_slug"}}
    and permission <> 'none'
  union
  select
    p.group_slug,
    r.project_key
  from
    bitbucket_my_repository as r
    join bitbucket_repository_group_permission as p on p.repository_full_name = r.full_name
  where
    r.workspace_slug = {{text "workspace_slug"}}
    and p.permission <> 'none'
)
select
  'group:' || group_slug as from_id,
  'project:' || project_key as to_id
from
  granted
