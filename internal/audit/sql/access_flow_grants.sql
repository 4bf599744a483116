with granted as (
  select
    group_slug,
    group_name,
    project_key,
    permission
  from
    bitbucket_project_group_permission
  where
    workspace_slug = {{text "workspace_slug"}}
    and permission <> 'none'
    and {{template "administered_workspace"}}
  union
  select
    p.group_slug,
    p.group_name,
    r.project_key,
    p.permission
  from
    bitbucket_my_repository as r
    join bitbucket_repository_group_permission as p on p.repository_full_name = r.full_name
  where
    r.workspace_slug = {{text "workspace_slug"}}
    and p.permission <> 'none'
)
select
  'group:' || group_slug as from_id,
  'project:' || project_key as to_id,
  group_name || ' has ' || case when count(distinct permission) = 1 then max(permission) else 'several permissions' end as title
from
  granted
group by
  group_slug, group_name, project_key
