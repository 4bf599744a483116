select
  'Data read on' as label,
  {{date "max(observed_at)"}} as value
from
  bitbucket_rate_limit
