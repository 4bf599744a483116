select distinct
  user_display_name as label,
  user_uuid as value
from
  bitbucket_repository_permission
order by
  user_display_name
