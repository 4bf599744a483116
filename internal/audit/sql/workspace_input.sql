select
  slug as label,
  slug as value
from
  bitbucket_my_workspace
order by
  is_administrator desc, slug
