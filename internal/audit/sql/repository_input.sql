select
  full_name as label,
  full_name as value
from
  bitbucket_my_repository
order by
  full_name
