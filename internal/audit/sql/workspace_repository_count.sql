select
  'Repositories' as label,
  count(*) as value
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
