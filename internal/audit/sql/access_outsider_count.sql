select
  'Who are no members' as label,
  count(distinct user_uuid) as value,
  case when count(distinct user_uuid) > 0 then 'alert' else 'ok' end as type
from
  bitbucket_repository_access
where
  workspace_slug = {{text "workspace_slug"}}
  and not is_member
