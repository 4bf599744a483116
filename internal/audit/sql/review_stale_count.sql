with {{template "open"}}
select
  'Stale pull requests' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  open
where
  updated_on < {{days_ago "stale_pull_request_days"}}
