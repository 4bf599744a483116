select
  'Requests left' as label,
  coalesce(cast(min(remaining) as text), 'not shown') as value,
  case when min(remaining) < 200 then 'alert' else 'info' end as type
from
  bitbucket_rate_limit
