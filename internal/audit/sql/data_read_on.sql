select
  'Data read on' as label,
  coalesce({{date "max(observed_at)"}}, 'not shown') as value
from
  bitbucket_rate_limit
