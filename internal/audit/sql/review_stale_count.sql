select
  'Stale' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  bitbucket_pull_request
where
  workspace_slug = {{text "workspace_slug"}}
  and state = 'OPEN'
  and updated_on < {{days_ago "stale_pull_request_days"}}
