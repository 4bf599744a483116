select
  'Users with access' as label,
  count(distinct user_uuid) as value
from
  bitbucket_repository_access
where
  workspace_slug = {{text "workspace_slug"}}
