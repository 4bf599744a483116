select
  'Users with access' as label,
  count(*) as value,
  max(workspace_slug) as workspace_slug
from
  bitbucket_repository_permission
where
  repository_full_name = {{text "repository_full_name"}}
