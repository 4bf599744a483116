select
  'Grants in person beside a group' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  bitbucket_repository_access
where
  workspace_slug = {{text "workspace_slug"}}
  and is_direct
  and via_group
  and not is_workspace_owner
