select
  full_name as label,
  full_name as value
from
  bitbucket_repository
order by
  full_name
