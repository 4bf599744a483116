select
  'Inactive repositories' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
  and updated_on < {{days_ago "inactive_repository_days"}}
