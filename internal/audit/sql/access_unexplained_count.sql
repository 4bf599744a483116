select
  'Access that no grant explains' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  bitbucket_repository_access
where
  workspace_slug = {{text "workspace_slug"}}
  and not is_explained
